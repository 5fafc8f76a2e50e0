"""Actors for the tests of policy: any, and a few by name."""

from __future__ import annotations

from hypothesis import strategies as st

from core.actor import ANONYMOUS, Actor
from tests.compliance.policy.table import Who

ORGANISATIONS = ("org_a", "org_b", "org_c")
ROLES = ("owner", "supplier", "buyer", "developer", "finance")
PLATFORM_ROLES = ("reviewer", "officer", "finance", "operator")


def member(
    organisation: str,
    *roles: str,
    level: int = 2,
    account: str = "acc_1",
    country: str = "CN",
    invited: frozenset[str] = frozenset(),
    agreed: frozenset[str] = frozenset(),
) -> Actor:
    return Actor(
        account_id=account, organisation_id=organisation, roles=frozenset(roles), qualification=level, country=country,
        invited=invited, agreed=agreed,
    )  # fmt: skip


def platform(*roles: str, account: str = "acc_9") -> Actor:
    return Actor(account_id=account, platform_roles=frozenset(roles), qualification=1)


members = st.builds(
    lambda organisation, roles, level, country, invited, agreed: member(
        organisation, *roles, level=level, country=country, invited=invited, agreed=agreed
    ),
    st.sampled_from(ORGANISATIONS), st.sets(st.sampled_from(ROLES)), st.integers(1, 4),
    st.sampled_from(("CN", "SG", "")), st.frozensets(st.sampled_from(("lst_1", "lst_2")), max_size=2),
    st.frozensets(st.sampled_from(("lst_1", "lst_2")), max_size=2),
)  # fmt: skip
platform_people = st.builds(lambda roles: platform(*roles), st.sets(st.sampled_from(PLATFORM_ROLES)))
actors = st.just(ANONYMOUS) | members | platform_people


def known(actor: Actor) -> Who:
    """The same person as the oracle knows it."""
    return Who(
        actor.organisation_id, actor.roles, actor.platform_roles, actor.qualification, actor.country,
        "lst_1" in actor.invited, "lst_1" in actor.agreed,
    )  # fmt: skip

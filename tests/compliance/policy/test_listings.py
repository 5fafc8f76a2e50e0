"""Who sees, samples and orders what: every cell of the tier table, and lists equal to single reads."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.policy import Decision, Resource, Value, decide, listing_predicate
from core.actor import ANONYMOUS, Actor
from tests.compliance.policy import table
from tests.compliance.policy.people import ORGANISATIONS, actors, known, member, platform

NOT_BUILT = {4: "in_platform_compute", 5: "enclave"}


def listing(tier: int, *, state: str = "listed", owner: str = "org_a", **more: str | int | bool | None) -> Resource:
    attributes: dict[str, Value] = {
        "tier": tier, "state": state, "owner": owner, "kind": "dataset", "unclaimed": False,
        "not_built": NOT_BUILT.get(tier, ""), "home": "CN",
    }  # fmt: skip
    return Resource("listing", "lst_1", attributes | more)


def ask(actor: Actor, action: str, resource: Resource) -> Decision:
    return decide(actor, action, resource, {"purpose": "training", "territory": "CN"})


_SOMEBODY = (
    [ANONYMOUS]
    + [
        member("org_b", role, level=level)
        for role in ("owner", "buyer", "supplier", "finance")
        for level in range(1, 5)
    ]
    + [
        member("org_b", "buyer", level=level, invited=invited, agreed=agreed, country=country)
        for level in (1, 2, 4)
        for invited in (frozenset(), frozenset({"lst_1"}))
        for agreed in (frozenset(), frozenset({"lst_1"}), frozenset({"lst_2"}))
        for country in ("CN", "SG", "")
    ]
    + [member("org_a", role, level=3) for role in ("owner", "buyer", "supplier", "developer")]
    + [platform(role) for role in ("reviewer", "officer", "finance", "operator")]
)


@pytest.mark.parametrize(("state", "tier"), list(product(table.STATES, range(6))))
def test_every_cell_of_the_table(state: str, tier: int) -> None:
    for actor in _SOMEBODY:
        who, resource = known(actor), listing(tier, state=state)
        assert ask(actor, "listing:see", resource).permitted == table.sees(who, state, tier, "org_a"), actor
        assert ask(actor, "listing:fields", resource).permitted == table.reads_names(who, state, tier, "org_a"), actor
        assert ask(actor, "listing:sample", resource).permitted == table.samples(who, state, tier, "org_a"), actor
        assert ask(actor, "listing:order", resource).permitted == table.orders(who, state, tier, "org_a"), actor


@settings(max_examples=500)
@given(actors, st.sampled_from(table.STATES), st.integers(0, 5), st.sampled_from(ORGANISATIONS))
def test_listed_is_readable_is_what_the_table_says(actor: Actor, state: str, tier: int, owner: str) -> None:
    decided = decide(actor, "listing:see", listing(tier, state=state, owner=owner)).permitted
    predicate = listing_predicate(actor)
    assert predicate.admits(state=state, tier=tier, owner=owner, listing_id="lst_1") == decided
    assert decided == table.sees(known(actor), state, tier, owner)


@given(actors, st.integers(0, 9), st.text(max_size=10))
def test_a_state_or_a_tier_that_nobody_heard_of_is_seen_by_no_stranger(actor: Actor, tier: int, state: str) -> None:
    strange = listing(tier, state=f"?{state}", owner="org_z")
    decided = decide(actor, "listing:see", strange).permitted
    assert decided == ("officer" in actor.platform_roles)
    assert listing_predicate(actor).admits(state=f"?{state}", tier=tier, owner="org_z") == decided


@given(actors, st.sampled_from(("listing:see", "listing:sample", "listing:order")), st.integers(0, 5), st.data())
def test_leaving_out_an_attribute_or_spoiling_its_type_opens_nothing(
    actor: Actor, action: str, tier: int, data: st.DataObject
) -> None:
    whole = listing(tier, owner=data.draw(st.sampled_from(ORGANISATIONS)))
    name = data.draw(st.sampled_from(sorted(whole.attributes)))
    spoilt = data.draw(st.sampled_from([None, "1", 7, True, False, "", "org_z"]))
    changed = Resource("listing", "lst_1", {**whole.attributes, name: spoilt})
    if type(spoilt) is not type(whole.attributes[name]) and ask(actor, action, changed).permitted:
        assert ask(actor, action, whole).permitted


@pytest.mark.parametrize(
    ("tier", "actor", "code"),
    [
        (1, ANONYMOUS, "sign_in_needed"),
        (1, member("org_b", "finance"), "buyer_role_needed"),
        (2, member("org_b", "buyer", level=1), "qualification_needed"),
        (2, member("org_b", "buyer", level=4, country=""), "country_needed"),
        (3, member("org_b", "buyer", level=2), "qualification_needed"),
        (4, member("org_b", "buyer", level=4), "in_platform_compute_not_built"),
        (5, member("org_b", "owner", level=4), "enclave_not_built"),
        (1, member("org_a", "owner"), "own_listing"),
    ],
)
def test_a_refused_order_says_what_is_needed(tier: int, actor: Actor, code: str) -> None:
    decision = ask(actor, "listing:order", listing(tier))
    assert decision.needs[0].code == code
    assert all(need.message_zh and need.message_en and "{" not in need.message_en for need in decision.needs)


def test_l2_is_ordered_by_calls_and_needs_no_watermark_then() -> None:
    buyer = member("org_b", "buyer")
    permit = ask(buyer, "listing:order", listing(2, kind="interface"))
    assert (permit.permitted, permit.obligations) == (True, ("signed_licence",))
    assert not ask(member("org_b", "buyer", level=1), "listing:order", listing(2, kind="interface")).permitted


def test_the_upper_tiers_ask_for_purpose_territory_and_a_home() -> None:
    buyer = member("org_b", "buyer", level=4, invited=frozenset({"lst_1"}), agreed=frozenset({"lst_1"}))
    abroad = member("org_b", "buyer", level=4, country="SG", invited=buyer.invited, agreed=buyer.agreed)
    whole = {"purpose": "training", "territory": "CN"}
    for tier, needed in ((2, {"territory"}), (3, {"purpose", "territory"}), (4, {"purpose", "territory"})):
        thing = listing(tier, not_built="")
        assert decide(buyer, "listing:order", thing, whole).permitted
        assert decide(abroad, "listing:order", thing, whole).permitted == (tier < 4)
        for name in whole:
            rest = {key: value for key, value in whole.items() if key != name}
            assert decide(buyer, "listing:order", thing, rest).permitted == (name not in needed)
    for tier in (4, 5):
        assert not decide(buyer, "listing:order", listing(tier, not_built=""), whole | {"territory": "SG"}).permitted
        assert decide(buyer, "listing:order", listing(tier, not_built=""), whole).permitted
        stranger = member("org_b", "buyer", level=4)
        assert ask(stranger, "listing:order", listing(tier, not_built="")).needs[0].code in (
            "nda_needed",
            "invitation_needed",
        )


def test_what_is_not_built_is_refused_by_name_also_when_nothing_is_known_of_it() -> None:
    buyer = member("org_b", "buyer", level=4, invited=frozenset({"lst_1"}), agreed=frozenset({"lst_1"}))
    for action in ("listing:order", "listing:inquire"):
        for not_built, code in (
            ("in_platform_compute", "in_platform_compute_not_built"),
            ("enclave", "enclave_not_built"),
        ):
            assert [need.code for need in ask(buyer, action, listing(1, not_built=not_built)).needs] == [code]
        assert ask(buyer, action, listing(0, not_built=None)).effect == "forbid"


def test_a_refusal_names_the_tier_and_both_levels() -> None:
    refused = ask(member("org_b", "buyer", level=1), "listing:order", listing(2))
    assert refused.needs[0].message_en == "tier L2 needs a qualified organisation (level 2, yours is 1)"
    assert refused.needs[0].message_zh == "L2 需机构资质（2 级，贵方为 1 级）"
    assert ask(member("org_b", "buyer"), "listing:order", listing(3)).needs[0].message_en.startswith("tier L3")


def test_external_references_are_never_ordered_whatever_else_holds() -> None:
    for unclaimed in (True, None, "no"):
        refused = ask(member("org_b", "owner", level=4), "listing:order", listing(0, unclaimed=unclaimed))
        assert refused.rules == ("order-unclaimed-reference",)


def test_samples_of_high_tiers_refuse_by_name_until_they_exist() -> None:
    buyer = member("org_b", "buyer")
    assert ask(buyer, "listing:sample", listing(3)).needs[0].code == "synthetic_sample_unavailable"
    assert ask(buyer, "listing:sample", listing(4)).needs[0].code == "statistics_sample_unavailable"
    given_one = ask(buyer, "listing:sample", listing(3, synthetic_sample=True))
    assert given_one.obligations == ("synthetic_sample",)


def test_permits_carry_their_obligations_and_legal_basis() -> None:
    permit = ask(member("org_b", "buyer"), "listing:order", listing(2))
    assert permit.obligations == ("signed_licence", "watermark")
    assert permit.basis
    assert permit.needs == ()

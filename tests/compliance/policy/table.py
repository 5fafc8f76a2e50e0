"""What the tier table lets whom do, written from the table by hand: the oracle. It shares nothing with the product."""

from __future__ import annotations

from dataclasses import dataclass

STATES = ("draft", "in_review", "returned", "listed", "withdrawn", "suspended")
# By tier: the least qualification (0 nobody signed in, 1 registered, 2 qualified, 3 in full, 4 enhanced); 99 nobody.
SEES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 2, 5: 2}  # at 5 invitees only
SAMPLES = {0: 0, 1: 0, 2: 1, 3: 99, 4: 99, 5: 99}  # no synthetic rows, no noised statistics yet
ORDERS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 99, 5: 99}  # neither computing inside the platform nor an enclave is built


@dataclass(frozen=True)
class Who:
    """The facts about a person that the table speaks of."""

    organisation: str | None
    roles: frozenset[str]
    platform: frozenset[str]
    level: int
    country: str = "CN"
    invited: bool = False
    agreed: bool = False

    def writes_for(self, owner: str) -> bool:
        return self.organisation == owner and bool(self.roles & {"owner", "supplier"})


def _inside(who: Who, state: str, owner: str) -> bool:
    """The supplier's own people, officers, and reviewers until it leaves the market."""
    if who.writes_for(owner) or "officer" in who.platform:
        return True
    return "reviewer" in who.platform and state in ("draft", "in_review", "returned", "listed")


def sees(who: Who, state: str, tier: int, owner: str) -> bool:
    return _inside(who, state, owner) or (state == "listed" and who.level >= SEES[tier] and (tier < 5 or who.invited))


def reads_names(who: Who, state: str, tier: int, owner: str) -> bool:
    """The names of fields: from L4 on a non-disclosure agreement is needed."""
    own = who.organisation == owner and state == "listed"
    return _inside(who, state, owner) or own or (sees(who, state, tier, owner) and (tier < 4 or who.agreed))


def samples(who: Who, state: str, tier: int, owner: str) -> bool:
    return _inside(who, state, owner) or (state == "listed" and who.level >= SAMPLES[tier])


def orders(who: Who, state: str, tier: int, owner: str) -> bool:
    buys = who.organisation is not None and bool(who.roles & {"owner", "buyer"})
    return (
        buys
        and who.organisation != owner
        and state == "listed"
        and (who.level >= ORDERS[tier] and (tier < 2 or bool(who.country)))
    )

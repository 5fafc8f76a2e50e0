"""Who may do what at which tier, written down by hand from the table that people read. It imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass

HOME = "CN"
# By tier: what an organisation must have proven. 0 nobody need be signed in, 1 registered, 2 qualified, 3 in full,
# 4 enhanced; None: nobody at all.
SEES = (0, 0, 1, 2, 2, 2)
SAMPLES: tuple[int | None, ...] = (0, 0, 1, 2, 2, None)
BUYS: tuple[int | None, ...] = (0, 1, 2, 3, None, None)
ASKS: tuple[int | None, ...] = (1, 1, 1, 2, None, None)
FETCHES: tuple[int | None, ...] = (0, 0, 2, 3, None, None)
NOT_BUILT = {4: "in_platform_compute_not_built", 5: "enclave_not_built"}
BUYERS = ("owner", "buyer")
FETCHERS = ("owner", "buyer", "developer")
WRITERS = ("owner", "supplier")


@dataclass(frozen=True)
class Who:
    """One person of the matrix. ``place`` is stranger, member, own (of the supplier) or platform."""

    place: str
    role: str = ""
    level: int = 0
    country: str = ""
    invited: bool = False
    agreed: bool = False


@dataclass(frozen=True)
class Asked:
    """One cell: who does what to a listing of that tier; a purpose that is offered or one that is not; a contract."""

    who: Who
    action: str
    tier: int
    kind: str = "dataset"
    purpose: str = "offered"
    contract: str = "none"


def expected(asked: Asked) -> str:
    """``yes``, ``absent`` (as if it were not there) or ``no``."""
    who = asked.who
    if asked.action == "download":
        return _download(asked)
    if not _sees(who, asked.tier):
        return "absent"
    if asked.action == "see":
        return "yes"
    if asked.action == "names":
        return _said(_inside(who) or who.place == "own" or asked.tier < 4 or who.agreed)
    if asked.action == "sample":
        shown = asked.kind == "dataset" or asked.tier < 3  # an interface has no rows to make others from
        return _said(_inside(who) or (shown and _reaches(who, SAMPLES[asked.tier])))
    least = BUYS[asked.tier] if asked.action == "order" else ASKS[asked.tier]
    buys = who.place == "member" and who.role in BUYERS and _reaches(who, least)
    if asked.action == "order":
        buys = buys and asked.purpose == "offered" and (asked.tier < 2 or who.country != "")
        # From L2 on persons are counted before anything leaves the country, and nobody can count those behind calls.
        buys = buys and not (asked.tier >= 2 and asked.kind == "interface" and who.country not in ("", HOME))
    return _said(buys)


def _download(asked: Asked) -> str:
    """Of an order of the person's own organisation: everybody of it knows the order."""
    who = asked.who
    able = who.role in FETCHERS and _reaches(who, FETCHES[asked.tier])
    return _said(able and (asked.tier < 2 or (asked.contract == "signed" and who.country != "")))


def _inside(who: Who) -> bool:
    """The supplier's people who write listings, and those of the platform who judge them."""
    if who.place == "own":
        return who.role in WRITERS
    return who.place == "platform" and who.role in ("reviewer", "officer")


def _sees(who: Who, tier: int) -> bool:
    return _inside(who) or (_reaches(who, SEES[tier]) and (tier < 5 or who.invited))


def _reaches(who: Who, least: int | None) -> bool:
    return least is not None and who.level >= least


def _said(answer: bool) -> str:
    return "yes" if answer else "no"

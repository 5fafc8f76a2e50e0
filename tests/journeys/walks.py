"""Random walks over qualification, review, quote, order and dispute, two people acting at the same moment.

People do what makes sense, what does not, and what is not theirs to do. Whatever an act answers is counted; only errors
of the domain may come. What the walks left behind is judged by ``tests.journeys.walked``, from the database alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from threading import Barrier
from typing import Any

from catalog.listings import queries as listing_queries
from catalog.listings import service as listings
from compliance.documents import service as documents
from compliance.identity import service as identity
from compliance.qualification import queries as qualifications
from compliance.qualification import service as qualification
from compliance.review import queries as reviews
from compliance.review import service as reviewing
from compliance.review.types import checklist
from core.db import Uow
from core.house import House
from core.problems import DomainError
from exchange.disputes import queries as dispute_queries
from exchange.disputes import service as disputes
from exchange.trading import negotiating, queries, requirements
from exchange.trading import service as trading
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built

Act = tuple[str, Callable[[Uow], Any]]
_SENSIBLE = 0.75
_ONE_OFF = {"version": 1, "kind": "one_off", "currency": "CNY"}


@dataclass
class Tally:
    """What the acts answered, and what must never come: an error that is none of the domain's."""

    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    walks: int = 0


@dataclass
class Stage:
    """The people, two at each end, and what is on sale at the tiers that can be traded."""

    house: House
    suppliers: list[list[Built]]
    buyers: list[list[Built]]
    reviewers: list[Built]
    officers: list[Built]
    on_sale: list[tuple[str, list[Built]]]
    pool: ThreadPoolExecutor
    tally: Tally = field(default_factory=Tally)

    def both(self, chance: Random, first: Act | None, second: Act | None) -> None:
        """Both acts at the same moment, as far as two threads can."""
        acts = [act for act in (first, second) if act is not None]
        together = Barrier(len(acts)) if acts else None
        for done in [self.pool.submit(self._do, act, together) for act in acts]:
            done.result()

    def _do(self, act: Act, together: Barrier | None) -> None:
        name, work = act
        if together is not None:
            together.wait()
        try:
            self.house.db.write(work)
            self.tally.answers[f"{name} done"] += 1
        except DomainError as refused:
            self.tally.answers[f"{name} {refused.code}"] += 1
        except Exception as error:
            self.tally.faults.append(f"{name}: {error!r}")


def assemble(house: House, *, pairs: int = 2) -> Stage:
    suppliers = [_pair(house, "supplier") for _ in range(pairs)]
    buyers = [_pair(house, "buyer") for _ in range(pairs)]
    for owner, _ in buyers:
        build.funded(house, owner, "900000000.00")
    on_sale = []
    for people in suppliers:
        for tier in (0, 1, 2, 3):
            content = build.file(house, people[0], build.measured(60))
            listing = build.listed(house, people[0], files=[content.id], amount="100.00")
            build.forced_tier(house, listing.id, tier)
            on_sale.append((listing.id, people))
    reviewers = [build.platform_person(house, "reviewer") for _ in range(2)]
    officers = [build.platform_person(house, "officer") for _ in range(2)]
    return Stage(house, suppliers, buyers, reviewers, officers, on_sale, ThreadPoolExecutor(2))


def _pair(house: House, role: str) -> list[Built]:
    owner = build.organisation(house, level=3)
    organisation_id = owner.organisation_id or ""

    def long(uow: Uow) -> None:
        until = uow.now() + timedelta(days=36500)
        identity.set_qualification(uow, organisation_id, state="approved", level=3, until=until)

    house.db.write(long)
    return [owner, build.member(house, owner, role)]


def walk(stage: Stage, seed: int) -> None:
    """One walk over one of the machines; the trade, with its disputes, is the longest of them."""
    chance = Random(seed)
    kind = chance.choices((_trade, _listing, _qualification), (8, 2, 1))[0]
    kind(stage, chance)
    stage.tally.walks += 1


# ---- trade and dispute -----------------------------------------------------------------------------------------------


def _trade(stage: Stage, chance: Random) -> None:
    listing_id, suppliers = chance.choice(stage.on_sale)
    buyers = chance.choice(stage.buyers)
    order = _begun(stage, chance, listing_id, suppliers, buyers)
    if order is None:
        return
    for _ in range(chance.randint(3, 11)):
        order = _as_it_stands(stage, order.id)
        people = {"buyer": buyers, "supplier": suppliers}
        first, second = (_trade_act(stage, chance, order, people) for _ in range(2))
        stage.both(chance, first, second)
        if chance.random() < 0.01:
            stage.house.clock.advance(timedelta(days=chance.choice((4, 15))))
            trading.tick(stage.house)


def _as_it_stands(stage: Stage, order_id: str) -> OrderSnapshot:
    return stage.house.db.read(lambda uow: queries.get(uow, stage.officers[0].actor, order_id))


def _begun(
    stage: Stage, chance: Random, listing_id: str, suppliers: Sequence[Built], buyers: Sequence[Built]
) -> OrderSnapshot | None:
    buyer, seller = chance.choice(buyers), chance.choice(suppliers)

    def place(uow: Uow) -> OrderSnapshot:
        offer = listing_queries.get(uow, buyer.actor, listing_id).offer
        assert offer is not None
        return trading.place(
            uow, buyer.actor, listing_id=listing_id, offer_id=offer.id, purpose="training", accept_terms=True
        )

    def inquire(uow: Uow) -> OrderSnapshot:
        return negotiating.inquire(uow, buyer.actor, listing_id=listing_id, purpose="training", text="A quote, please.")

    def offer(uow: Uow) -> OrderSnapshot:
        return negotiating.offer(
            uow, seller.actor, listing_id=listing_id, buyer_id=buyer.organisation_id or "", given=_given(chance)
        )

    name, work = chance.choice((("place", place), ("inquire", inquire), ("offer", offer)))
    try:
        return stage.house.db.write(work)
    except DomainError as refused:
        stage.tally.answers[f"{name} {refused.code}"] += 1
        return None


def _given(chance: Random) -> dict[str, Any]:
    given: dict[str, Any] = {"plan": _ONE_OFF | {"amount": f"{chance.randint(1, 500)}.00"}}
    if chance.random() < 0.3:
        given |= {"contract": chance.choice(("none", "licence", "provision", "entrusted"))}
    if chance.random() < 0.3:
        given |= {"nda": chance.random() < 0.5, "watermark": chance.random() < 0.5}
    return given


def _trade_act(stage: Stage, chance: Random, order: OrderSnapshot, people: dict[str, list[Built]]) -> Act | None:
    if chance.random() < _SENSIBLE:
        return _sensible(stage, chance, order, people)
    who = chance.choice(
        [*people["buyer"], *people["supplier"], *stage.officers, *stage.buyers[0], *stage.suppliers[-1]]
    )
    return chance.choice((_say, _propose, _agree, _decline, _meet, _pay, _cancel, _accept, _fail, _freeze, _dispute))(
        stage, chance, order, who
    )


def _sensible(stage: Stage, chance: Random, order: OrderSnapshot, people: dict[str, list[Built]]) -> Act | None:
    anybody = chance.choice([*people["buyer"], *people["supplier"]])
    if order.frozen_at is not None:
        officer = chance.choice(stage.officers)
        return "release", lambda uow: trading.release(uow, officer.actor, order.id)
    if order.state == "agreed":
        return _meet(stage, chance, order, anybody, people)
    deeds, weights, side = _NEXT.get(order.state, ((), (), ""))
    if not deeds:
        return None
    who = chance.choice(people[order.turn or side]) if side else anybody
    return chance.choices(deeds, weights)[0](stage, chance, order, who)


def _say(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    text = f"Question {chance.randint(1, 3)}"
    return "say", lambda uow: negotiating.say(uow, who.actor, order.id, text=text, in_reply_to=order.head)


def _propose(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    given, head = _given(chance), order.head or ""
    return "propose", lambda uow: negotiating.propose(uow, who.actor, order.id, in_reply_to=head, given=given)


def _agree(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    return "agree", lambda uow: negotiating.agree(uow, who.actor, order.id, in_reply_to=order.head or "")


def _decline(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    return "decline", lambda uow: negotiating.decline(uow, who.actor, order.id, in_reply_to=order.head)


def _meet(
    stage: Stage, chance: Random, order: OrderSnapshot, who: Built, people: dict[str, list[Built]] | None = None
) -> Act | None:
    found = stage.house.db.read(lambda uow: requirements.of_order(uow, stage.officers[0].actor, order.id))
    left = [each for each in found if each.met_at is None] or found
    if not left:
        return None
    each = chance.choice(left)
    if people is not None:
        who = chance.choice(people.get(each.side, stage.officers))
    code = build.otp(stage.house, who)
    return "meet", lambda uow: requirements.meet(uow, who.actor, order.id, each.name, otp=code)


def _pay(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    return "pay", lambda uow: trading.pay(uow, who.actor, order.id)


def _cancel(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    return "cancel", lambda uow: trading.cancel(uow, who.actor, order.id, reason="not any more")


def _accept(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    return "accept", lambda uow: trading.accept(uow, who.actor, order.id)


def _fail(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    return "fail", lambda uow: trading.fail_delivery(uow, who.actor, order.id, reason="the files are broken")


def _freeze(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    return "freeze", lambda uow: trading.freeze(uow, who.actor, order.id, reason="to be looked into")


def _dispute(stage: Stage, chance: Random, order: OrderSnapshot, who: Built) -> Act:
    page = stage.house.db.read(lambda uow: dispute_queries.disputes(uow, stage.officers[0].actor, order_id=order.id))
    if not page.items or chance.random() < 0.1:
        return "dispute", lambda uow: disputes.open_dispute(uow, who.actor, order.id, ground="quality", text="Wrong.")
    dispute_id = page.items[0].id
    deed = chance.choice(("state", "withdraw", "rule", "rule"))
    if deed == "state":
        return "state", lambda uow: disputes.state(uow, who.actor, dispute_id, text="Here is why.")
    if deed == "withdraw":
        return "withdraw", lambda uow: disputes.withdraw(uow, who.actor, dispute_id, reason="settled")
    judge = chance.choice([*stage.officers, who])
    outcome = chance.choice(("dismissed", "part", "full"))
    amount = "1.00" if outcome == "part" else None
    return "rule", lambda uow: disputes.rule(
        uow, judge.actor, dispute_id, outcome=outcome, reason="as it stands", amount=amount
    )


_NEXT: dict[str, tuple[tuple[Callable[..., Act | None], ...], tuple[int, ...], str]] = {
    "inquired": ((_propose,), (1,), "supplier"),
    "offered": ((_agree, _propose, _say, _decline), (12, 3, 2, 1), "buyer"),
    "placed": ((_pay,), (1,), "buyer"),
    **dict.fromkeys(("paid", "delivered", "accepted"), ((_dispute, _accept), (2, 1), "")),
}
"""What makes sense in a state, how often, and whose it is when it is nobody's turn."""

# ---- review ----------------------------------------------------------------------------------------------------------


def _listing(stage: Stage, chance: Random) -> None:
    people = chance.choice(stage.suppliers)
    draft = build.draft(stage.house, people[0], files=[build.file(stage.house, people[0]).id])
    if chance.random() < 0.5:
        stage.house.db.write(lambda uow: listings.raise_tier(uow, people[0].actor, draft.id, tier=3))
    for _ in range(chance.randint(4, 12)):
        first, second = (_review_act(stage, chance, draft.id, people) for _ in range(2))
        stage.both(chance, first, second)


def _review_act(stage: Stage, chance: Random, listing_id: str, people: Sequence[Built]) -> Act:
    judge = chance.choice([*stage.reviewers, *stage.officers, chance.choice(people)])
    seller = chance.choice(people)
    review = stage.house.db.read(lambda uow: reviews.of_subject(uow, stage.officers[0].actor, listing_id))
    if review is None or chance.random() < 0.15:
        return "submit", lambda uow: listings.submit(uow, seller.actor, listing_id)
    review_id = review.id
    deed = chance.choices(
        ("items", "item", "approve", "return", "withdraw", "raise", "claim", "let_go"), (6, 3, 8, 1, 1, 1, 2, 2)
    )[0]
    return _deeds(chance, judge, seller, listing_id, review_id)[deed]


def _deeds(chance: Random, judge: Built, seller: Built, listing_id: str, review_id: str) -> dict[str, Act]:
    item, answer, tier = chance.choice(checklist()).id, chance.choice(("pass", "fail")), chance.choice((1, 2, 3))
    return {
        "items": ("items", lambda uow: _all_items(uow, judge, review_id)),
        "item": ("item", lambda uow: reviewing.answer_item(
            uow, judge.actor, review_id, item, answer=answer, note="see the contract"
        )),
        "approve": ("approve", lambda uow: reviewing.approve(uow, judge.actor, review_id)),
        "return": ("return", lambda uow: reviewing.return_to_supplier(uow, judge.actor, review_id, reason="mend it")),
        "claim": ("claim", lambda uow: reviewing.claim(uow, judge.actor, review_id)),
        "let_go": ("let go", lambda uow: reviewing.let_go(uow, judge.actor, review_id)),
        "withdraw": ("withdraw listing", lambda uow: listings.withdraw(uow, seller.actor, listing_id)),
        "raise": ("raise", lambda uow: listings.raise_tier(uow, seller.actor, listing_id, tier=tier)),
    }  # fmt: skip


def _all_items(uow: Uow, judge: Built, review_id: str) -> None:
    for item in checklist():
        reviewing.answer_item(uow, judge.actor, review_id, item.id, answer="pass")


# ---- qualification ---------------------------------------------------------------------------------------------------


def _qualification(stage: Stage, chance: Random) -> None:
    owner = build.organisation(stage.house, level=1)
    if chance.random() < 0.8:
        _prove(stage.house, owner)
    other = build.member(stage.house, owner, "buyer")
    for _ in range(chance.randint(3, 8)):
        first, second = (_qualification_act(stage, chance, [owner, other]) for _ in range(2))
        stage.both(chance, first, second)


def _prove(house: House, owner: Built) -> None:
    """Everything that the first level is proven by is handed in."""
    missing = house.db.read(lambda uow: qualifications.missing(uow, owner.organisation_id or "", qualifications.LOWEST))
    kept = {
        each.kind: documents.hand_in(house, owner.actor, name=f"{each.kind}.pdf", content=b"%PDF-1.7 a scan").id
        for each in missing
    }
    house.db.write(
        lambda uow: [
            qualification.attach(uow, owner.actor, kind, document_id=document) for kind, document in kept.items()
        ]
    )


def _qualification_act(stage: Stage, chance: Random, people: Sequence[Built]) -> Act:
    who, organisation_id = chance.choice([*people, *stage.officers, *stage.officers]), people[0].organisation_id or ""
    deed = chance.choice(("submit", "submit", "approve", "approve", "return", "suspend", "reinstate"))
    if deed == "submit":
        return "qualify submit", lambda uow: qualification.submit(uow, people[0].actor, statement="What we do.")
    if deed == "approve":
        return "qualify approve", lambda uow: qualification.approve(uow, who.actor, organisation_id, level=2, months=12)
    if deed == "return":
        return "qualify return", lambda uow: qualification.return_with_reason(
            uow, who.actor, organisation_id, reason="incomplete"
        )
    if deed == "suspend":
        return "qualify suspend", lambda uow: qualification.suspend(
            uow, who.actor, organisation_id, reason="to be seen"
        )
    return "qualify reinstate", lambda uow: qualification.reinstate(uow, who.actor, organisation_id, reason="seen")


def campaign(house: House, walks: int, *, seed: int = 1, show: Callable[[str], None] | None = None) -> Tally:
    """So many walks one after the other, each with two people at a time; answers what they were told."""
    stage = assemble(house)
    for number in range(walks):
        known = len(stage.tally.faults)
        walk(stage, seed * 1_000_003 + number)
        if show is not None:
            for fault in stage.tally.faults[known:]:
                show(f"walk {number}: {fault}")
            if number % 500 == 499:
                show(json.dumps({"walks": number + 1, "faults": len(stage.tally.faults)}))
    stage.pool.shutdown()
    return stage.tally

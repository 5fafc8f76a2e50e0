"""Orders' stories told straight to the log, without the trade around them; and a log brought up to date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from compliance.audit import bundles, checkpoints, queries, sequencer
from compliance.audit.service import record
from compliance.policy import Decision, policy_document
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id

DECISION = Decision("order:pay", "permit", ("buyer-pays",), (), (), sha256(policy_document()).hexdigest())


@dataclass(frozen=True)
class Story:
    """One order from the listing to the acceptance, as the log tells it."""

    order_id: str
    listing_id: str
    invoice_id: str
    buyer: Actor
    supplier: Actor

    review_id: str

    @property
    def object_ids(self) -> list[str]:
        return [self.order_id, self.listing_id, self.review_id, self.invoice_id]

    @property
    def invoice(self) -> bytes:
        """The document whose hash the log holds."""
        body = {"number": "2026-000001", "order": self.order_id, "currency": "CNY", "gross": "1060.00"}
        return json.dumps(body, sort_keys=True).encode()


def member() -> Actor:
    """Somebody of an organisation of their own."""
    return Actor(
        account_id=new_id("acc"), organisation_id=new_id("org"), roles=frozenset({"owner"}), qualification=3,
        pseudonym=new_id("psn"),
    )  # fmt: skip


def begin() -> Story:
    return Story(new_id("ord"), new_id("lst"), new_id("inv"), member(), member(), new_id("rvw"))


def tell(house: House, steps: tuple[str, ...] = ("pay", "deliver", "accept")) -> Story:
    """A whole story in one unit."""
    story = begin()
    house.db.write(lambda uow: _tell(uow, story, steps))
    return story


def _tell(uow: Uow, story: Story, steps: tuple[str, ...]) -> None:
    record(
        uow, story.supplier, action="listing:create", object_id=story.listing_id, object_version=1, tier=1,
        data={"title": "气象观测"}, concerns=[story.supplier.organisation_id or ""],
    )  # fmt: skip
    review(uow, story, story.listing_id)
    for action in ("place", *steps):
        step(uow, story, action)


def review(uow: Uow, story: Story, listing_id: str) -> None:
    """Opened by the supplier, approved by somebody of the platform."""
    for actor, action in ((story.supplier, "open"), (story.buyer, "approve")):
        record(uow, actor, action=f"review:{action}", object_id=story.review_id, tier=1, data={"subject": listing_id})


STATES = {"place": "placed", "pay": "paid", "deliver": "delivered", "accept": "accepted", "cancel": "cancelled"}


def step(uow: Uow, story: Story, action: str, changed: Mapping[str, str] | None = None) -> str:
    """One step of the order; ``changed`` makes the entry say something else than it should."""
    if action == "pay":
        invoice = json.loads(story.invoice) | {"document_sha256": sha256(story.invoice).hexdigest()}
        record(uow, story.buyer, action="invoice:issue", object_id=story.invoice_id, data=invoice)
    data = {
        "state": STATES[action], "buyer": story.buyer.organisation_id or "", "listing": story.listing_id,
        "supplier": story.supplier.organisation_id or "", "currency": "CNY", "gross": "106000", "net": "100000",
        "tax": "6000", "purpose": "training", "terms_hash": "t", "plan_hash": "p", "revision": "rev",
    }  # fmt: skip
    return record(
        uow, story.buyer, action=f"order:{action}", object_id=story.order_id, tier=1, decision=DECISION,
        data=data | dict(changed or {}), concerns=[data["buyer"], data["supplier"]],
    )  # fmt: skip


def settle(house: House) -> None:
    """Give every entry its place and sign the head."""
    while sequencer.run(house):
        pass
    checkpoints.sign(house)


def bundle_of(house: House, story: Story) -> bytes:
    issued = house.db.read(lambda uow: queries.entry_ids_of(uow, story.invoice_id))
    documents = {story.invoice_id: story.invoice} if issued else {}
    made = bundles.build(house, order_id=story.order_id, object_ids=story.object_ids, documents=documents)
    assert made is not None
    return made

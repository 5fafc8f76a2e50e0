"""Orders' stories in the log with their calls in shared batches, and bundles that prove chosen calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

from billing.usage import proofs, service
from billing.usage.models import UsageRow
from billing.usage.types import UsageRecord
from compliance.audit import bundles
from core import plans
from core.db import Uow
from core.house import House
from tests.billing.usage.metering import PER_HIT, Right, record_of, right_of
from tests.compliance.audit import forger, story
from tests.compliance.audit.story import Story

_OUTCOMES = ("hit", "miss", "upstream_error")


@dataclass
class Calls:
    """Some orders, and the calls that were made under each; every batch holds calls of all of them."""

    house: House
    chance: Random
    stories: list[Story] = field(default_factory=list)
    rights: list[Right] = field(default_factory=list)
    made: list[list[UsageRecord]] = field(default_factory=list)
    sequence: count[int] = field(default_factory=count)

    def order(self) -> None:
        told = story.begin()
        plan = plans.parse(PER_HIT).hash()

        def tell(uow: Uow) -> None:
            for action in ("place", "pay", "deliver"):
                story.step(uow, told, action, {"plan_hash": plan})

        self.house.db.write(tell)
        buyer, supplier = str(told.buyer.organisation_id), str(told.supplier.organisation_id)
        right = right_of(buyer, supplier, PER_HIT)
        self.rights.append(replace(right, order_id=told.order_id, listing_id=told.listing_id))
        self.stories.append(told)
        self.made.append([])

    def batch(self, size: int) -> None:
        """So many calls, at least one of each order when there are enough."""
        whose = [*range(len(self.rights)), *(self.chance.randrange(len(self.rights)) for _ in range(size))][:size]
        self.chance.shuffle(whose)
        records = [
            record_of(self.rights[each], next(self.sequence), outcome=self.chance.choice(_OUTCOMES)) for each in whose
        ]
        self.house.db.write(lambda uow: service.load(uow, records))
        for each, record in zip(whose, records, strict=True):
            self.made[each].append(record)

    def bundle(self, order: int, most: int = 4) -> bytes:
        """The order's bundle with some of its calls."""
        mine = self.made[order]
        return self.bundle_of(order, self.chance.sample(mine, min(most, len(mine))))

    def bundle_of(self, order: int, chosen: list[UsageRecord]) -> bytes:
        def prove(uow: Uow) -> list[dict[str, object]]:
            rows = [uow.session.get_one(UsageRow, each.call_id) for each in chosen]
            return [proofs.proof_of(uow, row).document() for row in rows]

        told, documents = self.stories[order], self.house.db.read(prove)
        made = bundles.build(
            self.house, order_id=told.order_id, object_ids=[told.order_id, told.invoice_id], calls=documents
        )
        assert made is not None
        return made


def told(house: House, *, orders: int = 3, sizes: tuple[int, ...] = (1, 7, 12), seed: int = 5) -> Calls:
    """Orders and batches in the signed log."""
    calls = Calls(house, Random(seed))
    for _ in range(orders):
        calls.order()
    for size in sizes:
        calls.batch(size)
    story.settle(house)
    return calls


def stage_of(calls: Calls) -> forger.Stage:
    """What a forger of calls begins with."""
    made = [forger.unpack(calls.bundle(order)) for order in range(len(calls.stories))]
    return forger.Stage(calls.house, made, "", {})

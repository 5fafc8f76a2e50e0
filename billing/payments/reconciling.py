"""The processor's books beside ours: what nobody told us of is looked at, and what is left without a match is shown."""

from __future__ import annotations

from collections.abc import Sequence

from billing.payments import queries
from billing.processor import queries as processor
from billing.processor.errors import RemoteRefusal, RemoteUnknown
from billing.processor.service import follow
from billing.processor.types import BalanceEntry, Kind
from core.db import Uow
from core.house import House

_KINDS = {
    "charge": Kind.CHARGE,
    "payment": Kind.CHARGE,
    "refund": Kind.REFUND,
    "payment_refund": Kind.REFUND,
    "adjustment": Kind.DISPUTE,
}


def unmatched(uow: Uow, limit: int | None = None) -> list[BalanceEntry]:
    """Rows of the processor's books about payments, refunds and disputes that nothing of ours stands for.

    Asks no policy: for pages that asked.
    """
    return processor.without_match(uow, _KINDS, queries.STANDS_FOR, limit)


def reconcile(house: House) -> int:
    """Look at what is unmatched: a message may have been lost. Answers how much of it has its match now."""
    before = house.db.read(unmatched)
    for entry in before:
        try:
            follow(house, _KINDS[entry.kind], entry.source)
        except (RemoteRefusal, RemoteUnknown):
            continue
    return len(before) - len(house.db.read(unmatched)) if before else 0


def total(entries: Sequence[BalanceEntry]) -> dict[str, int]:
    """What these rows moved, by currency."""
    return {currency: sum(each.net for each in entries if each.currency == currency) for currency in
            sorted({each.currency for each in entries})}  # fmt: skip

"""What somebody did in the payment processor's own dashboard: looked at there, and booked when a person confirms it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from billing.payments import outside as of_payments
from billing.payouts import outside as of_payouts
from billing.processor import queries as processor
from billing.processor.errors import NothingBehind, ProcessorUnreachable, RemoteRefusal, RemoteUnknown
from billing.processor.service import look as look_at
from billing.processor.types import BalanceEntry, Kind
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.house import House

_Book = Callable[[Uow, Actor, Mapping[str, Any], str, Decision], Any]
_BOOKED: dict[str, _Book] = {
    "refund": of_payments.refunded, "payment_refund": of_payments.refunded,
    "transfer": of_payouts.transferred, "transfer_refund": of_payouts.taken_back,
}  # fmt: skip
BOOKABLE = frozenset(_BOOKED)
"""The kinds of rows that a person can have booked; the others are looked into."""


@dataclass(frozen=True)
class Outside:
    """A row of the processor's books, and what it is about as it stands there."""

    entry: BalanceEntry
    source: Mapping[str, Any]


def look(house: House, actor: Actor, entry_id: str) -> Outside:
    """The row and what it is about, asked for at the processor: never inside a unit.

    Raises PolicyRefused, EntryNotFound, NothingBehind for kinds that nobody can book, and ProcessorUnreachable.
    """
    entry = house.db.read(lambda uow: _entry(uow, actor, entry_id))
    try:
        told = look_at(house, Kind.ENTRY, entry.id)
    except (RemoteRefusal, RemoteUnknown):
        raise ProcessorUnreachable(hint="Try again in a minute.") from None
    source = told.object.get("source")
    if not isinstance(source, Mapping):
        raise NothingBehind("The processor shows nothing that it is about.")
    return Outside(entry, source)


def book(uow: Uow, actor: Actor, found: Outside, *, reason: str) -> str:
    """Whoever closes the books says that it was meant: what it moved is booked, once.

    Answers the id of what stands for it. Raises PolicyRefused and what the booking of its kind does.
    """
    booked = _BOOKED[found.entry.kind](uow, actor, found.source, reason, _allowed(actor))
    return str(booked.id)


def _entry(uow: Uow, actor: Actor, entry_id: str) -> BalanceEntry:
    _allowed(actor)
    entry = processor.entry(uow, entry_id)
    if entry.kind not in BOOKABLE:
        raise NothingBehind("Refunds, transfers and what was taken back of them can be booked.")
    return entry


def _allowed(actor: Actor) -> Decision:
    return require(actor, "accounting:close", Resource("accounting", "platform", {"owner": None}))

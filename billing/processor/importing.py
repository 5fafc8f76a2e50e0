"""The processor's own books, read again and again: every row once, and with it the fee that was taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, Entry, TransactionKind, credit, debit
from billing.processor import queries
from billing.processor.client import Processor
from billing.processor.models import BalanceEntryRow
from billing.processor.types import BalanceEntry
from core.db import Uow
from core.house import House
from core.rows import insert_missing

_OVERLAP = timedelta(days=2)
"""So far back is read again each time: rows may come to be a little out of order."""
_BEGINNING = datetime(2011, 1, 1, tzinfo=UTC)
_AT_ONCE = 50
PAYOUT = "payout"


def read_books(house: House) -> int:
    """Take in what the processor's books have got since; answers how many rows were new.

    Raises RemoteUnknown when they cannot be read; what was read by then is kept.
    """
    newest = house.db.read(queries.newest_entry)
    found = list(house.adapter(Processor).books(newest - _OVERLAP if newest else _BEGINNING))  # type: ignore[type-abstract]
    found.reverse()
    parts = [found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE)]
    return sum(house.db.write(lambda uow, part=part: _take_in(uow, part)) for part in parts)  # type: ignore[misc]


def _take_in(uow: Uow, entries: Sequence[BalanceEntry]) -> int:
    new = [entry for entry in entries if insert_missing(uow, BalanceEntryRow, [_row(uow, entry)])]
    drafts = [draft for entry in new for draft in _drafts(entry)]
    if drafts:
        post(uow, drafts)
    return len(new)


def _drafts(entry: BalanceEntry) -> list[Draft]:
    """The fee of a row; and what the processor paid out to the platform's own bank account."""
    clearing = Account(AccountKind.PROCESSOR_CLEARING, None, entry.currency)
    drafts = []
    if entry.fee:
        fees = Account(AccountKind.PROCESSOR_FEES, None, entry.currency)
        moved = _signed(fees, clearing, entry.fee)
        drafts.append(Draft(f"processor_fee:{entry.id}", TransactionKind.PROCESSOR_FEE, entry.id, moved))
    if entry.kind.startswith(PAYOUT) and entry.amount:
        bank = Account(AccountKind.BANK_CLEARING, None, entry.currency)
        moved = _signed(bank, clearing, -entry.amount)
        drafts.append(Draft(f"processor_payout:{entry.id}", TransactionKind.PROCESSOR_PAYOUT, entry.id, moved))
    return drafts


def _signed(to: Account, of: Account, amount: int) -> list[Entry]:
    """From one account to another; the other way round for less than nothing."""
    return [debit(to, amount), credit(of, amount)] if amount > 0 else [debit(of, -amount), credit(to, -amount)]


def _row(uow: Uow, entry: BalanceEntry) -> dict[str, object]:
    return {
        "id": entry.id, "kind": entry.kind[:40], "source": entry.source, "amount": entry.amount, "fee": entry.fee,
        "currency": entry.currency, "description": entry.description, "created_at": entry.created_at,
        "read_at": uow.now(),
    }  # fmt: skip

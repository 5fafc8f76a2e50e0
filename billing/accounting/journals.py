"""The journal of a month, for accountants: every entry, some at a time, and the proof that it balances as last line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing.accounting import periods, sheets
from billing.accounting.chart import CHART
from billing.accounting.sheets import Cell, Number
from billing.invoices import queries as invoices
from billing.ledger import journal
from billing.ledger.types import EntrySnapshot, TransactionSnapshot
from compliance.audit.service import record
from compliance.identity.queries import organisation
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.money import format_amount

_AT_ONCE = 300
_COLUMNS = (
    "posted_at", "transaction", "position", "kind", "document", "order", "account", "account_name", "科目名称",
    "organisation", "currency", "debit", "credit",
)  # fmt: skip


@dataclass
class Journal:
    """What was asked for; ``organisation_id`` is whose accounts, None for all. Its sums grow while it is read."""

    label: str
    starts_at: datetime
    ends_at: datetime
    organisation_id: str | None
    transactions: int = 0
    sums: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"journal-{self.label}.csv"


def ask(uow: Uow, actor: Actor, *, month: str) -> Journal:
    """All of a month for finance of the platform; the own accounts for anybody else. Taking it along is recorded.

    Raises PolicyRefused, PeriodInvalid.
    """
    own = actor.organisation_id
    if own is None:
        decision = require(actor, "accounting:export", Resource("accounting", "platform", {"owner": None}))
        zone = uow.house.settings.timezone
    else:
        decision = require(actor, "ledger:see", Resource("ledger", own, {"owner": own}))
        zone = organisation(uow, own).timezone
    starts_at, ends_at = periods.month(month, zone)
    record(
        uow, actor, action="accounting:export", object_id=own or actor.pseudonym, decision=decision,
        data={"month": month}, concerns=[own] if own else [],
    )  # fmt: skip
    return Journal(month, starts_at, min(ends_at, uow.now()), own)


def table(house: House, asked: Journal) -> Iterator[str]:
    """As CSV. The last line of each currency sums debits and credits: equal for the whole ledger, always."""
    yield sheets.BOM + sheets.lines([_COLUMNS])
    after: journal.Place | None = None
    while True:
        found, numbers = house.db.read(lambda uow, after=after: _some(uow, asked, after))  # type: ignore[misc]
        yield sheets.lines(row for each in found for row in _rows(asked, each, numbers))
        if len(found) < _AT_ONCE:
            break
        after = (found[-1].posted_at, found[-1].id)
    yield sheets.lines(_totals(asked))


def _some(
    uow: Uow, asked: Journal, after: journal.Place | None
) -> tuple[Sequence[TransactionSnapshot], dict[str, str]]:
    found = journal.between(
        uow, asked.starts_at, asked.ends_at, after=after, limit=_AT_ONCE, organisation_id=asked.organisation_id
    )
    return found, invoices.numbers(uow, (each.subject_id for each in found))


def _rows(asked: Journal, each: TransactionSnapshot, numbers: dict[str, str]) -> Iterator[Sequence[Cell]]:
    asked.transactions += 1
    for entry in each.entries:
        owner = entry.account.organisation_id
        if asked.organisation_id is not None and owner != asked.organisation_id:
            continue
        account, currency = CHART[entry.account.kind], entry.account.currency
        debits, credits = asked.sums.get(currency, (0, 0))
        asked.sums[currency] = debits + max(entry.amount, 0), credits + max(-entry.amount, 0)
        yield [
            each.posted_at.isoformat(), each.id, entry.position, str(each.kind),
            numbers.get(each.subject_id, each.subject_id), each.order_id or "", account.code, account.name,
            account.name_zh, owner or "", currency, *_sides(entry),
        ]  # fmt: skip


def _sides(entry: EntrySnapshot) -> tuple[Cell, Cell]:
    amount = Number(format_amount(abs(entry.amount), entry.account.currency))
    return (amount, "") if entry.amount > 0 else ("", amount)


def _totals(asked: Journal) -> Iterator[Sequence[Cell]]:
    for currency, (debits, credits) in sorted(asked.sums.items()) or [("", (0, 0))]:
        word = "balanced" if debits == credits else "own accounts" if asked.organisation_id else "NOT BALANCED"
        amounts = [Number(format_amount(each, currency) if currency else "0") for each in (debits, credits)]
        yield [
            asked.ends_at.isoformat(), "total", asked.transactions, word, *[""] * 6, currency, *amounts
        ]  # fmt: skip

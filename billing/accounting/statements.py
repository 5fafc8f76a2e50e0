"""Statements of account: what an account was, every entry, what it is then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from billing.accounting import periods, sheets
from billing.accounting.errors import PeriodInvalid, StatementTooLong
from billing.accounting.sheets import Cell, Number
from billing.accounting.types import AccountStatement, StatementEntry
from billing.invoices import queries as invoices
from billing.ledger import journal
from billing.ledger.journal import Place
from billing.ledger.types import OWNED_KINDS, Account, AccountKind, PostedEntry
from compliance.identity.errors import OrganisationNotFound
from compliance.identity.queries import organisation
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.money import exponent, format_amount
from core.problems import Invalid, Sentence

MOST = 5_000
_AT_ONCE = 500
_COLUMNS = ("posted_at", "sequence", "kind", "document", "order", "change", "balance")
ACCOUNTS = tuple(sorted(str(kind) for kind in OWNED_KINDS))


@dataclass(frozen=True)
class Asked:
    """Whose statement, of which account, over which time."""

    account: Account
    zone: str
    starts_at: datetime
    ends_at: datetime


def ask(
    uow: Uow, actor: Actor, *, account: str, month: str = "", first: date | None = None, last: date | None = None,
    currency: str | None = None, organisation_id: str | None = None,
) -> Asked:  # fmt: skip
    """A month, or the days from ``first`` to ``last``, in the organisation's own zone; of this month without either.

    Raises PolicyRefused, OrganisationNotFound for somebody else's, PeriodInvalid, Invalid.
    """
    if account not in ACCOUNTS:
        raise Invalid(Sentence("Choose one of %(names)s.", names=", ".join(ACCOUNTS)), field="account")
    whose = _whose(uow, actor, organisation_id)
    chosen = currency or uow.house.settings.currency
    exponent(chosen)
    zone = organisation(uow, whose).timezone
    if (first is None) != (last is None) or (month and first is not None):
        raise PeriodInvalid("Name a month, or a first and a last day.", field="month")
    if first is not None and last is not None:
        span = periods.days(first, last, zone)
    else:
        span = periods.month(month or periods.month_of(uow.now(), zone), zone)
    return Asked(Account(AccountKind(account), whose, chosen), zone, *span)


def statement(uow: Uow, asked: Asked) -> AccountStatement:
    """All of it. Raises StatementTooLong for more than ``MOST`` entries: those are a file, see ``table``."""
    opening = journal.balance_at(uow, asked.account, asked.starts_at)
    closing = journal.balance_at(uow, asked.account, asked.ends_at)
    rows = journal.entries_between(uow, asked.account, asked.starts_at, asked.ends_at, after=None, limit=MOST + 1)
    if len(rows) > MOST:
        raise StatementTooLong(hint="Take it as CSV, or ask for a shorter time.", field="month")
    entries = _entries(uow, rows, opening)
    changes = [each.change for each in entries]
    if opening + sum(changes) != closing:
        raise AssertionError("a statement's entries are not what the account changed by")
    return AccountStatement(
        asked.account.organisation_id or "", str(asked.account.kind), asked.account.currency, asked.starts_at,
        asked.ends_at, opening, closing, sum(each for each in changes if each > 0),
        -sum(each for each in changes if each < 0), entries,
    )  # fmt: skip


def table(house: House, asked: Asked) -> Iterator[str]:
    """As CSV, some entries at a time however many there are; the last line is the closing balance."""
    opening = house.db.read(lambda uow: journal.balance_at(uow, asked.account, asked.starts_at))
    currency, balance = asked.account.currency, opening
    yield sheets.BOM + sheets.lines([_COLUMNS, _sum("opening", asked.starts_at, opening, currency)])
    until = min(asked.ends_at, house.clock.now())
    after: Place | None = None
    while True:
        entries = house.db.read(lambda uow, after=after, balance=balance: _some(uow, asked, until, after, balance))  # type: ignore[misc]
        yield sheets.lines(_row(each, currency) for each, _ in entries)
        if len(entries) < _AT_ONCE:
            break
        after, balance = entries[-1][1], entries[-1][0].balance_after
    closing = entries[-1][0].balance_after if entries else balance
    yield sheets.lines([_sum("closing", until, closing, currency)])


def _some(
    uow: Uow, asked: Asked, until: datetime, after: Place | None, balance: int
) -> list[tuple[StatementEntry, Place]]:
    rows = journal.entries_between(uow, asked.account, asked.starts_at, until, after=after, limit=_AT_ONCE)
    places = [(row.posted_at, row.transaction_id) for row in rows]
    return list(zip(_entries(uow, rows, balance), places, strict=True))


def _entries(uow: Uow, rows: Sequence[PostedEntry], balance: int) -> list[StatementEntry]:
    numbers = invoices.numbers(uow, (row.subject_id for row in rows))
    found = []
    for row in rows:
        balance += row.change
        found.append(
            StatementEntry(
                row.sequence, row.posted_at, row.kind, numbers.get(row.subject_id, row.subject_id), row.subject_id,
                row.order_id, row.change, balance,
            )
        )  # fmt: skip
    return found


def _row(each: StatementEntry, currency: str) -> list[Cell]:
    amounts = [Number(format_amount(amount, currency)) for amount in (each.change, each.balance_after)]
    return [each.posted_at.isoformat(), each.sequence, each.kind, each.document, each.order_id or "", *amounts]


def _sum(name: str, moment: datetime, amount: int, currency: str) -> list[Cell]:
    return [moment.isoformat(), "", name, "", "", currency, Number(format_amount(amount, currency))]


def _whose(uow: Uow, actor: Actor, organisation_id: str | None) -> str:
    wanted = organisation_id or actor.organisation_id
    if wanted is None:
        raise Invalid("Say whose statement you want to see.", field="organisation_id")
    resource = Resource("ledger", wanted, {"owner": wanted})
    if wanted == actor.organisation_id:
        require(actor, "ledger:see", resource)
    elif not decide(actor, "ledger:see", resource).permitted:
        raise OrganisationNotFound()
    return organisation(uow, wanted).id

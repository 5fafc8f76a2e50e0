"""Reads of the ledger, and its proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, case, func, select

from billing.ledger.models import LedgerAccount, LedgerBalance, LedgerEntry, LedgerTransaction
from billing.ledger.types import (
    Account,
    AccountKind,
    BalanceSnapshot,
    Discrepancy,
    EntrySnapshot,
    StatementRow,
    TransactionKind,
    TransactionSnapshot,
    TrialRow,
)
from compliance.identity.errors import OrganisationNotFound
from compliance.identity.queries import organisation
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, decode_cursor, encode_cursor
from core.problems import Invalid, Sentence

_SHOWN = (AccountKind.BUYER_PREPAID, AccountKind.SUPPLIER_ON_HOLD, AccountKind.SUPPLIER_AVAILABLE)


def balance(uow: Uow, org_id: str, currency: str | None = None) -> BalanceSnapshot:
    """An organisation's prepaid balance; zero when it never had one. Asks no policy: for services."""
    account = Account(AccountKind.BUYER_PREPAID, org_id, currency or uow.house.settings.currency)
    return balance_of_account(uow, account)


def balance_of_account(uow: Uow, account: Account) -> BalanceSnapshot:
    """The balance row of any owned account."""
    row = uow.session.get(LedgerBalance, account.key, populate_existing=True)
    return row.snapshot(account.currency) if row else BalanceSnapshot(0, 0, account.currency)


def owed_by(uow: Uow, prepaid: Account) -> int:
    """What the owner of a prepaid account was invoiced and has not paid. Asks no policy: for services."""
    receivable = Account(AccountKind.BUYER_RECEIVABLE, prepaid.organisation_id, prepaid.currency)
    return balance_of_account(uow, receivable).balance


def balances_of_kind(uow: Uow, kind: AccountKind) -> dict[Account, int]:
    """Every balance of a kind of owned account that is not zero. Asks no policy: for checks."""
    chosen = (
        select(LedgerAccount, LedgerBalance.balance)
        .join(LedgerBalance, LedgerBalance.account == LedgerAccount.key)
        .where(LedgerAccount.kind == str(kind), LedgerBalance.balance != 0)
    )
    return {row.account(): balance for row, balance in uow.session.execute(chosen)}


def held_of_kind(uow: Uow, kind: AccountKind) -> dict[str, int]:
    """What is held of every account of a kind, by the account's key. Asks no policy: for checks."""
    chosen = (
        select(LedgerBalance.account, LedgerBalance.held)
        .join(LedgerAccount, LedgerAccount.key == LedgerBalance.account)
        .where(LedgerAccount.kind == str(kind), LedgerBalance.held > 0)
    )
    return {row.account: row.held for row in uow.session.execute(chosen)}


def own_balance(uow: Uow, actor: Actor, organisation_id: str | None = None) -> BalanceSnapshot:
    """The prepaid balance of the own organisation; finance of the platform names another.

    Raises OrganisationNotFound, also when the actor may not see that organisation's money.
    """
    return balance(uow, _whose(uow, actor, organisation_id))


def statement(
    uow: Uow,
    actor: Actor,
    *,
    account: str = "buyer_prepaid",
    organisation_id: str | None = None,
    cursor: str | None = None,
    limit: int = 25,
) -> Page[StatementRow]:
    """The entries of one of an organisation's accounts with the running balance, newest first.

    Raises OrganisationNotFound as ``own_balance`` does.
    """
    if account not in _SHOWN:
        raise Invalid(Sentence("Choose one of %(names)s.", names=", ".join(_SHOWN)), field="account")
    key = Account(AccountKind(account), _whose(uow, actor, organisation_id), uow.house.settings.currency).key
    purpose = f"ledger:{key}"
    chosen = _entries_with_headers(key)
    if cursor:
        (before,) = decode_cursor(uow.house.keyring, purpose, cursor)
        chosen = chosen.where(LedgerEntry.sequence < before)
    found = uow.session.execute(chosen.limit(limit + 1)).all()
    rows = [_statement_row(entry, header) for entry, header in found[:limit]]
    more = len(found) > limit
    return Page(rows, encode_cursor(uow.house.keyring, purpose, [rows[-1].sequence]) if more else None)


def recent(uow: Uow, org_id: str, limit: int = 10) -> list[StatementRow]:
    """The newest entries of an organisation's prepaid account. Asks no policy: for pages that asked."""
    key = Account(AccountKind.BUYER_PREPAID, org_id, uow.house.settings.currency).key
    found = uow.session.execute(_entries_with_headers(key).limit(limit))
    return [_statement_row(entry, header) for entry, header in found]


def transactions_by_key(uow: Uow, keys: Iterable[str]) -> dict[str, TransactionSnapshot]:
    """Those of these idempotency keys that were posted."""
    return {found.key: found for found in _transactions(uow, LedgerTransaction.key.in_(list(keys)))}


def transactions_of(uow: Uow, order_id: str) -> list[TransactionSnapshot]:
    """Everything that was posted for an order, in the order of posting. Asks no policy: for bundles."""
    return _transactions(uow, LedgerTransaction.order_id == order_id)


def trial_balance(uow: Uow) -> dict[str, int]:
    """Debits less credits of the whole ledger by currency: zero, always. Asks no policy: for checks."""
    totals: dict[str, int] = {}
    for row in kind_totals(uow):
        totals[row.currency] = totals.get(row.currency, 0) + row.balance
    return totals


def trial_rows(uow: Uow, actor: Actor) -> list[TrialRow]:
    """The ledger by kind of account, for finance and operators of the platform."""
    require(actor, "ledger:see", Resource("ledger", "platform", {"owner": None}))
    return kind_totals(uow)


def kind_totals(uow: Uow) -> list[TrialRow]:
    """The ledger by kind of account. Asks no policy: for checks."""
    debits = func.sum(case((LedgerEntry.amount > 0, LedgerEntry.amount), else_=0))
    credits = func.sum(case((LedgerEntry.amount < 0, -LedgerEntry.amount), else_=0))
    chosen = (
        select(LedgerAccount.kind, LedgerAccount.currency, debits, credits)
        .join(LedgerEntry, LedgerEntry.account == LedgerAccount.key)
        .group_by(LedgerAccount.kind, LedgerAccount.currency)
        .order_by(LedgerAccount.currency, LedgerAccount.kind)
    )
    return [TrialRow(kind, currency, int(d), int(c)) for kind, currency, d, c in uow.session.execute(chosen)]


def receivable_totals(uow: Uow, kind: TransactionKind) -> dict[str, int]:
    """What transactions of a kind posted to buyers' receivables, by subject. Asks no policy: for checks."""
    chosen = (
        select(LedgerTransaction.subject_id, func.sum(LedgerEntry.amount))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.key == LedgerEntry.account)
        .where(LedgerTransaction.kind == str(kind), LedgerAccount.kind == str(AccountKind.BUYER_RECEIVABLE))
        .group_by(LedgerTransaction.subject_id)
    )
    return {subject: int(total) for subject, total in uow.session.execute(chosen)}


def check(uow: Uow) -> list[Discrepancy]:
    """Everything in the ledger that should be impossible; an empty list is the proof of its soundness.

    Each transaction sums to zero in each currency and has its header; each balance row equals the sum of
    its account's entries, and so does each running balance.
    """
    return [*_unbalanced(uow), *_without_header(uow), *_wrong_balances(uow), *_wrong_running_balances(uow)]


def _whose(uow: Uow, actor: Actor, organisation_id: str | None) -> str:
    wanted = organisation_id or actor.organisation_id
    if wanted is None:
        raise Invalid("Say whose ledger you want to see.", field="organisation_id")
    resource = Resource("ledger", wanted, {"owner": wanted})
    if wanted == actor.organisation_id:
        require(actor, "ledger:see", resource)
    elif not decide(actor, "ledger:see", resource).permitted:
        raise OrganisationNotFound()
    return organisation(uow, wanted).id


def _entries_with_headers(key: str) -> Select[LedgerEntry, LedgerTransaction]:
    return (
        select(LedgerEntry, LedgerTransaction)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.account == key)
        .order_by(LedgerEntry.sequence.desc())
    )


def _statement_row(entry: LedgerEntry, transaction: LedgerTransaction) -> StatementRow:
    account = _account_of(entry.account)
    return StatementRow(
        sequence=entry.sequence or 0, transaction_id=transaction.id, kind=transaction.kind,
        subject_id=transaction.subject_id, order_id=transaction.order_id, posted_at=transaction.posted_at,
        currency=entry.currency, change=account.side * entry.amount, balance_after=entry.balance_after or 0,
    )  # fmt: skip


def _account_of(key: str) -> Account:
    kind, owner, currency = key.split(":")
    return Account(AccountKind(kind), None if owner == "platform" else owner, currency)


def _transactions(uow: Uow, condition: ColumnElement[bool]) -> list[TransactionSnapshot]:
    chosen = select(LedgerTransaction).where(condition).order_by(LedgerTransaction.id)
    return entries_of(uow, uow.session.execute(chosen).scalars().all())


def entries_of(uow: Uow, headers: Sequence[LedgerTransaction]) -> list[TransactionSnapshot]:
    """These transactions with their entries, in the same order. For the ledger's own queries."""
    if not headers:
        return []
    entries = _entries_of(uow, [header.id for header in headers])
    return [_snapshot(header, entries[header.id]) for header in headers]


def _entries_of(uow: Uow, ids: Sequence[str]) -> dict[str, list[LedgerEntry]]:
    found: dict[str, list[LedgerEntry]] = {transaction_id: [] for transaction_id in ids}
    chosen = select(LedgerEntry).where(LedgerEntry.transaction_id.in_(ids)).order_by(LedgerEntry.position)
    for entry in uow.session.execute(chosen).scalars():
        found[entry.transaction_id].append(entry)
    return found


def _snapshot(header: LedgerTransaction, entries: Iterable[LedgerEntry]) -> TransactionSnapshot:
    posted = tuple(
        EntrySnapshot(entry.position, _account_of(entry.account), entry.amount, entry.sequence, entry.balance_after)
        for entry in entries
    )
    kind = TransactionKind(header.kind)
    return TransactionSnapshot(
        header.id, header.key, kind, header.subject_id, header.order_id, header.posted_at, posted
    )


def _unbalanced(uow: Uow) -> list[Discrepancy]:
    chosen = (
        select(LedgerEntry.transaction_id, LedgerEntry.currency, func.sum(LedgerEntry.amount))
        .group_by(LedgerEntry.transaction_id, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount) != 0)
    )
    return [Discrepancy(t, f"sums to {int(total)} {currency}") for t, currency, total in uow.session.execute(chosen)]


def _without_header(uow: Uow) -> list[Discrepancy]:
    orphans = (
        select(LedgerEntry.transaction_id)
        .outerjoin(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.id.is_(None))
        .distinct()
    )
    empty = (
        select(LedgerTransaction.id)
        .outerjoin(LedgerEntry, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.transaction_id.is_(None))
    )
    found = [Discrepancy(row, "entries without a transaction") for row in uow.session.execute(orphans).scalars()]
    return found + [Discrepancy(row, "a transaction without entries") for row in uow.session.execute(empty).scalars()]


def _wrong_balances(uow: Uow) -> list[Discrepancy]:
    posted = func.coalesce(func.sum(LedgerEntry.amount * LedgerAccount.side), 0)
    counted = func.count(LedgerEntry.transaction_id)
    chosen = (
        select(LedgerBalance.account, LedgerBalance.balance, LedgerBalance.entries, posted, counted)
        .join(LedgerAccount, LedgerAccount.key == LedgerBalance.account)
        .outerjoin(LedgerEntry, LedgerEntry.account == LedgerBalance.account)
        .group_by(LedgerBalance.account, LedgerBalance.balance, LedgerBalance.entries)
    )
    return [
        Discrepancy(account, f"the row says {kept} after {entries or 0} entries, they say {int(total)} after {count}")
        for account, kept, entries, total, count in uow.session.execute(chosen)
        if kept != int(total) or (entries or 0) != count
    ]


def _wrong_running_balances(uow: Uow) -> list[Discrepancy]:
    follows = func.sum(LedgerEntry.amount * LedgerAccount.side).over(
        partition_by=LedgerEntry.account, order_by=LedgerEntry.sequence
    )
    running = (
        select(LedgerEntry.account, LedgerEntry.sequence, LedgerEntry.balance_after, follows.label("follows"))
        .join(LedgerAccount, LedgerAccount.key == LedgerEntry.account)
        .where(LedgerEntry.sequence.is_not(None))
        .subquery()
    )
    chosen = select(running.c.account, running.c.sequence).where(running.c.balance_after != running.c.follows)
    return [Discrepancy(f"{a}#{n}", "the running balance does not follow") for a, n in uow.session.execute(chosen)]

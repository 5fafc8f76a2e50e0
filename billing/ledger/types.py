"""Accounts, entries and transactions of the ledger.

An entry's amount is in minor units; a debit is positive, a credit negative, and each transaction sums
to zero in each currency. A *balance* is what the account's owner would call it: debits less credits on
a debit account, credits less debits on a credit account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785

from core.money import format_amount

FORMAT_VERSION = 1
PLATFORM = "platform"


class AccountKind(StrEnum):
    """Every kind of account. The first four belong to an organisation, the others to the platform.

    ``in_flight`` is what left an account and has not arrived: a refund or payout without an answer yet.
    ``chargebacks`` is what card networks took back and nobody has made good.
    """

    BUYER_RECEIVABLE = "buyer_receivable"
    BUYER_PREPAID = "buyer_prepaid"
    SUPPLIER_ON_HOLD = "supplier_on_hold"
    SUPPLIER_AVAILABLE = "supplier_available"
    UNEARNED = "unearned"
    PLATFORM_REVENUE = "platform_revenue"
    TAX_PAYABLE = "tax_payable"
    BANK_CLEARING = "bank_clearing"
    PROCESSOR_CLEARING = "processor_clearing"
    PROCESSOR_FEES = "processor_fees"
    CHARGEBACKS = "chargebacks"
    IN_FLIGHT = "in_flight"
    REFUNDS = "refunds"
    ROUNDING = "rounding"


DEBIT_KINDS = frozenset(
    {
        AccountKind.BUYER_RECEIVABLE,
        AccountKind.BANK_CLEARING,
        AccountKind.PROCESSOR_CLEARING,
        AccountKind.PROCESSOR_FEES,
        AccountKind.CHARGEBACKS,
        AccountKind.REFUNDS,
    }
)
OWNED_KINDS = frozenset(
    {
        AccountKind.BUYER_RECEIVABLE,
        AccountKind.BUYER_PREPAID,
        AccountKind.SUPPLIER_ON_HOLD,
        AccountKind.SUPPLIER_AVAILABLE,
    }
)
MAY_OVERDRAW = frozenset({AccountKind.SUPPLIER_AVAILABLE})
"""A supplier's balance may fall below zero (a late reversal) and is then carried forward."""


class TransactionKind(StrEnum):
    TOP_UP = "top_up"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    REFUND = "refund"
    RELEASE = "release"
    REVERSAL = "reversal"
    CARD_PAYMENT = "card_payment"
    CARD_REFUND = "card_refund"
    PROCESSOR_FEE = "processor_fee"
    PROCESSOR_PAYOUT = "processor_payout"
    CHARGEBACK = "chargeback"
    PAYOUT = "payout"


@dataclass(frozen=True, order=True)
class Account:
    """One account: kind, owner (None is the platform) and currency. Raises ValueError for a wrong owner."""

    kind: AccountKind
    organisation_id: str | None
    currency: str

    def __post_init__(self) -> None:
        if (self.kind in OWNED_KINDS) == (self.organisation_id is None):
            raise ValueError(f"{self.kind} belongs to {'an organisation' if self.owned else 'the platform'}")

    @property
    def owned(self) -> bool:
        """Whether it has a guarded balance row; accounts of the platform have none, so nobody queues on them."""
        return self.kind in OWNED_KINDS

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.organisation_id or PLATFORM}:{self.currency}"

    @property
    def side(self) -> int:
        """What a debit of 1 does to the balance: 1 on a debit account, -1 on a credit account."""
        return 1 if self.kind in DEBIT_KINDS else -1


@dataclass(frozen=True)
class Entry:
    """A debit (positive) or credit (negative) of an account."""

    account: Account
    amount: int


def debit(account: Account, amount: int) -> Entry:
    return Entry(account, amount)


def credit(account: Account, amount: int) -> Entry:
    return Entry(account, -amount)


@dataclass(frozen=True)
class Draft:
    """A transaction to be posted. ``key`` names the fact for ever: it can be posted once."""

    key: str
    kind: TransactionKind
    subject_id: str
    entries: Sequence[Entry]
    order_id: str | None = None


@dataclass(frozen=True)
class EntrySnapshot:
    """A posted entry. ``sequence`` counts the entries of an owned account, ``balance_after`` is its running balance."""

    position: int
    account: Account
    amount: int
    sequence: int | None
    balance_after: int | None

    def document(self) -> dict[str, Any]:
        """The entry in the form that ``docs/formats/ledger-entry.md`` fixes."""
        currency = self.account.currency
        after = {} if self.balance_after is None else {"balance_after": format_amount(self.balance_after, currency)}
        counted = {} if self.sequence is None else {"sequence": self.sequence}
        return {
            "position": self.position,
            "account": str(self.account.kind),
            "organisation": self.account.organisation_id or PLATFORM,
            "currency": currency,
            "side": "debit" if self.amount > 0 else "credit",
            "amount": format_amount(abs(self.amount), currency),
            **counted,
            **after,
        }


@dataclass(frozen=True)
class TransactionSnapshot:
    """A posted transaction; ``key`` is unique for ever, so that nothing is posted twice."""

    id: str
    key: str
    kind: TransactionKind
    subject_id: str
    order_id: str | None
    posted_at: datetime
    entries: tuple[EntrySnapshot, ...]

    def document(self) -> dict[str, Any]:
        """The transaction in the form that ``docs/formats/ledger-entry.md`` fixes."""
        return {
            "version": FORMAT_VERSION,
            "transaction": self.id,
            "key": self.key,
            "kind": str(self.kind),
            "subject": self.subject_id,
            "order": self.order_id,
            "posted_at": self.posted_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "entries": [entry.document() for entry in self.entries],
        }

    def sha256(self) -> str:
        """SHA-256 in hex over the canonical JSON (RFC 8785) of the document."""
        return hashlib.sha256(rfc8785.dumps(self.document())).hexdigest()


@dataclass(frozen=True)
class BalanceSnapshot:
    """An owned account's balance; ``available`` is what may be spent."""

    balance: int
    held: int
    currency: str

    @property
    def available(self) -> int:
        return self.balance - self.held


@dataclass(frozen=True)
class StatementRow:
    """One line of an organisation's own ledger."""

    sequence: int
    transaction_id: str
    kind: str
    subject_id: str
    order_id: str | None
    posted_at: datetime
    currency: str
    change: int
    balance_after: int


@dataclass(frozen=True)
class PostedEntry:
    """One entry of an account and what it is about; ``change`` as the account's owner would call it."""

    transaction_id: str
    kind: str
    subject_id: str
    order_id: str | None
    posted_at: datetime
    sequence: int
    change: int


@dataclass(frozen=True)
class TrialRow:
    """All accounts of one kind in one currency; ``balance`` is debits less credits."""

    kind: str
    currency: str
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        return self.debits - self.credits


@dataclass(frozen=True)
class Discrepancy:
    """Something in the ledger that should be impossible: where, and what."""

    where: str
    what: str

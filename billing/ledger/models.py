"""Tables of the ledger. Their triggers stand in ``migrations/ddl/billing_*.sql``.

The database itself holds three promises, whatever program writes:

- *Balanced.* Entries come first; their reference to the transaction is checked at commit. Inserting the
  transaction row is refused unless its entries sum to zero in each currency, and afterwards no entry
  can join. So nothing unbalanced can be committed.
- *Append-only.* Updates and deletes of entries, transactions and accounts are refused.
- *Provable balances.* A balance row may only change together with its count of entries, its last entry
  must exist at commit, and that entry's running balance must follow from the one before.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from billing.ledger.types import Account, AccountKind, BalanceSnapshot
from core.db import Base, Id, UtcDateTime

AccountKey = String(96)


class LedgerAccount(Base):
    __tablename__ = "ledger_account"
    __table_args__ = (
        UniqueConstraint("key", "currency"),
        CheckConstraint("side IN (-1, 1)", name="side"),
    )

    key: Mapped[str] = mapped_column(AccountKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    organisation_id: Mapped[str | None] = mapped_column(Id, index=True)
    currency: Mapped[str] = mapped_column(String(3))
    side: Mapped[int] = mapped_column(SmallInteger)

    def account(self) -> Account:
        return Account(AccountKind(self.kind), self.organisation_id, self.currency)


class LedgerEntry(Base):
    __tablename__ = "ledger_entry"
    __table_args__ = (
        ForeignKeyConstraint(["account", "currency"], ["ledger_account.key", "ledger_account.currency"]),
        UniqueConstraint("account", "sequence"),
        UniqueConstraint("transaction_id", "account"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(sequence IS NULL) = (balance_after IS NULL)", name="running"),
    )

    transaction_id: Mapped[str] = mapped_column(
        Id, ForeignKey("ledger_transaction.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account: Mapped[str] = mapped_column(AccountKey)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    balance_after: Mapped[int | None] = mapped_column(BigInteger)


class LedgerTransaction(Base):
    __tablename__ = "ledger_transaction"
    __table_args__ = (
        Index("ix_ledger_transaction_order_id", "order_id"),
        Index("ix_ledger_transaction_posted_at", "posted_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(Id)
    order_id: Mapped[str | None] = mapped_column(Id)
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LedgerBalance(Base):
    """The guarded row of an owned account. ``entries`` is None until the first."""

    __tablename__ = "ledger_balance"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account", "entries"],
            ["ledger_entry.account", "ledger_entry.sequence"],
            name="fk_ledger_balance_last_entry",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("may_overdraw OR (balance >= 0 AND balance >= held)", name="covered"),
        CheckConstraint("balance <= 9000000000000000000 AND balance >= -9000000000000000000", name="in_range"),
    )

    account: Mapped[str] = mapped_column(AccountKey, ForeignKey("ledger_account.key"), primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    entries: Mapped[int | None] = mapped_column(BigInteger)
    may_overdraw: Mapped[bool] = mapped_column()

    def snapshot(self, currency: str) -> BalanceSnapshot:
        return BalanceSnapshot(self.balance, self.held, currency)

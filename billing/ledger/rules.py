"""What makes entries a transaction."""

from __future__ import annotations

from collections.abc import Sequence

from billing.ledger.errors import Unbalanced
from billing.ledger.types import Entry
from core.money import MOST_MINOR


def sums(entries: Sequence[Entry]) -> dict[str, int]:
    """Debits less credits of each currency."""
    totals: dict[str, int] = {}
    for entry in entries:
        totals[entry.account.currency] = totals.get(entry.account.currency, 0) + entry.amount
    return totals


def checked(entries: Sequence[Entry]) -> list[Entry]:
    """The entries in the order they are posted and locked in.

    Raises Unbalanced when they are fewer than two, name an account twice, hold a zero or an amount
    beyond ``MOST_MINOR``, or do not sum to zero in every currency.
    """
    keys = {entry.account.key for entry in entries}
    if len(entries) < 2 or len(keys) != len(entries):
        raise Unbalanced("a transaction has two or more entries, each of another account")
    if any(entry.amount == 0 or abs(entry.amount) > MOST_MINOR for entry in entries):
        raise Unbalanced("an entry has an amount, and not beyond all measure")
    if any(sums(entries).values()):
        raise Unbalanced("the entries do not sum to zero in each currency")
    return sorted(entries, key=lambda entry: entry.account.key)

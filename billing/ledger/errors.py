"""What the ledger refuses."""

from __future__ import annotations

from core.problems import Conflict, DomainError


class BalanceTooLow(DomainError):
    """The available balance does not cover this; ``needed``, ``available`` and ``missing`` say how much."""

    code, status, title = "balance_too_low", 402, "The prepaid balance does not cover this"


class NotEnoughHeld(Conflict):
    """The money is no longer where this would take it from."""

    code, title = "not_enough_held", "The amount is no longer held"


class MoneyLeft(Conflict):
    code, title = "money_left", "The organisation still has, holds, owes or is owed money"


class KeyReused(Conflict):
    """The idempotency key was used for a transaction with other entries."""

    code, title = "ledger_key_reused", "This was already posted with other amounts"


class Unbalanced(ValueError):
    """A programming error: entries that do not sum to zero, or are none."""

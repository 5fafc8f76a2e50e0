"""The proof that the books are sound, for operators and tests: everything that should be impossible, looked for."""

from __future__ import annotations

from billing.invoices import queries as invoices
from billing.ledger import queries as ledger
from billing.ledger.types import Discrepancy
from billing.payments import queries as payments
from billing.periods import checking as periods
from billing.settlement import queries as settlement
from billing.usage import queries as usage
from core.db import Uow


def faults(uow: Uow) -> list[Discrepancy]:
    """Whatever is wrong with the books; an empty list says that

    every transaction is balanced and whole, every balance equals the sum of its entries, the whole sums
    to zero, invoices have no gaps and differ neither from their hash nor from what was posted for them,
    what is open equals what buyers owe, the bank account equals the confirmed top-ups, suppliers' accounts
    equal their lines and those their invoices, usage adds up, with what is held for it (``usage.check``),
    and every invoice of usage is what that usage costs (``periods.check``).
    """
    totals = ledger.trial_balance(uow)
    unbalanced = [Discrepancy(currency, f"the ledger sums to {total}") for currency, total in totals.items() if total]
    parts = (ledger.check, usage.check, invoices.check, periods.check, payments.check, settlement.check)
    return unbalanced + [fault for part in parts for fault in part(uow)]

"""The proof that the books are sound, for operators and tests: everything that should be impossible, looked for."""

from __future__ import annotations

from billing.invoices import queries as invoices
from billing.ledger import queries as ledger
from billing.ledger.types import AccountKind, Discrepancy
from billing.payments import queries as payments
from billing.payouts import queries as payouts
from billing.periods import checking as periods
from billing.processor import queries as processor
from billing.processor.importing import PAYOUT
from billing.settlement import queries as settlement
from billing.usage import queries as usage
from core.db import Uow


def faults(uow: Uow) -> list[Discrepancy]:
    """Whatever is wrong with the books; an empty list says that

    every transaction is balanced and whole, every balance equals the sum of its entries, the whole sums
    to zero, invoices have no gaps and differ neither from their hash nor from what was posted for them,
    what is open equals what buyers owe, what lies at the bank, with the processor and on its way equals what is
    written down of it, suppliers' accounts
    equal their lines and those their invoices, usage adds up, with what is held for it (``usage.check``),
    and every invoice of usage is what that usage costs (``periods.check``).
    """
    totals = ledger.trial_balance(uow)
    unbalanced = [Discrepancy(currency, f"the ledger sums to {total}") for currency, total in totals.items() if total]
    parts = (ledger.check, usage.check, invoices.check, periods.check, payouts.check, outside)
    owed = settlement.check(uow, payouts.paid_out(uow))
    return unbalanced + owed + [fault for part in parts for fault in part(uow)]


def outside(uow: Uow) -> list[Discrepancy]:
    """Accounts of money that is not here, by currency, where they differ from what is written down of it."""
    paid_out = processor.paid_out(uow, PAYOUT)
    fees, taken_out = _less(processor.fees(uow)), _less(paid_out)
    said = {
        AccountKind.CHARGEBACKS: payments.contested(uow),
        AccountKind.BANK_CLEARING: payments.added(payments.arrived_at_bank(uow), paid_out, payouts.through_bank(uow)),
        AccountKind.PROCESSOR_CLEARING: payments.added(
            payments.through_processor(uow), fees, taken_out, payouts.through_processor(uow)
        ),
        AccountKind.IN_FLIGHT: _less(payments.added(payments.in_flight(uow), payouts.in_flight(uow))),
    }
    kept = {(row.kind, row.currency): row.balance for row in ledger.kind_totals(uow)}
    return [
        Discrepancy(f"{kind} {currency}", f"what is written down says {sums.get(currency, 0)}, the ledger {posted}")
        for kind, sums in said.items()
        for currency in sorted({*sums, *(each for of, each in kept if of == kind)})
        if sums.get(currency, 0) != (posted := kept.get((kind, currency), 0))
    ]


def _less(sums: dict[str, int]) -> dict[str, int]:
    return {currency: -amount for currency, amount in sums.items()}

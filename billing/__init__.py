"""What it costs and who owes whom: ledger, rating, taxes, usage, invoices, payments, dunning, settlement, payouts,

accounting, each after those it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.house import House


def include(house: House) -> None:
    """Put every feature of billing into the house, in order."""
    from billing.accounting.include import include as include_accounting
    from billing.coupons.include import include as include_coupons
    from billing.fapiao.include import include as include_fapiao
    from billing.invoices.include import include as include_invoices
    from billing.ledger.include import include as include_ledger
    from billing.payments.include import include as include_payments
    from billing.payouts.include import include as include_payouts
    from billing.periods.include import include as include_periods
    from billing.processor.include import include as include_processor
    from billing.settlement.include import include as include_settlement
    from billing.taxes.include import include as include_taxes
    from billing.usage.include import include as include_usage

    features = (
        include_ledger, include_taxes, include_usage, include_coupons, include_invoices, include_fapiao,
        include_periods, include_processor, include_payments,
        include_settlement, include_payouts, include_accounting,
    )  # fmt: skip
    for include_feature in features:
        include_feature(house)

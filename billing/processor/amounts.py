"""Amounts as Stripe writes them: minor units, with a few currencies of its own mind.

https://docs.stripe.com/currencies#special-cases: ISK and UGX have no minor unit and are yet written with two decimals;
amounts of currencies with three decimals end in 0.
"""

from __future__ import annotations

from core.money import exponent, format_amount
from core.problems import Invalid, Sentence

_WRITTEN_WITH_TWO = frozenset({"ISK", "UGX"})


class AmountNotPayable(Invalid):
    code, title = "amount_not_payable", "This amount cannot be paid by card or wallet"


def to_remote(minor: int, currency: str) -> int:
    """Raises AmountNotPayable for a part of a currency that Stripe does not move."""
    if currency in _WRITTEN_WITH_TWO:
        return minor * 100
    if exponent(currency) == 3 and minor % 10:
        said = format_amount(minor, currency)
        raise AmountNotPayable(Sentence("%(amount)s must end in 0.", amount=said), field="amount")
    return minor


def from_remote(amount: int, currency: str) -> int:
    return amount // 100 if currency in _WRITTEN_WITH_TWO else amount

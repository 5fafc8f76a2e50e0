"""Currencies and what Stripe takes in them."""

from __future__ import annotations

from fractions import Fraction

from tests.stripe.errors import Refused

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
_TWO_DECIMAL = frozenset(
    [
        "aud",
        "brl",
        "cad",
        "chf",
        "cny",
        "czk",
        "dkk",
        "eur",
        "gbp",
        "hkd",
        "huf",
        "idr",
        "inr",
        "isk",
        "mop",
        "mxn",
        "myr",
        "nok",
        "nzd",
        "php",
        "pln",
        "ron",
        "sek",
        "sgd",
        "thb",
        "twd",
        "ugx",
        "usd",
        "zar",
    ]
)
_HUNDREDS = frozenset(("isk", "ugx"))
_SMALLEST = {
    "usd": 50, "eur": 50, "gbp": 30, "cny": 400, "hkd": 400, "jpy": 50, "sgd": 50, "aud": 50, "cad": 50, "chf": 50,
    "myr": 200, "nzd": 50, "krw": 500, "twd": 1600, "kwd": 150, "bhd": 190, "mop": 400,
}  # fmt: skip
_LARGEST = 99_999_999
PERCENT = Fraction(29, 1000)


def known(currency: str, param: str = "currency") -> str:
    """In lower case, as Stripe answers it."""
    lower = currency.lower()
    if lower not in ZERO_DECIMAL | THREE_DECIMAL | _TWO_DECIMAL:
        raise Refused(f"Invalid currency: {lower}. Stripe currently supports these currencies: usd, …", param=param)
    return lower


def positive(amount: int, param: str = "amount") -> int:
    if amount < 1:
        raise Refused(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer", param=param, validation=True,
        )  # fmt: skip
    return amount


def chargeable(amount: int, currency: str, param: str = "amount") -> None:
    positive(amount, param)
    if amount > _LARGEST and currency not in ZERO_DECIMAL | {"idr"}:
        raise Refused(f"Amount must be no more than {shown(_LARGEST, currency)}", code="amount_too_large", param=param)
    if amount < _SMALLEST.get(currency, 1):
        raise Refused(
            f"Amount must be at least {shown(_SMALLEST[currency], currency)}", code="amount_too_small", param=param
        )
    step = 10 if currency in THREE_DECIMAL else 100 if currency in _HUNDREDS else 1
    if amount % step:
        raise Refused(
            f"Invalid amount: {amount}. Amounts in {currency.upper()} must end with {str(step)[1:]}.",
            code="parameter_invalid_integer", param=param,
        )  # fmt: skip


def decimals(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def shown(amount: int, currency: str) -> str:
    places = decimals(currency)
    whole, part = divmod(amount, 10**places)
    return f"{whole}{f'.{part:0{places}}' if places else ''} {currency.upper()}"


def fee(amount: int, currency: str, percent: Fraction = PERCENT, fixed_hundredths: int = 30) -> int:
    """2.9 % and 0.30, in the minor unit, half up; where there is no minor unit only the percentage."""
    exact = amount * percent + Fraction(fixed_hundredths, 100) * 10 ** decimals(currency) * (decimals(currency) > 0)
    return int((exact * 2 + 1) // 2)

"""Money in integers: minor units for what is posted, 10⁻⁷ of a minor unit for prices and rated usage.

No floating point and no ``Decimal`` anywhere: text is read digit by digit, and every division names
its rounding. Whatever cannot be read exactly is refused with ``Invalid``, naming the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.problems import Invalid, Sentence

_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: "AED ALL AMD ANG ARS AUD AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK"
    " DKK DOP DZD EGP ERN ETB EUR FJD GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KZT"
    " LAK LBP LKR LRD MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR"
    " PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SOS SRD SYP SZL THB TJS TMT TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER"
    " ZAR ZMW",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
EXPONENTS: Mapping[str, int] = MappingProxyType(
    {code: exponent for exponent, codes in _BY_EXPONENT.items() for code in codes.split()}
)
"""Decimals of each currency we accept, by ISO 4217."""

MOST_MINOR = 9_200_000_000_000_000
"""The largest single amount, in minor units; sums of many still fit a BIGINT."""
UNITS_PER_MINOR = 10_000_000
_PRICE_DIGITS = 7
MOST_UNITS = 2**63 - 1
WHOLE_BP = 10_000
"""Basis points of the whole: 600 of them are 6 %."""

_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]{0,24})(?:\.([0-9]{1,24}))?", re.ASCII)


class UnknownCurrency(Invalid):
    code, title = "currency_unknown", "This is not a currency we know"


class AmountInvalid(Invalid):
    code, title = "amount_invalid", "This is not an amount"


class Rounding(StrEnum):
    """How a value between two minor units becomes one; a tie goes away from zero, or to the even neighbour."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


@dataclass(frozen=True)
class TaxSplit:
    """Net and tax, which sum to the gross."""

    net: int
    tax: int
    gross: int


def rounding_of(profile: str) -> Rounding:
    """The rounding of a jurisdiction's profile: half up for ``cn``, half even for every other."""
    return Rounding.HALF_UP if profile == "cn" else Rounding.HALF_EVEN


def exponent(currency: object, *, field: str = "currency") -> int:
    """How many decimals ``currency`` has. Raises UnknownCurrency for anything but a known upper-case code."""
    if not isinstance(currency, str) or currency not in EXPONENTS:
        shown = repr(currency)[:40]
        raise UnknownCurrency(
            Sentence("%(code)s is not a currency.", code=shown), field=field, hint="Use an ISO 4217 code such as CNY."
        )
    return EXPONENTS[currency]


def parse_amount(text: object, currency: str, *, field: str = "amount", signed: bool = False, zero: bool = True) -> int:
    """The minor units that ``text`` says.

    Refuses everything but plain digits with at most the currency's decimals: no exponent, no NaN, no
    grouping, no sign (unless ``signed``), no zero (unless ``zero``), nothing beyond ``MOST_MINOR``.
    """
    minor = _scaled(text, exponent(currency), exponent(currency), field)
    return _in_range(minor, MOST_MINOR, field, signed=signed, zero=zero)


def parse_price(text: object, currency: str, *, field: str = "price", zero: bool = False) -> int:
    """The unit price that ``text`` says, in 10⁻⁷ of the minor unit; as strict as ``parse_amount``."""
    places = exponent(currency)
    return _in_range(_scaled(text, places, places + _PRICE_DIGITS, field), MOST_UNITS, field, signed=False, zero=zero)


def format_amount(minor: int, currency: str) -> str:
    """``4800000`` of CNY as ``48000.00``; read back by ``parse_amount``."""
    return _written(minor, exponent(currency))


def format_price(units: int, currency: str) -> str:
    """A unit price with no more decimals than it needs, and no fewer than its currency has."""
    places = exponent(currency)
    whole, _, decimals = _written(units, places + _PRICE_DIGITS).partition(".")
    kept = decimals.rstrip("0").ljust(places, "0")
    return f"{whole}.{kept}" if kept else whole


def grouped(minor: int, currency: str) -> str:
    """The amount for people: ``48,000.00``."""
    whole, point, decimals = format_amount(minor, currency).partition(".")
    return f"{int(whole.lstrip('-')):,}".join(("-" if minor < 0 else "", point)) + decimals


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """The quotient as an integer, symmetric about zero. Raises ValueError unless ``denominator`` > 0."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, rest = divmod(abs(numerator), denominator)
    tie_goes_up = rounding is Rounding.HALF_UP or quotient % 2 == 1
    if rest * 2 > denominator or (rest * 2 == denominator and tie_goes_up):
        quotient += 1
    return quotient if numerator >= 0 else -quotient


def round_units(units: int, rounding: Rounding) -> int:
    """Rated units (10⁻⁷) as minor units."""
    return divide(units, UNITS_PER_MINOR, rounding)


def round_together(parts: Sequence[int], denominator: int, rounding: Rounding) -> list[int]:
    """Each part over ``denominator`` as one of the two integers beside it, so that they sum to their rounded sum.

    Largest remainder, as in ``split``: those with the largest remainders (the earlier one on a tie) go up. One part
    alone is rounded by the rule.
    """
    wholes, rests = zip(*(divmod(part, denominator) for part in parts), strict=True)
    by_rest = sorted(range(len(parts)), key=lambda position: (-rests[position], position))
    up = set(by_rest[: divide(sum(parts), denominator, rounding) - sum(wholes)])
    return [whole + (position in up) for position, whole in enumerate(wholes)]


def split(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` in parts proportional to ``weights`` which sum to it exactly.

    Largest remainder: each part gets its share rounded down, and the parts with the largest
    remainders (the earlier one on a tie) get one more. A negative total is the mirror of its positive.
    Raises ValueError for a negative weight, or when all are zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, and not all zero")
    if total < 0:
        return [-part for part in split(-total, weights)]
    parts, rests = zip(*(divmod(total * weight, whole) for weight in weights), strict=True)
    by_rest = sorted(range(len(weights)), key=lambda position: (-rests[position], position))
    favoured = set(by_rest[: total - sum(parts)])
    return [part + (position in favoured) for position, part in enumerate(parts)]


def share(total: int, basis_points: int) -> tuple[int, int]:
    """``basis_points`` of ``total``, and the rest. Raises ValueError outside 0 to 10 000."""
    part, rest = split(total, [basis_points, WHOLE_BP - basis_points])
    return part, rest


def add_tax(net: int, rate_bp: int, rounding: Rounding) -> TaxSplit:
    """Tax on top of a net amount."""
    tax = divide(net * _rate(rate_bp), WHOLE_BP, rounding)
    return TaxSplit(net, tax, net + tax)


def extract_tax(gross: int, rate_bp: int, rounding: Rounding) -> TaxSplit:
    """The tax that a gross amount contains."""
    tax = divide(gross * _rate(rate_bp), WHOLE_BP + rate_bp, rounding)
    return TaxSplit(gross - tax, tax, gross)


def _rate(rate_bp: int) -> int:
    if rate_bp < 0:
        raise ValueError("a tax rate must not be negative")
    return rate_bp


def _scaled(text: object, places: int, most_places: int, field: str) -> int:
    amount = "1200." + "5".ljust(places, "0") if places else "1200"
    example = Sentence("Write plain digits and a point, such as %(amount)s.", amount=amount)
    match = _NUMBER.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise AmountInvalid(Sentence("%(text)s is not an amount.", text=repr(text)[:40]), field=field, hint=example)
    sign, whole, decimals = match.group(1), match.group(2), match.group(3) or ""
    if len(decimals) > most_places:
        raise AmountInvalid(
            Sentence("At most %(most)s decimals are possible here.", most=most_places), field=field, hint=example
        )
    return int(sign + whole + decimals.ljust(most_places, "0"))


def _in_range(value: int, most: int, field: str, *, signed: bool, zero: bool) -> int:
    if value < 0 and not signed:
        raise AmountInvalid("The amount must not be negative.", field=field)
    if value == 0 and not zero:
        raise AmountInvalid("The amount must be more than zero.", field=field)
    if abs(value) > most:
        raise AmountInvalid("The amount is larger than any we can book.", field=field)
    return value


def _written(value: int, places: int) -> str:
    digits = str(abs(value)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 else text

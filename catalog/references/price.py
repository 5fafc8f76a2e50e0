"""Reading a price out of a text that people wrote: exactly, or not at all.

The whole text must make sense. Whatever else it says (a range, “from”, “about”, two prices, prose)
makes it unread: it is then shown as it was written, and nothing is guessed from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from core import money
from core.problems import Invalid

UNREAD, UNSTATED, FREE, NEGOTIATED = "unread", "unstated", "free", "negotiated"
KINDS = frozenset(
    {FREE, "one_off", "subscription", "per_call", "per_hit", "per_record", "per_item", "package", NEGOTIATED}
    | {UNREAD, UNSTATED}
)

_FREE = ("免费", "无偿", "free", "free of charge", "gratis")
_NEGOTIATED = (
    "面议", "议价", "协议定价", "价格面议", "按需定价", "negotiable", "negotiated", "on request", "price on request",
    "upon request", "contact us", "contact sales", "custom pricing",
)  # fmt: skip
_CURRENCIES = {
    "元": "CNY", "圆": "CNY", "人民币": "CNY", "rmb": "CNY", "cny": "CNY", "元人民币": "CNY", "usd": "USD",
    "us$": "USD", "美元": "USD", "eur": "EUR", "€": "EUR", "欧元": "EUR", "gbp": "GBP", "£": "GBP", "英镑": "GBP",
    "hkd": "HKD", "hk$": "HKD", "港元": "HKD", "港币": "HKD", "jpy": "JPY", "日元": "JPY", "sgd": "SGD",
}  # fmt: skip
_UNITS = {
    "次": "per_call", "调用": "per_call", "次调用": "per_call", "查询": "per_call", "call": "per_call",
    "calls": "per_call", "request": "per_call", "requests": "per_call", "query": "per_call", "queries": "per_call",
    "api call": "per_call", "api calls": "per_call",
    "查得": "per_hit", "次查得": "per_hit", "hit": "per_hit", "hits": "per_hit",
    "条": "per_record", "条记录": "per_record", "record": "per_record", "records": "per_record", "row": "per_record",
    "rows": "per_record",
    "份": "per_item", "套": "per_item", "件": "per_item", "个": "per_item", "copy": "per_item", "set": "per_item",
    "item": "per_item", "file": "per_item", "dataset": "per_item",
    "年": "subscription:year", "year": "subscription:year", "annum": "subscription:year", "yr": "subscription:year",
    "季": "subscription:quarter", "季度": "subscription:quarter", "quarter": "subscription:quarter",
    "月": "subscription:month", "个月": "subscription:month", "month": "subscription:month", "mo": "subscription:month",
    "一口价": "one_off", "一次性": "one_off", "one-off": "one_off", "one off": "one_off", "once": "one_off",
    "one-time": "one_off", "one time": "one_off",
}  # fmt: skip
_SIGNS = {"¥": ("CNY", "JPY"), "$": ("USD", "HKD", "SGD", "AUD", "CAD", "NZD", "TWD")}
"""Signs of several currencies: the mapping says which one is meant."""
_MULTIPLES = {"万": 10_000, "亿": 100_000_000}
_AMOUNT = re.compile(r"\A(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.[0-9]{1,24})?\Z")


@dataclass(frozen=True)
class Words:
    """What a source's words mean, beside the ones known everywhere. ``currency`` is meant when none is written."""

    currency: str | None = None
    currencies: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    negotiated: tuple[str, ...] = ()
    float_debris: Decimal | None = None
    zero_is_free: bool = False
    scale: Decimal = Decimal(1)


@dataclass(frozen=True)
class Price:
    """What was read. ``unit_price`` is in 10⁻⁷ of the minor unit, for ``per`` units; None when nothing was."""

    kind: str
    currency: str | None = None
    unit_price: int | None = None
    per: int = 1
    period: str | None = None

    @property
    def amount(self) -> int | None:
        """The price in minor units when it is a whole number of them."""
        if self.unit_price is None or self.unit_price % money.UNITS_PER_MINOR:
            return None
        return self.unit_price // money.UNITS_PER_MINOR


def read(text: str, words: Words) -> Price:
    """The price a text says as a whole; kind ``unread`` when it does not, ``unstated`` when it is empty."""
    plain = _plain(text)
    if not plain:
        return Price(UNSTATED)
    if plain in _plains(_FREE + words.free):
        return Price(FREE)
    if plain in _plains(_NEGOTIATED + words.negotiated):
        return Price(NEGOTIATED)
    match = _pattern(frozenset(words.currencies), frozenset(words.units)).match(plain)
    return Price(UNREAD) if match is None else _from_parts(match.groupdict(), words)


def read_parts(amount: str, unit: str, currency: str, words: Words) -> Price:
    """The price of a source that keeps amount, unit and currency in columns of their own."""
    if not _plain(amount):
        return read(unit, words) if _plain(unit) else Price(UNSTATED)
    wordy = read(amount, words)
    if wordy.kind in (FREE, NEGOTIATED):
        return wordy
    number, unit_key = _plain(amount), _plain(unit).lstrip("/").removeprefix("per ").removeprefix("每").strip()
    parts = {"number": number, "multiple": None, "before": _plain(currency) or None, "after": None}
    found = re.fullmatch(r"([0-9][0-9,]*)\s*(.*)", unit_key)
    count, unit_key = (found.group(1), found.group(2)) if found else (None, unit_key)
    if not _AMOUNT.match(number) or (unit_key and unit_key not in _all_units(words)):
        inner = replace(words, currency=_currency(parts["before"], words) or words.currency)
        return read(f"{amount} {unit}", inner)
    return _from_parts(parts | {"count": count, "unit": unit_key or None}, words)


def _from_parts(parts: Mapping[str, str | None], words: Words) -> Price:
    named = {_currency(parts[side], words) for side in ("before", "after") if parts.get(side)}
    currency = named.pop() if len(named) == 1 else words.currency if not named else None
    kind, _, period = _all_units(words).get(parts.get("unit") or "", "one_off").partition(":")
    units = _units_of(str(parts["number"]), parts.get("multiple"), currency, words)
    per = int((parts.get("count") or "1").replace(",", ""))
    if currency is None or units is None or not 1 <= per <= 10**12:
        return Price(UNREAD)
    if units == 0:
        return Price(FREE) if words.zero_is_free else Price(UNREAD)
    return Price(kind, currency, units, per, period or None)


def _units_of(number: str, multiple: str | None, currency: str | None, words: Words) -> int | None:
    """Exact units of a written number; None when they are not."""
    if currency is None or not _AMOUNT.match(number):
        return None
    value = Decimal(number.replace(",", ""))
    if words.float_debris is not None:
        value = _without_debris(value, words.float_debris)
    value *= _MULTIPLES.get(multiple or "", 1) * words.scale
    try:
        return money.parse_price(f"{value:f}", currency, zero=True)
    except Invalid:
        return None


def _without_debris(value: Decimal, tolerance: Decimal) -> Decimal:
    """``754300.0000000001`` as ``754300.00``: only what many decimals betray as a float's rest."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent > -8:
        return value
    for places in range(5):
        rounded = round(value, places)
        if abs(rounded - value) <= tolerance:
            return rounded
    return value


def _currency(word: str | None, words: Words) -> str | None:
    if not word:
        return None
    known = _CURRENCIES | {_plain(key): code for key, code in words.currencies.items()}
    if word in known:
        return known[word]
    if word in _SIGNS:
        return words.currency if words.currency in _SIGNS[word] else None
    return word.upper() if word.upper() in money.EXPONENTS else None


def _all_units(words: Words) -> dict[str, str]:
    return _UNITS | {_plain(key): kind for key, kind in words.units.items()}


def _plains(texts: tuple[str, ...]) -> set[str]:
    return {_plain(text) for text in texts}


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).replace("￥", "¥").lower()
    return " ".join(folded.split()).rstrip("。.")


@lru_cache(maxsize=64)
def _pattern(currencies: frozenset[str], units: frozenset[str]) -> re.Pattern[str]:
    money_words = _choice(
        {*_CURRENCIES, *map(_plain, currencies), "¥", "$", *(code.lower() for code in money.EXPONENTS)}
    )
    unit_words = _choice({*_UNITS, *map(_plain, units)})
    return re.compile(
        rf"\A(?P<before>{money_words})?\s*(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?)\s*(?P<multiple>[万亿])?\s*"
        rf"(?P<after>{money_words})?"
        rf"(?:\s*(?:/|每|\bper\b|\ba\b)\s*(?P<count>[0-9][0-9,]*)?\s*(?P<unit>{unit_words}))?\Z"
    )


def _choice(words: set[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))

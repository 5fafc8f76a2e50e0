"""Reading the price part of a mapping document."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.references import price
from catalog.references.mapping_values import choice, flag, known_names, pairs, plain_text, value_of, words, wrong
from catalog.references.source import PriceMapping, PriceRule
from core import money


def price_of(given: Any) -> PriceMapping:
    """How a source writes prices: a text, or amount, unit and currency apart."""
    if given is None or isinstance(given, str):
        return PriceMapping(text=value_of(given, "price"))
    known = {
        "text", "amount", "unit", "currency", "details", "words", "rules", "float_debris", "zero_is_free", "scale",
    }  # fmt: skip
    parts = known_names(given, "price", known)
    currency, default = parts.get("currency"), None
    if isinstance(currency, str) and currency in money.EXPONENTS:
        currency, default = None, currency
    values = {name: value_of(parts.get(name), f"price.{name}") for name in ("text", "amount", "unit", "details")}
    rules = tuple(_price_rule(rule, f"price.rules.{place}") for place, rule in enumerate(parts.get("rules") or []))
    return PriceMapping(
        **values, currency=value_of(currency, "price.currency"), words=_price_words(parts, default), rules=rules
    )


def _price_words(parts: Mapping[str, Any], currency: str | None) -> price.Words:
    known = {"free", "negotiated", "units", "currencies"}
    given = known_names(parts.get("words") or {}, "price.words", known)
    units = pairs(given.get("units"), "price.words.units")
    for kind in units.values():
        choice(kind.partition(":")[0], "price.words.units", sorted(price.KINDS))
    currencies = pairs(given.get("currencies"), "price.words.currencies")
    for code in currencies.values():
        choice(code, "price.words.currencies", tuple(money.EXPONENTS))
    return price.Words(
        currency=currency,
        currencies=currencies,
        units=units,
        free=words(given.get("free"), "price.words.free"),
        negotiated=words(given.get("negotiated"), "price.words.negotiated"),
        float_debris=_tolerance(parts.get("float_debris")),
        scale=_scale(parts.get("scale", 1)),
        zero_is_free=flag(parts.get("zero_is_free", False), "price.zero_is_free"),
    )


def _price_rule(given: Any, where: str) -> PriceRule:
    parts = known_names(given, where, {"contains", "kind", "read"})
    contains = plain_text(parts.get("contains"), f"{where}.contains", "")
    if not contains:
        raise wrong(f"{where}.contains", "write the words that make the rule hold")
    kind = choice(parts.get("kind"), f"{where}.kind", sorted(price.KINDS))
    return PriceRule(contains, kind, flag(parts.get("read", True), f"{where}.read"))


def _tolerance(given: Any) -> Decimal | None:
    if given is None:
        return None
    try:
        tolerance = Decimal(str(given))
    except InvalidOperation:
        tolerance = Decimal(-1)
    if not 0 < tolerance <= Decimal("0.001"):
        raise wrong("price.float_debris", "write a small number such as 0.000001")
    return tolerance


def _scale(given: Any) -> Decimal:
    """What a written number is multiplied with: 10000 for amounts in 万, 0.01 for amounts in minor units."""
    if str(given) not in ("1", "0.01", "0.1", "10", "100", "1000", "10000", "1000000", "100000000"):
        raise wrong("price.scale", "write a power of ten such as 10000 or 0.01")
    return Decimal(str(given))

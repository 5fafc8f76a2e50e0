"""How the terms of a contract read in Chinese and in English: pure, so that the same terms always read the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.money import format_amount
from exchange.contracts.types import Party, Price, Subject

_WORDS = {
    "training": ("模型训练", "training of models"),
    "evaluation": ("模型评测", "evaluation"),
    "research": ("研究", "research"),
    "product": ("产品与服务", "products and services"),
    "statistics": ("统计分析", "statistics"),
    "api": ("接口调用", "by API"),
    "download": ("下载", "by download"),
}
_PLANS = {
    "free": ("免费", "free of charge"),
    "one_off": ("一口价", "one payment"),
    "subscription": ("订阅", "subscription"),
    "per_call": ("按次计费，每次 {price} {currency}", "{price} {currency} a call"),
    "per_hit": ("按命中计费，每次 {price} {currency}", "{price} {currency} a hit"),
    "per_record": ("按记录计费，每条 {price} {currency}", "{price} {currency} a record"),
    "per_byte": ("按字节计费，每字节 {price} {currency}", "{price} {currency} a byte"),
    "package": ("套餐，{quantity} 次", "a package of {quantity}"),
}
_ZH, _EN = 0, 1


def fillings(
    language: str, provider: Party, recipient: Party, subject: Subject, terms: Mapping[str, Any], price: Price | None
) -> dict[str, str]:
    """Every text that a template may name, in one language."""
    tongue = _ZH if language == "zh" else _EN
    return {
        "provider": _name(provider, tongue),
        "recipient": _name(recipient, tongue),
        "title": subject.title.get(language) or next(iter(subject.title.values()), ""),
        "listing": subject.listing_id,
        "revision": subject.revision_id,
        "tier": str(subject.tier),
        **(_of_terms(tongue, recipient, terms, price) if terms else {}),
    }


def _of_terms(tongue: int, recipient: Party, terms: Mapping[str, Any], price: Price | None) -> dict[str, str]:
    join = "、" if tongue == _ZH else ", "
    named = [recipient.id, *terms["recipients"]]
    return {
        "purposes": join.join(_word(each, tongue) for each in terms["purposes"]),
        "territories": join.join(terms["territories"]) or ("不限", "anywhere")[tongue],
        "recipients": join.join(named),
        "term": _term(terms, tongue),
        "count": f"{terms['count']:,}" if terms["count"] is not None else ("不限", "without limit")[tongue],
        "deliveries": join.join(_word(each, tongue) for each in terms["deliveries"]),
        "price": _price(terms["plan"], price, tongue),
        "clauses": "\n".join(terms["clauses"].values()),
    }


def _name(party: Party, tongue: int) -> str:
    name = party.name if tongue == _ZH else party.name_en or party.name
    return f"{name}（{party.code}）" if tongue == _ZH else f"{name} ({party.code})"


def _word(code: str, tongue: int) -> str:
    return _WORDS[code][tongue] if code in _WORDS else code


def _term(terms: Mapping[str, Any], tongue: int) -> str:
    months = terms["term_months"]
    long = (f"{months} 个月", f"{months} months")[tongue] if months else ("不设期限", "without end")[tongue]
    start = terms["starts"]
    begin = (f"自 {start} 起", f"from {start}") if start else ("自付款之时起", "from payment")
    return f"{begin[tongue]} {long}" if tongue == _EN else f"{begin[tongue]}，{long}"


def _price(plan: Mapping[str, Any], price: Price | None, tongue: int) -> str:
    words = str(_PLANS.get(plan["kind"], (plan["kind"], plan["kind"]))[tongue]).format_map(_Given(plan))
    if price is None or not price.gross:
        return words
    net, tax, gross = (format_amount(each, price.currency) for each in (price.net, price.tax, price.gross))
    told = (
        f"不含税 {net}，税额 {tax}，含税 {gross} {price.currency}",
        f"net {net}, tax {tax}, gross {gross} {price.currency}",
    )
    return f"{words}，{told[_ZH]}" if tongue == _ZH else f"{words}, {told[_EN]}"


class _Given(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"

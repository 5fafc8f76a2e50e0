"""A licence in words, one sentence for each of its terms, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from exchange.licences.policy import urn

Language = str
_URN = urn("")
_PURPOSES = {
    "training": ("模型训练", "training of models"), "evaluation": ("模型评测", "evaluation of models"),
    "research": ("科学研究", "research"), "product": ("产品与服务", "products and services"),
    "statistics": ("统计分析", "statistics"),
}  # fmt: skip
_CHANNELS = {"download": ("下载", "download"), "api": ("接口调用", "calls of the interface")}


def words(
    policy: Mapping[str, Any], language: Language, names: Mapping[str, str] | None = None, zone: tzinfo = UTC
) -> tuple[str, ...]:
    """What the licence says, sentence by sentence, in ``zh`` or ``en``; ``names`` are said in place of ids.

    Times are told in ``zone``.

    A term that has no words is told by its own spelling: nothing of a licence is left out.
    """
    chinese = language == "zh"
    (permission,) = policy["permission"]
    said = [_parties(permission, chinese), *(_term(each, chinese, zone) for each in permission["constraint"])]
    for rule in policy.get("prohibition", ()):
        said.append(_prohibited(rule, chinese))
    for rule in policy.get("obligation", ()):
        said.append(_obliged(rule, chinese))
    return tuple(_named(each, names or {}) for each in said)


def _named(sentence: str, names: Mapping[str, str]) -> str:
    for id, name in names.items():
        sentence = sentence.replace(id, name)
    return sentence


def _parties(permission: Mapping[str, Any], chinese: bool) -> str:
    supplier, holder, target = (_id(permission[name]) for name in ("assigner", "assignee", "target"))
    if chinese:
        return f"{supplier} 许可 {holder} 使用 {target}。"
    return f"{supplier} licenses {holder} to use {target}."


def _term(constraint: Mapping[str, Any], chinese: bool, zone: tzinfo) -> str:
    name = (constraint["leftOperand"], constraint["operator"])
    spell = _SPELLED.get(name)
    value = constraint["rightOperand"]
    if spell and name[0] == "dateTime":
        value = _time(value, zone)
    return spell(value)[not chinese] if spell else f"{name[0]} {name[1]} {value}"


def _starts(value: Any) -> tuple[str, str]:
    return f"自 {value} 起有效。", f"In force from {value}."


def _ends(value: Any) -> tuple[str, str]:
    return f"至 {value} 止，此刻起不得再使用。", f"Until {value}; from that moment on no use is allowed."


def _purpose(value: Any) -> tuple[str, str]:
    zh, en = ([_PURPOSES.get(each, (each, each))[place] for each in value] for place in (0, 1))
    return f"仅限用途：{'、'.join(zh)}。", f"Only for these purposes: {', '.join(en)}."


def _territory(value: Any) -> tuple[str, str]:
    return f"仅限地域：{'、'.join(value)}。", f"Only in these territories: {', '.join(value)}."


def _recipient(value: Any) -> tuple[str, str]:
    ids = [_id(each) for each in value]
    return f"仅限接收方：{'、'.join(ids)}。", f"Only for these recipients: {', '.join(ids)}."


def _channel(value: Any) -> tuple[str, str]:
    zh, en = ([_CHANNELS.get(each, (each, each))[place] for each in value] for place in (0, 1))
    return f"仅限交付方式：{'、'.join(zh)}。", f"Only by these deliveries: {', '.join(en)}."


def _count(value: Any) -> tuple[str, str]:
    return f"许可期内最多使用 {value} 次。", f"At most {value} uses in the whole term."


def _prohibited(rule: Mapping[str, Any], chinese: bool) -> str:
    if rule["action"] != "distribute":
        return f"{'禁止' if chinese else 'Forbidden'}: {rule['action']}"
    return "不得向其他任何一方提供。" if chinese else "It must not be passed on to anybody else."


def _obliged(rule: Mapping[str, Any], chinese: bool) -> str:
    if rule["action"] != "watermark":
        return f"{'须' if chinese else 'Obliged'}: {rule['action']}"
    return "交付的文件带有被许可方的水印。" if chinese else "What is delivered carries a watermark of the licensee."


def _id(text: str) -> str:
    return text.removeprefix(_URN)


def _time(value: Mapping[str, str], zone: tzinfo) -> str:
    told = datetime.fromisoformat(value["@value"]).astimezone(zone).isoformat(" ", "seconds")
    return f"{told[:19]} UTC{told[19:].removesuffix('+00:00')}"


_SPELLED: Mapping[tuple[str, str], Callable[[Any], tuple[str, str]]] = {
    ("dateTime", "gteq"): _starts,
    ("dateTime", "lt"): _ends,
    ("purpose", "isAnyOf"): _purpose,
    ("spatial", "isAnyOf"): _territory,
    ("recipient", "isAnyOf"): _recipient,
    ("deliveryChannel", "isAnyOf"): _channel,
    ("count", "lteq"): _count,
}

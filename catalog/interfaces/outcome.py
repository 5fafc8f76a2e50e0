"""How an answer's outcome reads: by its status, and where the status says hit, by one value of its JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from catalog.interfaces.errors import OutcomeInvalid
from catalog.interfaces.types import Outcome
from core.problems import Sentence

MOST_BODY_BYTES = 1 << 20
_STATUS = re.compile(r"[2-5][0-9]{2}|2xx", re.ASCII)
_POINTER = re.compile(r"(?:/(?:[^~/\x00-\x1f\ud800-\udfff]|~[01])*){1,20}")
_MOST_VALUES = 20
_LARGEST = 2**53 - 1
_MOST_RECORDS = 2**32 - 1
_NONE = object()


def check(rule: Any, at: str) -> dict[str, Any]:
    """The rule in its canonical form. Raises OutcomeInvalid naming the first part that is wrong."""
    if not isinstance(rule, Mapping):
        raise OutcomeInvalid('Write it as {"statuses": {"200": "hit", "404": "miss"}}.', field=at)
    for name in rule:
        if name not in ("statuses", "pointer", "hit", "miss", "records"):
            raise OutcomeInvalid(
                Sentence("There is no part %(name)s.", name=str(name)[:40]), field=f"{at}.{str(name)[:40]}"
            )
    statuses = _statuses(rule.get("statuses"), f"{at}.statuses")
    if "2xx" in statuses and {"pointer", "records"} & rule.keys():
        raise OutcomeInvalid("With a pointer, name each status.", field=f"{at}.statuses.2xx", hint='Write "200".')
    if "pointer" not in rule and {"hit", "miss"} & rule.keys():
        raise OutcomeInvalid("Values need a pointer to where they stand.", field=f"{at}.pointer")
    values = _values(rule, at) if "pointer" in rule else {}
    counted = {"records": _pointer(rule["records"], f"{at}.records")} if "records" in rule else {}
    return {"statuses": statuses} | values | counted


def _statuses(written: Any, at: str) -> dict[str, str]:
    if not isinstance(written, Mapping) or not 1 <= len(written) <= 30:
        raise OutcomeInvalid("Name at least one status.", field=at, hint='For example {"200": "hit", "404": "miss"}.')
    for status, outcome in written.items():
        if not isinstance(status, str) or not _STATUS.fullmatch(status):
            raise OutcomeInvalid("A status is 200 to 599, or 2xx.", field=f"{at}.{str(status)[:20]}")
        if outcome not in (Outcome.HIT, Outcome.MISS):
            raise OutcomeInvalid(
                "A status means hit or miss.", field=f"{at}.{status}", hint="Leave out those that mean an error."
            )
        if status == "2xx" and outcome != Outcome.HIT:
            raise OutcomeInvalid("2xx can only mean hit.", field=f"{at}.2xx", hint="Name the statuses that mean miss.")
    if Outcome.HIT not in written.values():
        raise OutcomeInvalid("No status means hit.", field=at)
    return {status: str(written[status]) for status in sorted(written)}


def _pointer(written: Any, at: str) -> str:
    if not isinstance(written, str) or len(written) > 200 or not _POINTER.fullmatch(written):
        raise OutcomeInvalid("This is no JSON pointer.", field=at, hint="For example /result/found.")
    return written


def _values(rule: Mapping[str, Any], at: str) -> dict[str, Any]:
    pointer = _pointer(rule["pointer"], f"{at}.pointer")
    hit, miss = (_list(rule.get(name, []), f"{at}.{name}") for name in ("hit", "miss"))
    if not hit:
        raise OutcomeInvalid("Say which values mean hit.", field=f"{at}.hit")
    if any(_same(one, other) for one in hit for other in miss):
        raise OutcomeInvalid("A value means hit and miss.", field=f"{at}.miss")
    return {"pointer": pointer, "hit": hit} | ({"miss": miss} if miss else {})


def _list(values: Any, at: str) -> list[Any]:
    if not isinstance(values, list) or len(values) > _MOST_VALUES:
        raise OutcomeInvalid(Sentence("A list of at most %(most)s values.", most=_MOST_VALUES), field=at)
    for number, value in enumerate(values):
        plain = value is None or isinstance(value, (bool, int)) or (isinstance(value, str) and len(value) <= 200)
        if not plain or (isinstance(value, int) and abs(value) > _LARGEST):
            raise OutcomeInvalid("A value is a text, a whole number, true, false or null.", field=f"{at}.{number}")
    return list(values)


def read(rule: Mapping[str, Any], status: int, body: bytes | None) -> tuple[Outcome, int]:
    """What the rule says of an answer, and how many records it returned; ``body`` is None when it was too large.

    The status decides first: one that is not listed is an error of the upstream. When it says hit and the rule has
    a pointer, the value there decides; one that means neither, and one that is absent, are a miss; a body that is
    no JSON, or larger than ``MOST_BODY_BYTES``, is an error of the upstream.
    """
    statuses = rule["statuses"]
    found = statuses.get(str(status)) or (statuses.get("2xx") if 200 <= status < 300 else None)
    if found is None:
        return Outcome.UPSTREAM_ERROR, 0
    if found != Outcome.HIT or not {"pointer", "records"} & rule.keys():
        return Outcome(found), int(found == Outcome.HIT)
    if body is None or len(body) > MOST_BODY_BYTES:
        return Outcome.UPSTREAM_ERROR, 0
    try:
        content = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Outcome.UPSTREAM_ERROR, 0
    if "pointer" in rule and not any(_same(_at(content, rule["pointer"]), each) for each in rule["hit"]):
        return Outcome.MISS, 0
    return Outcome.HIT, _count(_at(content, rule["records"])) if "records" in rule else 1


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _count(value: Any) -> int:
    if isinstance(value, list):
        return len(value)
    return min(max(value, 0), _MOST_RECORDS) if isinstance(value, int) and not isinstance(value, bool) else 0


def _at(content: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(content, dict) and name in content:
            content = content[name]
        elif isinstance(content, list) and re.fullmatch("0|[1-9][0-9]{0,8}", name) and int(name) < len(content):
            content = content[int(name)]
        else:
            return _NONE
    return content


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON has it: 1 is 1.0, and neither is true."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)

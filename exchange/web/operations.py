"""Operations of an interface in words: how an outcome reads, what the limits are, and calls ready to be copied."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from catalog.interfaces.types import InterfaceSnapshot
from core.speech import gettext
from exchange.web.formats import number


@dataclass(frozen=True)
class OperationText:
    """One operation as the page of its interface shows it; ``outcomes`` say what each outcome is read from."""

    id: str
    method: str
    path: str
    summary: str
    parameters: Sequence[Mapping[str, Any]]
    media_type: str
    request_fields: Sequence[Mapping[str, str]]
    request_example: str
    response_fields: Sequence[Mapping[str, str]]
    response_example: str
    outcomes: tuple[tuple[str, str], ...]
    curl: str = ""
    python: str = ""


@dataclass(frozen=True)
class Caller:
    """Where calls of a licence go, and the purpose they declare."""

    address: str
    purpose: str


def operations(interface: InterfaceSnapshot, caller: Caller | None = None) -> list[OperationText]:
    """The operations; with a caller each has its lines to copy."""
    return [_operation(each, caller) for each in interface.operations]


def _operation(operation: Mapping[str, Any], caller: Caller | None) -> OperationText:
    return OperationText(
        id=operation["id"], method=operation["method"], path=operation["path"], summary=operation["summary"],
        parameters=operation["parameters"], media_type=operation["request_media_type"],
        request_fields=operation["request_fields"], request_example=pretty(operation["request_example"]),
        response_fields=operation["response_fields"], response_example=pretty(operation["response_example"]),
        outcomes=outcomes(operation["outcome"]),
        curl=_curl(operation, caller) if caller else "", python=_python(operation, caller) if caller else "",
    )  # fmt: skip


def pretty(text: str) -> str:
    """JSON set out in lines; anything else as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def outcomes(rule: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Each outcome of an answer, and when it has it."""
    named = {
        outcome: ", ".join(status for status, means in rule["statuses"].items() if means == outcome)
        for outcome in ("hit", "miss")
    }
    hit, miss = gettext("status %(statuses)s", statuses=named["hit"]), []
    if "pointer" in rule:
        values = _values(rule.get("hit", ()))
        hit = gettext(
            "status %(statuses)s, and at %(pointer)s stands %(values)s", statuses=named["hit"],
            pointer=rule["pointer"], values=values,
        )  # fmt: skip
        miss.append(gettext("any other value there"))
    if named["miss"]:
        miss.insert(0, gettext("status %(statuses)s", statuses=named["miss"]))
    found = [("hit", hit), ("miss", gettext(" or ").join(miss)), ("upstream_error", gettext("everything else"))]
    return tuple((outcome, text) for outcome, text in found if text)


def _values(values: Sequence[Any]) -> str:
    return gettext(" or ").join(json.dumps(each, ensure_ascii=False) for each in values)


def limits(document: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """The limits of an offer or an order as terms and values."""
    if not document:
        return []
    quota = gettext("no limit by count")
    if document.get("quota"):
        each = gettext("a day") if document["quota_period"] == "day" else gettext("a month")
        quota = f"{number(document['quota'])} {each}"
    return [
        (gettext("Calls a second"), number(document["rate_per_second"])),
        (gettext("At once, after a pause"), number(document["burst"])),
        (gettext("At the same time"), number(document["concurrency"])),
        (gettext("Calls in all"), quota),
        (gettext("Trial calls, with test keys"), number(document["trial_calls"] or 0)),
    ]


def example_of(parameter: Mapping[str, Any]) -> str:
    """What a copied call has in a parameter's place: its example, or its name in capitals."""
    return str(parameter.get("example") or "") or str(parameter["name"]).upper()


def _address(operation: Mapping[str, Any], caller: Caller) -> str:
    path, query = str(operation["path"]), []
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(example_of(parameter), safe=""))
        elif parameter["in"] == "query" and parameter["required"]:
            query.append((parameter["name"], example_of(parameter)))
    return caller.address + path + (f"?{urlencode(query)}" if query else "")


def _headers(operation: Mapping[str, Any], caller: Caller) -> dict[str, str]:
    headers = {"Data-Purpose": caller.purpose}
    for parameter in operation["parameters"]:
        if parameter["in"] == "header" and parameter["required"]:
            headers[parameter["name"]] = example_of(parameter)
    if operation["request_media_type"]:
        headers["Content-Type"] = operation["request_media_type"]
    return headers


def _body(operation: Mapping[str, Any]) -> str:
    """The example on one line, where that means the same."""
    try:
        return json.dumps(json.loads(operation["request_example"]), ensure_ascii=False)
    except (ValueError, RecursionError):
        return str(operation["request_example"])


def _curl(operation: Mapping[str, Any], caller: Caller) -> str:
    method = "" if operation["method"] == "GET" else "-I " if operation["method"] == "HEAD" else (
        f"-X {operation['method']} "
    )  # fmt: skip
    parts = [f"curl -sS {method}{shlex.quote(_address(operation, caller))}", '-H "X-Api-Key: $PIAOHAO_KEY"']
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in _headers(operation, caller).items()]
    if operation["request_media_type"]:
        parts.append(f"--data-binary {shlex.quote(_body(operation))}")
    return " \\\n  ".join(parts)


def _python(operation: Mapping[str, Any], caller: Caller) -> str:
    headers = "".join(f"        {name!r}: {value!r},\n" for name, value in _headers(operation, caller).items())
    data = f"    data={_body(operation)!r}.encode(),\n" if operation["request_media_type"] else ""
    return (
        "import os\nimport requests\n\n"
        f"answer = requests.request(\n    {operation['method']!r},\n    {_address(operation, caller)!r},\n"
        f"    headers={{\n        'X-Api-Key': os.environ['PIAOHAO_KEY'],\n{headers}    }},\n{data}    timeout=30,\n)\n"
        "print(answer.status_code, answer.headers['Call-Id'], answer.text)\n"
    )  # fmt: skip

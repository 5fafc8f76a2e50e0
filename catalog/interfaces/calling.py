"""A trial call: the request that an operation's document and the given values make, and what came back."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from catalog.interfaces import outcome, scanning
from catalog.interfaces.errors import TrialInvalid
from catalog.interfaces.types import CredentialKind, Outcome
from compliance.recognisers import ScanSummary, mask
from core import outgoing
from core.outgoing import CallFailed, OutgoingCall
from core.problems import Sentence

EXCERPT_BYTES = 2048
LONGEST_MS = 15_000
"""A trial waits no longer, whatever callers are allowed: it holds a thread of web."""
MOST_REQUEST_BYTES = 256 << 10
_LONGEST_VALUE = 2000
_HIDDEN = "•••"


@dataclass(frozen=True)
class CallResult:
    """What a trial showed; identifiers of persons and the credential are hidden in the excerpt."""

    status: int | None
    outcome: Outcome
    problem: str
    detail: str
    latency_us: int
    size: int
    excerpt: str
    scan: ScanSummary


def request(
    document: Mapping[str, Any], operation: Mapping[str, Any], credential: str | None, values: Mapping[str, str],
    body: str | None,
) -> OutgoingCall:  # fmt: skip
    """The call that a caller of this operation would cause. Raises TrialInvalid naming the value that is missing."""
    path, query, headers = operation["path"], list[tuple[str, str]](), {"Accept": "*/*", "User-Agent": "piaohao-trial"}
    _check_names(operation, values)
    for parameter in operation["parameters"]:
        name, value = parameter["name"], values.get(parameter["name"])
        if value is None or (value == "" and parameter["in"] == "path"):
            if parameter["required"]:
                raise TrialInvalid("This parameter is needed.", field=f"values.{name}")
        elif parameter["in"] == "path":
            path = path.replace("{" + name + "}", _segment(name, value))
        elif parameter["in"] == "query":
            query.append((name, value))
        else:
            headers[name] = _header(name, value)
    _inject(document["credential"], credential, headers, query)
    sent = _body(operation, body, headers)
    upstream = document["upstream"]
    target = upstream["base_url"] + quote(path, safe="/-._~!$&'()*+,;=:@%") + (f"?{urlencode(query)}" if query else "")
    return OutgoingCall(
        operation["method"], target, headers, sent, upstream["connect_timeout_ms"],
        min(upstream["timeout_ms"], LONGEST_MS), outcome.MOST_BODY_BYTES,
    )  # fmt: skip


def _check_names(operation: Mapping[str, Any], values: Mapping[str, str]) -> None:
    known = {each["name"] for each in operation["parameters"]}
    for name, value in values.items():
        if name not in known:
            raise TrialInvalid(
                Sentence("The operation has no parameter %(name)s.", name=name[:60]), field=f"values.{name[:60]}"
            )
        if len(value) > _LONGEST_VALUE:
            raise TrialInvalid(
                Sentence("At most %(longest)s characters.", longest=_LONGEST_VALUE), field=f"values.{name[:60]}"
            )


def _segment(name: str, value: str) -> str:
    if value in (".", "..") or not value.isprintable() or "/" in value or "\\" in value:
        raise TrialInvalid("This cannot be a part of a path.", field=f"values.{name}")
    return quote(value, safe="")


def _header(name: str, value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise TrialInvalid("A header carries printable ASCII only.", field=f"values.{name}")
    return value


def _inject(kind: Mapping[str, str], value: str | None, headers: dict[str, str], query: list[tuple[str, str]]) -> None:
    if value is None:
        return
    if kind["kind"] == CredentialKind.HEADER:
        headers[kind["name"]] = value
    elif kind["kind"] == CredentialKind.BASIC:
        headers["Authorization"] = "Basic " + base64.b64encode(value.encode()).decode()
    elif kind["kind"] == CredentialKind.QUERY:
        query.append((kind["name"], value))


def _body(operation: Mapping[str, Any], body: str | None, headers: dict[str, str]) -> bytes | None:
    if body is None:
        return None
    if not operation["request_media_type"]:
        raise TrialInvalid("The operation takes no body.", field="body")
    sent = body.encode()
    if len(sent) > MOST_REQUEST_BYTES:
        raise TrialInvalid(Sentence("At most %(most)s KiB.", most=MOST_REQUEST_BYTES >> 10), field="body")
    headers["Content-Type"] = operation["request_media_type"]
    return sent


def send(call: OutgoingCall, rule: Mapping[str, Any], credential: str | None, allow: Sequence[str]) -> CallResult:
    """Call the upstream and read what came; that nothing came is a result too. Never inside a unit of work."""
    try:
        came = outgoing.call(call, allow)
    except CallFailed as failure:
        return CallResult(None, Outcome.UPSTREAM_ERROR, failure.code, failure.detail, 0, 0, "", ScanSummary())
    read, _ = outcome.read(rule, came.status, came.body if came.complete else None)
    return CallResult(
        came.status, read, "", _explained(came, read), came.latency_us, len(came.body),
        _excerpt(came.body, credential), scanning.answer(came.body),
    )  # fmt: skip


def _explained(came: outgoing.OutgoingAnswer, read: Outcome) -> str:
    if read is not Outcome.UPSTREAM_ERROR:
        return ""
    if 300 <= came.status < 400:
        return "The upstream redirects, and redirects are not followed."
    if not came.complete:
        return f"The answer has more than {outcome.MOST_BODY_BYTES >> 20} MiB."
    return "The rule names no outcome for this answer."


def _excerpt(body: bytes, credential: str | None) -> str:
    """The beginning of what came. An upstream that sends our credential back does not make it readable."""
    text = body[: 2 * EXCERPT_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")
    for secret in _spellings(credential) if credential else ():
        text = text.replace(secret, _HIDDEN)
    return mask(text).encode()[:EXCERPT_BYTES].decode("utf-8", "ignore")


def _spellings(credential: str) -> list[str]:
    plain = [credential, quote(credential, safe=""), quote_plus(credential)]
    encoded = base64.b64encode(credential.encode()).decode()
    parts = [part for part in credential.replace(":", " ").split(" ") if len(part) >= 8]
    return sorted({*plain, encoded, *parts}, key=len, reverse=True)

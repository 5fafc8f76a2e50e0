"""One call from a page: made by this server through the gateway over loopback, with a key that a person pasted."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.interfaces import calling, outcome
from core import outgoing
from core.outgoing import CallFailed, OutgoingAnswer
from core.problems import Invalid, Unavailable
from core.settings import Settings
from exchange.web.operations import pretty

MOST_SHOWN = 20_000
_CONNECT_MS, _CALL_MS = 1_000, 15_000
_LONGEST_KEY = 200
_TOLD = ("Call-Id", "Content-Type", "RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining")
_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104  (compared, not bound)


@dataclass(frozen=True)
class Tried:
    """What came back. ``outcome`` is empty for a call that the exchange refused; then ``refused`` is its code."""

    operation: str
    status: int
    outcome: str
    refused: str
    call_id: str
    latency_ms: float
    headers: tuple[tuple[str, str], ...]
    body: str
    cut: bool


def call(
    settings: Settings, listing_id: str, operation: Mapping[str, Any], *, key: str, purpose: str,
    values: Mapping[str, str], body: str | None,
) -> Tried:  # fmt: skip
    """Call an operation once, as a program would. Opens no unit of work, and none may be open.

    Raises TrialInvalid naming the missing value, Invalid for what cannot be a key, Unavailable without a gateway.
    """
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid("Paste the key as it was shown: it begins with ph_live_ or ph_test_.", field="key")
    if settings.gateway_workers == 0:
        raise Unavailable("This exchange runs without a gateway.")
    host = "127.0.0.1" if settings.host in _ANYWHERE else settings.host
    document = {
        "credential": {"kind": "none", "name": ""},
        "upstream": {
            "base_url": f"http://{host}:{settings.gateway_port}/i/{listing_id}", "timeout_ms": _CALL_MS,
            "connect_timeout_ms": _CONNECT_MS,
        },
    }  # fmt: skip
    request = calling.request(document, operation, None, values, body)
    headers = {**request.headers, "X-Api-Key": key, "Data-Purpose": purpose, "User-Agent": "piaohao-page"}
    allowed = outgoing.allow_list(f"{host}:{settings.gateway_port}")
    began = time.monotonic()
    try:
        came = outgoing.call(dataclasses.replace(request, headers=headers), allowed)
    except CallFailed as failure:
        raise Unavailable("The gateway gave no answer.", hint=failure.detail) from failure
    return _told(operation, came, (time.monotonic() - began) * 1000)


def _told(operation: Mapping[str, Any], came: OutgoingAnswer, latency_ms: float) -> Tried:
    refused = _refusal(came)
    read = (
        "" if refused else str(outcome.read(operation["outcome"], came.status, came.body if came.complete else None)[0])
    )
    text = pretty(came.body.decode("utf-8", "replace"))
    return Tried(
        operation["id"], came.status, read, refused, came.header("Call-Id"), latency_ms,
        tuple((name, came.header(name)) for name in _TOLD if came.header(name)), text[:MOST_SHOWN],
        len(text) > MOST_SHOWN or not came.complete,
    )  # fmt: skip


def _refusal(came: OutgoingAnswer) -> str:
    """The code of a refusal of the gateway itself; empty for what the upstream answered."""
    if "application/problem+json" not in came.header("Content-Type") or came.status < 400:
        return ""
    try:
        problem = json.loads(came.body)
    except ValueError:
        return ""
    code = problem.get("code") if isinstance(problem, dict) else None
    return code if isinstance(code, str) and problem.get("type") == f"/problems/{code}" else ""

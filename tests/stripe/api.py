"""A request to ``/v1/…``: who asks, whether it was answered before; then its effect and its answer, in one unit."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.stripe.accounts import found as account_of
from tests.stripe.call import ROUTES, Call, Route
from tests.stripe.errors import Declined, Refused
from tests.stripe.events import API_VERSION
from tests.stripe.faults import Fault, Faults, HungUp
from tests.stripe.lists import shown
from tests.stripe.store import PLATFORM, Store
from tests.stripe.wire import decoded

_KEYS_KEPT_S = 24 * 3600
_LONGEST_KEY = 255
_BROKEN = {"error": {"message": "An unknown error occurred.", "type": "api_error"}}


@dataclass
class Answer:
    """What is sent back."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What was sent."""

    method: str
    path: str
    form: str
    headers: Mapping[str, str]


class Api:
    """Refuses in Stripe's words. Raises HungUp when a fault says so."""

    def __init__(self, store: Store, faults: Faults, base_url: str) -> None:
        self._store, self._faults, self._base_url = store, faults, base_url
        self._running: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        if self._faults.down():
            raise HungUp
        request_id = f"req_{secrets.token_hex(7)}"
        try:
            answer = self._answered(asked, request_id)
        except Refused as refused:
            answer = Answer(refused.status, json.dumps({"error": refused.error}))
        headers = {"Request-Id": request_id, "Stripe-Version": API_VERSION}
        return Answer(answer.status, answer.body, headers | answer.headers)

    def _answered(self, asked: Asked, request_id: str) -> Answer:
        account = self._caller(asked.headers)
        route, names = _route(asked)
        fault = self._faults.take(asked.method, asked.path)
        if fault is not None and fault.when == "before" and fault.kind != "wait":
            fault.strike()
        params = route.checked(decoded(asked.form))
        key = asked.headers.get("Idempotency-Key") if asked.method == "POST" else None
        call = Call(self._store, account, params, self._base_url, request_id, key)
        with self._alone(account, key):
            kept = self._kept(call, asked)
            if kept is not None:
                return kept
            if fault is not None and fault.kind == "wait":
                fault.strike()
            answer = self._executed(call, asked, route, names, fault)
        if fault is not None and fault.when == "after" and fault.kind in ("close", "timeout"):
            fault.strike()
        return answer

    def _caller(self, headers: Mapping[str, str]) -> str:
        """The account on whose behalf. Raises Refused (401, 403) for whoever has no test key of the platform."""
        key = headers.get("Authorization", "").removeprefix("Bearer ")
        if not key:
            raise Refused(
                "You did not provide an API key. You need to provide your API key in the Authorization header, using"
                " Bearer auth.",
                status=401,
            )
        if not re.fullmatch(r"(sk|rk)_test_\w+", key):
            raise Refused(f"Invalid API Key provided: {key[:7]}****{key[-4:]}", status=401)
        version = headers.get("Stripe-Version", API_VERSION)
        if version != API_VERSION:
            raise Refused(f"FAKE STRIPE: only the API version {API_VERSION} is imitated, not {version}.")
        account = headers.get("Stripe-Account", PLATFORM)
        if account != PLATFORM:
            account_of(Call(self._store, PLATFORM, {}), account)
        return account

    def running(self) -> list[str]:
        """The idempotency keys of requests under way."""
        with self._lock:
            return [key for _, key in self._running]

    @contextmanager
    def _alone(self, account: str, key: str | None) -> Iterator[None]:
        """Two requests with one key are never under way at once."""
        if key is None:
            yield
            return
        if not 0 < len(key) <= _LONGEST_KEY:
            raise Refused("Idempotency keys may be no longer than 255 characters.", kind="idempotency_error")
        with self._lock:
            if (account, key) in self._running:
                raise Refused(
                    "There is currently another in-progress request using this Idempotent Key (that probably means you"
                    f" submitted twice, and the other request is still going through): {key}. Please try again later.",
                    status=409, kind="idempotency_error", code="idempotency_key_in_use",
                )  # fmt: skip
            self._running.add((account, key))
        try:
            yield
        finally:
            with self._lock:
                self._running.discard((account, key))

    def _kept(self, call: Call, asked: Asked) -> Answer | None:
        """The answer that was given before to the same. Raises Refused when something else was asked with this key."""
        key = call.idempotency_key
        if key is None:
            return None
        oldest = call.store.now() - _KEYS_KEPT_S
        found = call.store.execute(
            "SELECT endpoint, params, status, body, request_id FROM answers WHERE account = ? AND key = ? AND at >= ?",
            call.account, key, oldest,
        )  # fmt: skip
        if not found:
            return None
        endpoint, params, status, body, request_id = found[0]
        if endpoint != asked.path:
            raise Refused(
                f"Keys for idempotent requests can only be used for the same endpoint they were first used for"
                f" ('{endpoint}' vs '{asked.path}'). Try using a key other than '{key}' if you meant to execute a"
                " different request.",
                kind="idempotency_error",
            )
        if params != _canonical(call.params):
            raise Refused(
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
                f" Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        headers = {"Idempotency-Key": key, "Idempotent-Replayed": "true", "Original-Request": request_id}
        return Answer(status, body, headers | _no_retry(status))

    def _executed(self, call: Call, asked: Asked, route: Route, names: dict[str, str], fault: Fault | None) -> Answer:
        breaks = fault is not None and fault.when == "after" and fault.kind == "500"
        try:
            with self._store.unit():
                try:
                    status, body = 200, shown(call, route.answer(call, **names))
                except Declined as declined:
                    status, body = declined.status, {"error": declined.error}
                if breaks:
                    status, body = 500, _BROKEN
                return self._keep(call, asked, status, json.dumps(body, indent=2))
        except Refused as refused:
            if refused.validation:
                raise
            with self._store.unit():
                return self._keep(call, asked, refused.status, json.dumps({"error": refused.error}, indent=2))

    def _keep(self, call: Call, asked: Asked, status: int, body: str) -> Answer:
        key = call.idempotency_key
        if key is None:
            return Answer(status, body)
        self._store.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            key, call.account, asked.path, _canonical(call.params), call.store.now(), status, body, call.request_id,
        )  # fmt: skip
        return Answer(status, body, {"Idempotency-Key": key} | _no_retry(status))


def _no_retry(status: int) -> dict[str, str]:
    """The answer is kept: to ask again brings the same."""
    return {"Stripe-Should-Retry": "false"} if status >= 500 else {}


def _route(asked: Asked) -> tuple[Route, dict[str, str]]:
    for route in ROUTES:
        match = route.pattern.match(asked.path)
        if match and route.method == asked.method:
            return route, match.groupdict()
    raise Refused(
        f"Unrecognized request URL ({asked.method}: {asked.path}). Please see https://stripe.com/docs or we can help at"
        " https://support.stripe.com/.",
        status=404,
    )


def _canonical(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, default=str)

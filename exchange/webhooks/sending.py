"""Sending: what is due is taken on lease, sent outside of any unit, and what came of it is written down.

Killed in between, the lease runs out and the message is sent again under the same id.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select

from core.db import Uow
from core.house import House
from core.outgoing import CallFailed, OutgoingAnswer, OutgoingCall, call
from exchange.webhooks import rules, service
from exchange.webhooks.events import EndpointStopped
from exchange.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from exchange.webhooks.signing import headers
from exchange.webhooks.types import MessageState

_LEASE = timedelta(seconds=60)
_AT_ONCE = 16
_OF_ONE = 4
"""An organisation whose endpoints take their time holds up no other."""
_TIMEOUT_MS = 15_000
_KEPT_OF_AN_ANSWER = 500
_GONE = 410


@dataclass(frozen=True)
class _Due:
    message_id: str
    endpoint_id: str
    url: str
    body: bytes
    secrets: tuple[str, ...]
    timestamp: int


@dataclass(frozen=True)
class _Outcome:
    status: int
    error: str
    latency_ms: int
    answer: str

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


def send_due(house: House, limit: int = _AT_ONCE) -> int:
    """Send up to ``limit`` messages that are due, side by side; answers how many were tried."""
    if not house.db.read(_any_due):
        return 0  # nobody's turn to write is taken for that
    due = house.db.write(lambda uow: _claim(uow, limit))
    if not due:
        return 0
    with ThreadPoolExecutor(len(due)) as pool:
        outcomes = list(pool.map(lambda each: _send(house, each), due))
    for each, outcome in zip(due, outcomes, strict=True):
        house.db.write(lambda uow, each=each, outcome=outcome: _note(uow, each, outcome))  # type: ignore[misc]
    return len(due)


def _is_due(uow: Uow) -> tuple[ColumnElement[bool], ...]:
    return WebhookMessage.state == str(MessageState.WAITING), WebhookMessage.due_at <= uow.now()


def _any_due(uow: Uow) -> bool:
    found = select(WebhookMessage.id).join(WebhookEndpoint, WebhookEndpoint.id == WebhookMessage.endpoint_id)
    return uow.session.execute(found.where(*_is_due(uow), WebhookEndpoint.on).limit(1)).first() is not None


def _claim(uow: Uow, limit: int) -> list[_Due]:
    place = func.row_number().over(partition_by=WebhookEndpoint.organisation_id, order_by=WebhookMessage.due_at)
    due = (
        select(WebhookMessage.id, place.label("place"))
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookMessage.endpoint_id)
        .where(*_is_due(uow), WebhookEndpoint.on)
        .subquery()
    )
    chosen = (
        select(WebhookMessage, WebhookEndpoint)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookMessage.endpoint_id)
        .where(
            WebhookMessage.id.in_(select(due.c.id).where(due.c.place <= _OF_ONE)),
            *_is_due(uow),
        )
        .order_by(WebhookMessage.due_at)
        .limit(limit)
        .with_for_update(of=WebhookMessage, skip_locked=True)
    )
    found = []
    for message, endpoint in uow.session.execute(chosen):
        message.due_at = uow.now() + _LEASE
        message.attempts += 1
        secrets = tuple(service.secrets_of(uow, endpoint))
        stamp = int(uow.now().timestamp())
        found.append(_Due(message.id, endpoint.id, endpoint.url, message.payload.encode(), secrets, stamp))
    return found


def _send(house: House, due: _Due) -> _Outcome:
    said = {"Content-Type": "application/json", "User-Agent": "Piaohao-Webhooks/1"}
    signed = headers(due.secrets, due.message_id, due.timestamp, due.body)
    request = OutgoingCall(
        "POST", due.url, headers=said | signed, body=due.body, timeout_ms=_TIMEOUT_MS, most_bytes=1 << 14
    )  # fmt: skip
    try:
        answer = call(request, house.settings.allowed_upstreams)
    except CallFailed as error:
        return _Outcome(0, error.code, 0, "")
    return _Outcome(answer.status, "", answer.latency_us // 1000, _kept(answer))


def _kept(answer: OutgoingAnswer) -> str:
    return answer.body[:_KEPT_OF_AN_ANSWER].decode("utf-8", "replace").replace("\x00", "�")


def _note(uow: Uow, due: _Due, outcome: _Outcome) -> None:
    message = uow.session.get(WebhookMessage, due.message_id, with_for_update=True, populate_existing=True)
    endpoint = uow.session.get(WebhookEndpoint, due.endpoint_id, with_for_update=True, populate_existing=True)
    if message is None or endpoint is None:
        return  # removed meanwhile
    written = select(WebhookAttempt.number).where(WebhookAttempt.message_id == message.id)
    number = len(uow.session.execute(written).all()) + 1
    uow.session.add(
        WebhookAttempt(
            message_id=message.id, number=number, at=uow.now(), status=outcome.status, error=outcome.error,
            latency_ms=outcome.latency_ms, answer=outcome.answer,
        )
    )  # fmt: skip
    if outcome.taken:
        message.state, message.due_at, message.delivered_at = str(MessageState.DELIVERED), None, uow.now()
        endpoint.failing_since = None
    else:
        _failed(uow, message, endpoint, outcome)


def _failed(uow: Uow, message: WebhookMessage, endpoint: WebhookEndpoint, outcome: _Outcome) -> None:
    wait = rules.pause(message.attempts, random.random())
    if wait is None:
        message.state, message.due_at = str(MessageState.FAILED), None
    else:
        message.due_at = uow.now() + wait
    endpoint.failing_since = endpoint.failing_since or uow.now()
    tired = uow.now() - endpoint.failing_since >= rules.GIVES_UP_AFTER
    if endpoint.on and (outcome.status == _GONE or tired):
        endpoint.on, endpoint.off_reason = False, "gone" if outcome.status == _GONE else "failing"
        endpoint.version += 1
        uow.emit(EndpointStopped(endpoint.id, endpoint.organisation_id, endpoint.version))

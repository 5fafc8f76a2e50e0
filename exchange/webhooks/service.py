"""What developers do with their organisation's endpoints, and the messages that are written for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from compliance.audit.service import record
from compliance.policy import require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Sentence
from core.rows import insert_missing
from exchange.webhooks import queries
from exchange.webhooks.errors import AddressRefused, EndpointOff, TooManyEndpoints
from exchange.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from exchange.webhooks.rules import OVERLAP, address_problem
from exchange.webhooks.signing import new_secret
from exchange.webhooks.types import TEST_TYPE, Endpoint, MadeEndpoint, MessageState, SentMessage

MOST_ENDPOINTS = 10
SEALED_BY = "webhooks"


def create(uow: Uow, actor: Actor, *, url: str, description: str = "", types: Sequence[str] = ()) -> MadeEndpoint:
    """A new endpoint of the organisation; its secret is in this answer and never shown again.

    Raises PolicyRefused, AddressRefused, TooManyEndpoints.
    """
    decision = require(actor, "webhook:create", queries.own(actor))
    assert actor.organisation_id is not None
    _check_address(uow, url)
    if queries.count(uow, actor.organisation_id) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(Sentence("At most %(most)s.", most=MOST_ENDPOINTS))
    endpoint_id, secret = new_id("whk"), new_secret()
    row = WebhookEndpoint(
        id=endpoint_id, organisation_id=actor.organisation_id, url=url, description=description,
        types=json.dumps(sorted(set(types))), sealed=_seal(uow, endpoint_id, secret), created_at=uow.now(), version=1,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    record(uow, actor, action="webhook:create", object_id=row.id, decision=decision, concerns=[row.organisation_id])
    return MadeEndpoint(row.snapshot(), secret)


def change(
    uow: Uow, actor: Actor, endpoint_id: str, *, url: str, description: str, types: Sequence[str], on: bool
) -> Endpoint:
    """Another address or other types; on again after it was off. Raises EndpointNotFound, PolicyRefused,
    AddressRefused.
    """
    row = queries.load(uow, actor, endpoint_id, lock=True)
    decision = require(actor, "webhook:change", queries.own(actor))
    _check_address(uow, url)
    row.url, row.description, row.types = url, description, json.dumps(sorted(set(types)))
    row.on, row.off_reason, row.failing_since = on, "" if on else "by_hand", None
    row.version += 1
    record(uow, actor, action="webhook:change", object_id=row.id, decision=decision, concerns=[row.organisation_id])
    return row.snapshot()


def rotate(uow: Uow, actor: Actor, endpoint_id: str) -> MadeEndpoint:
    """A new secret, shown once; for a day messages are signed with the old one too.

    Raises EndpointNotFound, PolicyRefused.
    """
    row = queries.load(uow, actor, endpoint_id, lock=True)
    decision = require(actor, "webhook:change", queries.own(actor))
    secret = new_secret()
    row.old_sealed, row.rotated_until = row.sealed, uow.now() + OVERLAP
    row.sealed = _seal(uow, row.id, secret)
    row.version += 1
    record(uow, actor, action="webhook:rotate", object_id=row.id, decision=decision, concerns=[row.organisation_id])
    return MadeEndpoint(row.snapshot(), secret)


def remove(uow: Uow, actor: Actor, endpoint_id: str) -> None:
    """The endpoint and what was sent to it are gone. Raises EndpointNotFound, PolicyRefused."""
    row = queries.load(uow, actor, endpoint_id, lock=True)
    decision = require(actor, "webhook:change", queries.own(actor))
    _forget_messages(uow, list(uow.session.execute(_ids(WebhookMessage.endpoint_id == row.id)).scalars()))
    uow.session.delete(row)
    record(uow, actor, action="webhook:remove", object_id=row.id, decision=decision, concerns=[row.organisation_id])


def test(uow: Uow, actor: Actor, endpoint_id: str) -> SentMessage:
    """Send a message of the type ``webhook.test``. Raises EndpointNotFound, PolicyRefused, EndpointOff."""
    row = queries.load(uow, actor, endpoint_id)
    require(actor, "webhook:change", queries.own(actor))
    _check_on(row)
    message_id = _write(uow, row, new_id("msg"), TEST_TYPE, uow.now(), {"endpoint_id": row.id})
    assert message_id is not None
    return uow.session.get_one(WebhookMessage, message_id).snapshot()


def redeliver(uow: Uow, actor: Actor, endpoint_id: str, message_id: str) -> SentMessage:
    """Send a message again now, under its old id.

    Raises EndpointNotFound, MessageNotFound, PolicyRefused, EndpointOff.
    """
    row = queries.message(uow, actor, endpoint_id, message_id)
    require(actor, "webhook:change", queries.own(actor))
    _check_on(queries.load(uow, actor, endpoint_id))
    row.state, row.due_at, row.delivered_at = str(MessageState.WAITING), uow.now(), None
    return row.snapshot()


def announce(
    uow: Uow, organisations: Sequence[str], *, fact: str, kind: str, at: datetime, data: Mapping[str, Any]
) -> int:
    """Write a message to each endpoint of these that wants it; each fact once. Answers how many were written."""
    chosen = select(WebhookEndpoint).where(WebhookEndpoint.organisation_id.in_(organisations))
    rows = uow.session.execute(chosen.order_by(WebhookEndpoint.id)).scalars()
    return sum(_write(uow, row, fact, kind, at, data) is not None for row in rows if row.wants(kind))


def secrets_of(uow: Uow, row: WebhookEndpoint) -> list[str]:
    """The secrets in force, the newest first."""
    sealed = [row.sealed]
    if row.old_sealed is not None and row.rotated_until is not None and uow.now() < row.rotated_until:
        sealed.append(row.old_sealed)
    return [uow.house.keyring.decrypt(SEALED_BY, each, row.id.encode()).decode() for each in sealed]


def forget_old(uow: Uow, before: datetime) -> int:
    """Remove messages written before that, some at once; answers how many."""
    chosen = _ids(WebhookMessage.created_at < before, WebhookMessage.state != str(MessageState.WAITING))
    ids = list(uow.session.execute(chosen.limit(200)).scalars())
    _forget_messages(uow, ids)
    return len(ids)


def _write(
    uow: Uow, row: WebhookEndpoint, fact: str, kind: str, at: datetime, data: Mapping[str, Any]
) -> str | None:  # fmt: skip
    said = {"type": kind, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": dict(data)}
    message = {
        "id": new_id("msg"), "endpoint_id": row.id, "fact": fact, "type": kind,
        "payload": json.dumps(said, ensure_ascii=False, separators=(",", ":")), "state": str(MessageState.WAITING),
        "attempts": 0, "created_at": uow.now(), "due_at": uow.now(), "delivered_at": None,
    }  # fmt: skip
    return str(message["id"]) if insert_missing(uow, WebhookMessage, [message]) else None


def _ids(*conditions: Any) -> Any:
    return select(WebhookMessage.id).where(*conditions)


def _forget_messages(uow: Uow, ids: Sequence[str]) -> None:
    uow.session.execute(delete(WebhookAttempt).where(WebhookAttempt.message_id.in_(ids)))
    uow.session.execute(delete(WebhookMessage).where(WebhookMessage.id.in_(ids)))


def _check_address(uow: Uow, url: str) -> None:
    if problem := address_problem(url, uow.house.settings.allowed_upstreams):
        raise AddressRefused(problem, field="url")


def _check_on(row: WebhookEndpoint) -> None:
    if not row.on:
        raise EndpointOff(hint="Switch it on first.", reason=row.off_reason)


def _seal(uow: Uow, endpoint_id: str, secret: str) -> bytes:
    return uow.house.keyring.encrypt(SEALED_BY, secret.encode(), endpoint_id.encode())

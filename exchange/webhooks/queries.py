"""Reads of webhooks: an organisation's developers see its own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from exchange.webhooks.errors import EndpointNotFound, MessageNotFound
from exchange.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from exchange.webhooks.types import Attempt, Endpoint, SentMessage


def own(actor: Actor) -> Resource:
    return Resource("webhook", actor.organisation_id or "none", {"owner": actor.organisation_id})


def load(uow: Uow, actor: Actor, endpoint_id: str, *, lock: bool = False) -> WebhookEndpoint:
    """The endpoint's row. Raises EndpointNotFound, also for another organisation's; PolicyRefused."""
    found = uow.session.get(WebhookEndpoint, endpoint_id, with_for_update=lock, populate_existing=lock)
    if found is None or found.organisation_id != actor.organisation_id:
        raise EndpointNotFound()
    require(actor, "webhook:see", own(actor))
    return found


def get(uow: Uow, actor: Actor, endpoint_id: str) -> Endpoint:
    """Raises EndpointNotFound, PolicyRefused."""
    return load(uow, actor, endpoint_id).snapshot()


def endpoints(uow: Uow, actor: Actor) -> list[Endpoint]:
    """The organisation's endpoints, the oldest first. Raises PolicyRefused."""
    require(actor, "webhook:see", own(actor))
    chosen = select(WebhookEndpoint).where(WebhookEndpoint.organisation_id == actor.organisation_id)
    return [row.snapshot() for row in uow.session.execute(chosen.order_by(WebhookEndpoint.id)).scalars()]


def count(uow: Uow, organisation_id: str) -> int:
    chosen = select(func.count()).select_from(WebhookEndpoint)
    return uow.session.execute(chosen.where(WebhookEndpoint.organisation_id == organisation_id)).scalar_one()


def messages(
    uow: Uow, actor: Actor, endpoint_id: str, *, cursor: str | None = None, limit: int = 25
) -> Page[SentMessage]:
    """What was sent to an endpoint, newest first. Raises EndpointNotFound, PolicyRefused."""
    load(uow, actor, endpoint_id)
    chosen = select(WebhookMessage).where(WebhookMessage.endpoint_id == endpoint_id)
    purpose = f"webhooks:{endpoint_id}"
    page = newest_first(uow, chosen, key=WebhookMessage.id, purpose=purpose, cursor=cursor, limit=limit)
    return convert(page, WebhookMessage.snapshot)


def message(uow: Uow, actor: Actor, endpoint_id: str, message_id: str) -> WebhookMessage:
    """One message's row. Raises EndpointNotFound, MessageNotFound, PolicyRefused."""
    load(uow, actor, endpoint_id)
    found = uow.session.get(WebhookMessage, message_id)
    if found is None or found.endpoint_id != endpoint_id:
        raise MessageNotFound()
    return found


def attempts(uow: Uow, actor: Actor, endpoint_id: str, message_id: str) -> list[Attempt]:
    """Each sending of a message. Raises as ``message`` does."""
    return attempts_of(uow, [message(uow, actor, endpoint_id, message_id).id])[message_id]


def attempts_of(uow: Uow, message_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """Each sending of each of these messages. Asks no policy: for whoever was shown them."""
    found: dict[str, list[Attempt]] = {each: [] for each in message_ids}
    chosen = select(WebhookAttempt).where(WebhookAttempt.message_id.in_(message_ids)).order_by(WebhookAttempt.number)
    for row in uow.session.execute(chosen).scalars():
        found[row.message_id].append(row.snapshot())
    return found

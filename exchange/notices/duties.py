"""What an actor must do next, read from the present state of every package; nothing is stored."""

from __future__ import annotations

from datetime import UTC, datetime

from billing.payments import queries as payments
from catalog.listings import queries as listings
from catalog.references.claims import queries as claims
from compliance.identity import queries as identity
from compliance.requests import queries as requests
from compliance.requests.types import RequestState, words
from compliance.review import queries as reviews
from core.actor import Actor
from core.db import Uow
from exchange.disputes import queries as disputes
from exchange.disputes.types import DisputeState
from exchange.notices.types import Task
from exchange.oversight import queries as oversight
from exchange.trading import queries as trading
from exchange.trading import requirements
from exchange.trading.types import OrderState

_MOST = 50
_NEVER = datetime.max.replace(tzinfo=UTC)
_QUALIFICATION = {
    "registered": "qualification:submit",
    "returned": "qualification:mend",
    "submitted": "qualification:wait",
}
_ORDER = {
    OrderState.INQUIRED: "order:answer", OrderState.OFFERED: "order:answer", OrderState.AGREED: "order:meet",
    OrderState.PLACED: "order:pay", OrderState.PAID: "order:download", OrderState.DELIVERED: "order:accept",
}  # fmt: skip
_LISTING = {"draft": "listing:finish", "returned": "listing:mend"}


def tasks(uow: Uow, actor: Actor) -> list[Task]:
    """Everything that waits for this actor, the earliest deadline first; nothing for a stranger."""
    if not actor.signed_in:
        return []
    found = [
        *_of_organisation(uow, actor),
        *_of_trade(uow, actor),
        *_of_supplier(uow, actor),
        *_of_reviewer(uow, actor),
        *_of_officer(uow, actor),
        *_of_finance(uow, actor),
        *_of_judges(uow, actor),
        *_of_people(uow, actor),
    ]
    return sorted(found, key=lambda task: task.due_at or _NEVER)[:_MOST]


def _of_organisation(uow: Uow, actor: Actor) -> list[Task]:
    if actor.organisation_id is None or not actor.has("owner"):
        return []
    own = identity.organisation(uow, actor.organisation_id)
    code = _QUALIFICATION.get(own.state)
    return [Task(code, own.id, {"zh": own.name}, note=own.reason)] if code else []


def _of_trade(uow: Uow, actor: Actor) -> list[Task]:
    waiting = trading.awaiting(uow, actor, limit=_MOST)
    return [Task(_ORDER[each.state], each.id, each.title, each.due_at) for each in waiting]


def _of_supplier(uow: Uow, actor: Actor) -> list[Task]:
    if actor.organisation_id is None or not actor.has("supplier"):
        return []
    own = actor.organisation_id
    contested = disputes.going_on(uow, state=DisputeState.OPEN, supplier_id=own, limit=_MOST)
    return [Task(_LISTING[each.state], each.id, each.title) for each in listings.unfinished(uow, actor, _MOST)] + [
        Task("dispute:answer", each.order_id, each.title, each.answer_by) for each in contested
    ]


def _of_judges(uow: Uow, actor: Actor) -> list[Task]:
    """Disputes that can be ruled, and orders that wait for an officer's approval."""
    if not actor.platform("officer"):
        return []
    ready = [
        each for each in disputes.going_on(uow, limit=_MOST)
        if each.state is DisputeState.ANSWERED or each.answer_by <= uow.now()
    ]  # fmt: skip
    return [Task("dispute:rule", each.order_id, each.title, each.answer_by) for each in ready] + [
        Task("order:approve", order.id, order.title, order.answer_by)
        for order in requirements.waiting_for_officers(uow, limit=_MOST)
    ]


def _of_people(uow: Uow, actor: Actor) -> list[Task]:
    """Requests of people who are in the own data; for officers, those that every supplier has answered, or too late."""
    found: list[Task] = []
    if actor.organisation_id is not None and actor.has("supplier"):
        asked = requests.tasks(uow, actor, state=RequestState.OPEN)
        found += [
            Task("request:answer", each.request_id, words().kinds[each.kind].names, each.due_at) for each in asked
        ]
    if actor.platform("officer"):
        ready = requests.to_close(uow, limit=_MOST)
        found += [Task("request:close", each.id, words().kinds[each.kind].names, each.due_at) for each in ready]
    return found


def _of_reviewer(uow: Uow, actor: Actor) -> list[Task]:
    if not actor.platform("reviewer"):
        return []
    waiting = reviews.to_judge(uow, actor, _MOST)
    return [Task("review:work", each.id, each.subject, each.due_by) for each in waiting]


def _of_officer(uow: Uow, actor: Actor) -> list[Task]:
    if not actor.platform("officer"):
        return []
    submitted = identity.organisations_in_state(uow, "submitted", limit=_MOST)
    second = reviews.to_confirm(uow, actor, _MOST)
    return (
        [Task("qualification:decide", each.id, {"zh": each.name}) for each in submitted]
        + [Task("review:confirm", each.id, each.subject, each.due_by) for each in second]
        + _alerts(uow)
        + [
            Task("claim:decide", each.id, each.title)
            for each in claims.claims(uow, actor, state="open", limit=_MOST).items
        ]
    )


def _alerts(uow: Uow) -> list[Task]:
    """What is unusual and nobody has looked at, by organisation."""
    found = oversight.open_alerts(uow, limit=_MOST)
    own = identity.organisations(uow, {each.organisation_id for each in found})
    names = {key: {"zh": each.name, "en": each.name_en or each.name} for key, each in own.items()}
    return [Task("alert:look", each.id, names[each.organisation_id]) for each in found]


def _of_finance(uow: Uow, actor: Actor) -> list[Task]:
    if not actor.platform("finance"):
        return []
    return [
        Task("topup:confirm", each.id, note=each.bank_reference)
        for each in payments.waiting(uow, limit=_MOST)
        if each.recorded_by != actor.account_id
    ]

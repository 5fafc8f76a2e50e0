"""What is about to end: told some time before, each once for each step of its approach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from compliance.identity import queries as identity
from core.db import Uow
from core.house import House
from exchange.disputes import queries as disputes
from exchange.disputes.types import DisputeState
from exchange.notices.handlers import buyer, deadline, supplier
from exchange.notices.service import tell
from exchange.notices.types import Audience
from exchange.trading import queries as trading
from exchange.trading.types import OrderSnapshot, OrderState

LONG = (30, 7, 1)
"""Days before a licence or a qualification ends."""
SHORT = (2,)
"""Days before somebody's time to answer is over."""


@dataclass(frozen=True)
class _Reminder:
    kind: str
    subject_id: str
    subject: dict[str, str]
    address: str
    due_at: datetime
    to: Audience


def remind(house: House) -> int:
    """Tell of everything that has come near; answers of how much. Doing it again tells nothing twice."""
    found = house.db.read(_due)
    return sum(house.db.write(lambda uow, each=each, days=days: _tell(uow, each, days)) for each, days in found)  # type: ignore[misc]


def step_of(left: timedelta, steps: tuple[int, ...]) -> int | None:
    """The nearest step that was passed: 8 days left of (30, 7, 1) is 30; None when it is further off, or over."""
    if left <= timedelta():
        return None
    return min((days for days in steps if left <= timedelta(days=days)), default=None)


def _due(uow: Uow) -> list[tuple[_Reminder, int]]:
    now = uow.now()
    long = [*_rights(uow, now), *_qualifications(uow, now)]
    short = [*_orders(uow, now), *_disputes(uow, now)]
    near = [(each, step_of(each.due_at - now, LONG)) for each in long]
    near += [(each, step_of(each.due_at - now, SHORT)) for each in short]
    return [(each, days) for each, days in near if days is not None]


def _tell(uow: Uow, each: _Reminder, days: int) -> bool:
    return tell(
        uow, key=f"remind:{each.kind}:{each.subject_id}:{each.due_at:%Y%m%d%H%M}:{days}", code=f"remind:{each.kind}",
        topic="reminders", to=[each.to], subject_id=each.subject_id, subject=each.subject, address=each.address,
        due_at=each.due_at,
    )  # fmt: skip


def _rights(uow: Uow, now: datetime) -> Iterable[_Reminder]:
    for order in trading.ending(uow, now, now + timedelta(days=max(LONG))):
        if order.entitlement is not None and order.entitlement.ends_at is not None:
            yield _of_order("right", order, order.entitlement.ends_at, buyer(order.buyer_id))


def _qualifications(uow: Uow, now: datetime) -> Iterable[_Reminder]:
    ids = identity.qualifications_ended(uow, now, now + timedelta(days=max(LONG)))
    for own in identity.organisations(uow, ids).values():
        if own.qualified_until is not None:
            names = {"zh": own.name, "en": own.name_en or own.name}
            yield _Reminder("qualification", own.id, names, "/onboarding", own.qualified_until, Audience(own.id, ()))


def _orders(uow: Uow, now: datetime) -> Iterable[_Reminder]:
    for order in trading.waiting(uow, now, now + timedelta(days=max(SHORT))):
        due_at = deadline(order)
        if due_at is None:
            continue
        sides = {"buyer": buyer(order.buyer_id), "supplier": supplier(order.supplier_id)}
        if order.state in (OrderState.INQUIRED, OrderState.OFFERED) and order.turn in sides:
            yield _of_order("answer", order, due_at, sides[order.turn])
        elif order.state == OrderState.AGREED:
            yield _of_order("agreed", order, due_at, sides["buyer"])
        else:
            yield _of_order("pay" if order.state == OrderState.PLACED else "accept", order, due_at, sides["buyer"])


def _disputes(uow: Uow, now: datetime) -> Iterable[_Reminder]:
    soon = now + timedelta(days=max(SHORT))
    for each in disputes.going_on(uow, state=DisputeState.OPEN, answer_before=soon):
        address = f"/orders/{each.order_id}/dispute"
        yield _Reminder("dispute", each.id, dict(each.title), address, each.answer_by, supplier(each.supplier_id))


def _of_order(kind: str, order: OrderSnapshot, due_at: datetime, to: Audience) -> _Reminder:
    return _Reminder(kind, order.id, dict(order.title), f"/orders/{order.id}", due_at, to)

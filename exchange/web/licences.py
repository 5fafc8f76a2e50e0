"""The licences to call an interface that an organisation holds, as its people see them beside the operations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.interfaces.types import InterfaceSnapshot
from catalog.listings import queries as listings
from core.actor import Actor
from core.db import Uow
from core.problems import NotFound
from exchange.trading import queries as trading
from exchange.trading.types import CompiledEntitlement


@dataclass(frozen=True)
class Licence:
    """A right to call that is not over. ``interface`` is the one that was licensed, with everything in it."""

    entitlement_id: str
    order_id: str
    purpose: str
    ends_at: datetime | None
    state: str
    interface: InterfaceSnapshot

    @property
    def callable(self) -> bool:
        return self.state == "active"


def held(uow: Uow, actor: Actor, listing_id: str) -> list[Licence]:
    """Those of the actor's organisation whose orders the actor may see, callable ones first, newest first."""
    if actor.organisation_id is None:
        return []
    ids = trading.entitlement_ids(uow, organisation_id=actor.organisation_id, listing_id=listing_id)
    found = [_licence(uow, each) for each in trading.compiled(uow, ids) if _in_force(uow, actor, each)]
    return sorted(found, key=lambda each: (each.callable, each.entitlement_id), reverse=True)


def _in_force(uow: Uow, actor: Actor, right: CompiledEntitlement) -> bool:
    over = right.ends_at is not None and right.ends_at <= uow.now()
    if right.interface_id is None or right.state != "active" or over:
        return False
    try:
        trading.get(uow, actor, right.order_id)
    except NotFound:
        return False
    return True


def _licence(uow: Uow, right: CompiledEntitlement) -> Licence:
    interface = listings.revision(uow, right.revision_id).interface
    assert interface is not None
    state = "frozen" if right.frozen else "active" if right.permitted else "refused"
    return Licence(right.id, right.order_id, right.purpose, right.ends_at, state, interface)

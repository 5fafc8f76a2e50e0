"""The record of a step: its audit entry, its row in the order's story, its event, in one unit with the change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from compliance.audit.service import record
from compliance.policy import Decision
from compliance.retention import service as retention
from core.actor import Actor
from core.db import Uow
from exchange.trading import rules
from exchange.trading.events import OrderChanged
from exchange.trading.models import Order, OrderStep


def note(
    uow: Uow, actor: Actor, order: Order, action: str, decision: Decision | None, *, text: str = "",
    data: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """Record what was just done to the order; answers the audit entry's id.

    A step moves the order's version, so the version numbers the story.
    """
    entry_id = record(
        uow, actor, action=f"order:{action}", object_id=order.id, object_version=order.version, tier=order.tier,
        decision=decision, data={**_data(order), **(data or {})},
        concerns=[order.buyer_id] if action in rules.AMONG_BUYERS else [order.buyer_id, order.supplier_id],
    )  # fmt: skip
    uow.session.add(
        OrderStep(
            order_id=order.id, number=order.version, state=order.state, action=action,
            at=uow.now(), by=_side(actor, order), note=text, audit_entry_id=entry_id,
            decision=json.dumps(decision.as_dict(), ensure_ascii=False) if decision else None,
        )
    )  # fmt: skip
    if order.state in rules.ENDED:
        retention.keep_records(uow, [order.id], tier=order.tier, ended_at=uow.now())
    uow.emit(OrderChanged(order_id=order.id, state=order.state, action=action, number=order.version))
    return entry_id


def _data(order: Order) -> dict[str, str]:
    data = {
        "state": order.state, "buyer": order.buyer_id, "supplier": order.supplier_id, "listing": order.listing_id,
        "revision": order.revision_id, "currency": order.currency, "gross": str(order.gross), "net": str(order.net),
        "tax": str(order.tax), "purpose": order.purpose, "terms_hash": order.terms_hash, "plan_hash": order.plan_hash,
    }  # fmt: skip
    if order.agreement_hash:
        data |= {"agreement_hash": order.agreement_hash}
    if order.limits is not None:
        data |= {"limits_hash": hashlib.sha256(order.limits.encode()).hexdigest()}
    if order.licence is not None:
        data |= {"licence": order.licence.id, "licence_hash": order.licence.policy_hash}
    if order.invoice_id:
        data |= {"invoice": order.invoice_id}
    return data


def _side(actor: Actor, order: Order) -> str:
    if actor.organisation_id == order.buyer_id:
        return "buyer"
    return "supplier" if actor.organisation_id == order.supplier_id else "platform"

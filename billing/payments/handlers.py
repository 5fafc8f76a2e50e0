"""Payments follow the processor: in the unit in which its answer is written down."""

from __future__ import annotations

from collections.abc import Mapping

from billing.payments import chargebacks, following, refunds
from billing.processor.events import AttemptDone, AttemptRefused, ProcessorTold
from billing.processor.types import Kind
from core.db import Uow
from core.house import House

_TOLD = {
    Kind.CHECKOUT: following.session_told,
    Kind.INTENT: following.intent_told,
    Kind.REFUND: refunds.told,
    Kind.DISPUTE: chargebacks.told,
}


def _told(uow: Uow, event: ProcessorTold) -> None:
    """What is about a payment tells of the payment too, which nobody may have told us of yet."""
    intent = event.told.object.get("payment_intent")
    if event.told.kind in (Kind.DISPUTE, Kind.CHARGE) and isinstance(intent, Mapping):
        following.intent_told(uow, intent)
    if event.told.kind in _TOLD:
        _TOLD[event.told.kind](uow, event.told.object)


def listen(house: House) -> None:
    for feature in (following, refunds, chargebacks):
        house.registry.inline(AttemptDone, feature.done)
        house.registry.inline(AttemptRefused, feature.refused)
    house.registry.inline(ProcessorTold, _told)

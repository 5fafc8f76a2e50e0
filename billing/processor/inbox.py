"""Messages of the processor: signed, each carried out once, and never believed.

A message only says that something changed. The object is looked at again, so that neither the order of messages nor
what they say matters, and what follows is written in one unit with the message's id. When that fails, nothing is
kept and the processor is asked to send it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from billing.processor.errors import (
    MessageInvalid,
    ProcessorUnavailable,
    ProcessorUnreachable,
    RemoteRefusal,
    RemoteUnknown,
    SignatureInvalid,
)
from billing.processor.events import ProcessorTold
from billing.processor.models import EventRow
from billing.processor.service import look
from billing.processor.types import Kind, Told
from core.db import Uow
from core.house import House
from core.rows import insert_missing

MOST_BYTES = 256 << 10
TOLERANCE_S = 300
_KINDS = {
    "checkout.session": Kind.CHECKOUT,
    "payment_intent": Kind.INTENT,
    "refund": Kind.REFUND,
    "dispute": Kind.DISPUTE,
    "account": Kind.ACCOUNT,
    "transfer": Kind.TRANSFER,
    "payout": Kind.PAYOUT,
}


def receive(house: House, raw: bytes, signature: str) -> str:
    """Carry out a message; answers ``done``, ``known`` for one that was, or ``ignored`` for what concerns us not.

    Raises ProcessorUnavailable, SignatureInvalid (also for one older than five minutes), MessageInvalid, and
    ProcessorUnreachable when the object cannot be looked at now: then it is to be sent again.
    """
    event = _verified(house, raw, signature)
    event_id, said = event["id"], event["data"]["object"]
    if house.db.read(lambda uow: uow.session.get(EventRow, event_id) is not None):
        return "known"
    kind, object_id, account = _KINDS.get(said.get("object", "")), str(said.get("id", "")), event.get("account") or ""
    told = _look(house, kind, object_id, account) if kind and object_id else None
    return house.db.write(lambda uow: _carry_out(uow, event, object_id, account, told))


def _carry_out(uow: Uow, event: Mapping[str, Any], object_id: str, account: str, told: Told | None) -> str:
    outcome = "done" if told else "ignored"
    row = {"id": event["id"], "type": event["type"][:80], "object_id": object_id, "account": account,
           "outcome": outcome, "received_at": uow.now()}  # fmt: skip
    if not insert_missing(uow, EventRow, [row]):
        return "known"
    if told is not None:
        uow.emit(ProcessorTold(told))
    return outcome


def _look(house: House, kind: Kind, object_id: str, account: str) -> Told | None:
    try:
        return look(house, kind, object_id, account)
    except RemoteRefusal:
        return None  # it is not there, or not ours
    except RemoteUnknown as unknown:
        raise ProcessorUnreachable(str(unknown)[:200]) from None


def _verified(house: House, raw: bytes, signature: str) -> Mapping[str, Any]:
    """Endpoints of the own account and of connected ones have secrets of their own, and a new one beside the old."""
    secrets = [each.strip() for each in house.settings.stripe_webhook_secret.split(",") if each.strip()]
    if not (house.settings.stripe_key and secrets):
        raise ProcessorUnavailable("No payment processor is connected.")
    if not any(_is_signed(raw, signature, secret) for secret in secrets):
        raise SignatureInvalid("Nothing was done.")
    return _event(raw)


def _is_signed(raw: bytes, signature: str, secret: str) -> bool:
    import stripe

    try:
        return bool(stripe.WebhookSignature.verify_header(raw.decode(), signature, secret, TOLERANCE_S))
    except (stripe.SignatureVerificationError, UnicodeDecodeError, ValueError, IndexError):
        return False


def _event(raw: bytes) -> Mapping[str, Any]:
    try:
        event: dict[str, Any] = json.loads(raw)
    except (ValueError, RecursionError):
        raise MessageInvalid("The body is not JSON.") from None
    whole = isinstance(event, dict) and isinstance(event.get("data"), dict)
    if not whole or not isinstance(event["data"].get("object"), dict):
        raise MessageInvalid("A message has an id, a type and data.object.")
    if not all(isinstance(event.get(name), str) and 0 < len(event[name]) <= 120 for name in ("id", "type")):
        raise MessageInvalid("A message has an id, a type and data.object.")
    return event

"""A refund that somebody made in the processor's own dashboard, booked when a person says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.payments import queries, refunds
from billing.payments.models import PaymentRow
from billing.payments.types import CardRefund
from billing.processor.amounts import from_remote
from billing.processor.client import id_of
from billing.processor.errors import EntryMatched, NothingBehind
from compliance.policy import Decision
from core.actor import Actor
from core.db import Uow
from core.rows import locked


def refunded(uow: Uow, actor: Actor, remote: Mapping[str, Any], reason: str, decision: Decision) -> CardRefund:
    """It leaves the payer's balance as one that was asked for here does. Asks no policy: for services that asked.

    Raises NothingBehind for one of no payment of ours, or that did not go back (yet), EntryMatched, and BalanceTooLow
    when the payer has spent it: what it was spent for is given back first.
    """
    payment = _payment(uow, remote)
    currency = str(remote["currency"]).upper()
    if payment is None or remote["status"] != "succeeded" or currency != payment.currency:
        raise NothingBehind("It is no refund of a payment of ours, or the money has not gone back.")
    if (remote.get("metadata") or {}).get("refund") or queries.refund_known(uow, str(remote["id"])):
        raise EntryMatched("It was asked for here, or is booked already.")
    amount = from_remote(remote["amount"], currency)
    row = refunds.set_aside(uow, actor, payment.snapshot(), amount, reason, remote_id=str(remote["id"]))
    refunds.settle(uow, row)
    refunds.note(uow, actor, "card_refund:book_outside", row.snapshot(), decision)
    return row.snapshot()


def _payment(uow: Uow, remote: Mapping[str, Any]) -> PaymentRow | None:
    """Locked: of two who book the same refund, one finds it booked."""
    intent = id_of(remote.get("payment_intent"))
    return locked(uow, PaymentRow, PaymentRow.intent_id == intent) if intent else None

"""What happened to orders and payments, written as messages: from the outbox, each fact once for each endpoint."""

from __future__ import annotations

from billing.payments import queries as payments
from billing.payments.events import PaymentEndedUnpaid, PaymentSucceeded
from core.db import Uow
from core.house import House
from core.money import format_amount
from exchange.disputes import queries as disputes
from exchange.disputes.events import DisputeChanged
from exchange.trading import queries as trading
from exchange.trading.events import OrderChanged
from exchange.webhooks.service import announce
from exchange.webhooks.types import DISPUTE_TYPES, ORDER_TYPES


def order_changed(house: House, event: OrderChanged) -> None:
    """The endpoints of the parties whose matter it is; the state is the step's, also when the order has moved on."""

    def work(uow: Uow) -> None:
        found = trading.present(uow, event.order_id, event.number)
        if found is None:
            return
        order, step = found
        data = {
            "order_id": order.id, "number": event.number, "action": event.action, "state": step.state, "by": step.by,
            "listing_id": order.listing_id, "buyer_id": order.buyer_id, "supplier_id": order.supplier_id,
        }  # fmt: skip
        theirs = [order.supplier_id] if trading.concerns_supplier(uow, order, step) else []
        announce(
            uow, [order.buyer_id, *theirs], fact=f"{order.id}:{event.number}",
            kind=ORDER_TYPES.get(event.action, "order.updated"), at=step.at, data=data,
        )  # fmt: skip

    house.db.write(work)


def dispute_changed(house: House, event: DisputeChanged) -> None:
    def work(uow: Uow) -> None:
        dispute = disputes.present(uow, event.dispute_id)
        if dispute is None:
            return
        data = {
            "dispute_id": dispute.id, "order_id": dispute.order_id, "number": event.number, "state": event.state,
            "outcome": str(dispute.outcome) if dispute.outcome else None, "buyer_id": dispute.buyer_id,
            "supplier_id": dispute.supplier_id,
        }  # fmt: skip
        announce(
            uow, [dispute.buyer_id, dispute.supplier_id], fact=f"{dispute.id}:{event.number}",
            kind=DISPUTE_TYPES.get(event.deed, "dispute.stated"), at=uow.now(), data=data,
        )  # fmt: skip

    house.db.write(work)


def payment_succeeded(house: House, event: PaymentSucceeded) -> None:
    """Once for each payment: what was received may be another amount than was asked for."""
    house.db.write(lambda uow: _of_payment(uow, event.payment_id, "payment.succeeded"))


def payment_unpaid(house: House, event: PaymentEndedUnpaid) -> None:
    """Failed, expired or stopped: the state says which."""
    house.db.write(lambda uow: _of_payment(uow, event.payment_id, "payment.failed"))


def _of_payment(uow: Uow, payment_id: str, kind: str) -> None:
    found = payments.load(uow, payment_id)
    data = {
        "payment_id": found.id, "purpose": str(found.purpose), "subject_id": found.subject_id or None,
        "state": str(found.state), "method": str(found.method), "currency": found.currency,
        "amount": format_amount(found.amount, found.currency),
        "received": format_amount(found.received, found.currency), "code": found.code or None,
    }  # fmt: skip
    at = found.ended_at or found.begun_at
    announce(uow, [found.organisation_id], fact=f"{found.id}:{kind}", kind=kind, at=at, data=data)

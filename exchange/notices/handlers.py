"""What happened, told to those it concerns: from the outbox, each fact once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from billing.invoices.events import CreditNoteIssued, InvoiceIssued
from billing.payments.events import TopUpSettled
from billing.settlement.events import PayableReleasedToSupplier
from catalog.listings import queries as listings
from compliance.identity import queries as identity
from compliance.identity.events import AccountForgotten, QualificationChanged
from compliance.requests import queries as requests
from compliance.requests.events import RequestChanged, TaskOpened
from compliance.requests.types import words
from compliance.review.events import ReviewApproved, ReviewReturned
from core.db import Uow
from core.house import House
from core.money import format_amount
from exchange.disputes import queries as disputes
from exchange.disputes.events import DisputeChanged
from exchange.disputes.types import DisputeSnapshot
from exchange.notices.service import forget_account, tell
from exchange.notices.types import Audience
from exchange.trading import queries as trading
from exchange.trading.events import OrderChanged
from exchange.trading.types import OrderSnapshot, OrderState
from exchange.webhooks.events import EndpointStopped

OFFICERS = Audience(None, ("officer",))


def buyer(organisation_id: str) -> Audience:
    return Audience(organisation_id, ("buyer", "finance"))


def supplier(organisation_id: str) -> Audience:
    return Audience(organisation_id, ("supplier",))


def order_changed(house: House, event: OrderChanged) -> None:
    """The side that did not act is told, if it is its matter; both, when it was the platform or time."""
    if event.action.startswith("dispute"):
        return  # told by the dispute itself

    def work(uow: Uow) -> None:
        found = trading.present(uow, event.order_id, event.number)
        if found is None:
            return
        order, step = found
        sides = {"buyer": buyer(order.buyer_id), "supplier": supplier(order.supplier_id)}
        if not trading.concerns_supplier(uow, order, step):
            del sides["supplier"]
        tell(
            uow, key=f"{order.id}:{event.number}", code=f"order:{event.action}", topic="orders",
            to=[audience for side, audience in sides.items() if side != step.by], subject_id=order.id,
            subject=order.title, address=f"/orders/{order.id}", note=step.note, due_at=deadline(order),
        )  # fmt: skip

    house.db.write(work)


def deadline(order: OrderSnapshot) -> datetime | None:
    """By when the order waits for somebody."""
    if order.frozen_at is not None:
        return None
    return {
        OrderState.PLACED: order.pay_by, OrderState.PAID: order.accept_by, OrderState.DELIVERED: order.accept_by,
        OrderState.INQUIRED: order.answer_by, OrderState.OFFERED: order.answer_by, OrderState.AGREED: order.answer_by,
    }.get(OrderState(order.state))  # fmt: skip


def dispute_changed(house: House, event: DisputeChanged) -> None:
    def work(uow: Uow) -> None:
        dispute = disputes.present(uow, event.dispute_id)
        if dispute is None:
            return
        tell(
            uow, key=f"{dispute.id}:{event.number}", code=f"dispute:{event.deed}", topic="disputes",
            to=_of_dispute(dispute), subject_id=dispute.id, subject=dispute.title,
            address=f"/orders/{dispute.order_id}/dispute", note=dispute.ruling,
            due_at=dispute.answer_by if event.deed == "open" else None,
        )  # fmt: skip

    house.db.write(work)


def _of_dispute(dispute: DisputeSnapshot) -> list[Audience]:
    return [buyer(dispute.buyer_id), supplier(dispute.supplier_id), OFFICERS]


def qualification_changed(house: House, event: QualificationChanged) -> None:
    def work(uow: Uow) -> None:
        own = identity.organisation(uow, event.organisation_id)
        to = [Audience(own.id, ())] if event.state != "submitted" else [OFFICERS]
        address = "/onboarding" if event.state != "submitted" else "/qualifications"
        tell(
            uow, key=f"{own.id}:{event.state}:{own.version}", code=f"qualification:{event.state}",
            topic="qualification", to=to, subject_id=own.id, subject={"zh": own.name, "en": own.name_en or own.name},
            address=address, note=own.reason,
        )  # fmt: skip

    house.db.write(work)


def task_opened(house: House, event: TaskOpened) -> None:
    """A person who is in the supplier's data asks for something."""

    def work(uow: Uow) -> None:
        found = requests.brief(uow, event.request_id)
        if found is not None:
            tell(
                uow, key=f"{event.request_id}:{event.organisation_id}", code="request:task", topic="requests",
                to=[supplier(event.organisation_id)], subject_id=event.request_id,
                subject=words().kinds[found.kind].names, address=f"/requests/{event.request_id}", due_at=found.due_at,
            )  # fmt: skip

    house.db.write(work)


def request_changed(house: House, event: RequestChanged) -> None:
    def work(uow: Uow) -> None:
        found = requests.brief(uow, event.request_id)
        if found is not None and event.state in ("open", "answered"):
            tell(
                uow, key=f"{event.request_id}:{event.state}", code=f"request:{event.state}", topic="requests",
                to=[OFFICERS], subject_id=event.request_id, subject=words().kinds[found.kind].names,
                address=f"/requests/{event.request_id}", due_at=found.due_at,
            )  # fmt: skip

    house.db.write(work)


def account_forgotten(uow: Uow, event: AccountForgotten) -> None:
    forget_account(uow, event.account_id)


def review_approved(house: House, event: ReviewApproved) -> None:
    house.db.write(lambda uow: _of_listing(uow, event.subject_id, f"{event.review_id}:approved", "approved", ""))


def review_returned(house: House, event: ReviewReturned) -> None:
    which = hashlib.sha256(event.reason.encode()).hexdigest()[:12]
    key = f"{event.review_id}:returned:{which}"
    house.db.write(lambda uow: _of_listing(uow, event.subject_id, key, "returned", event.reason))


def _of_listing(uow: Uow, listing_id: str, key: str, deed: str, note: str) -> None:
    listing = listings.briefs(uow, [listing_id]).get(listing_id)
    if listing is None:
        return
    address = f"/listings/{listing_id}" + ("/edit" if deed == "returned" else "")
    tell(
        uow, key=key, code=f"review:{deed}", topic="listings", to=[supplier(listing.supplier_id)],
        subject_id=listing_id, subject=listing.title, address=address, note=note,
    )  # fmt: skip


def payable_released(house: House, event: PayableReleasedToSupplier) -> None:
    to, amount = Audience(event.supplier_id, ("supplier", "finance")), format_amount(event.share, event.currency)
    key = f"released:{event.order_id}:{event.period}"
    _money(house, key, "released", to, event.order_id, "/payables", f"{amount} {event.currency}")


def credit_issued(house: House, event: CreditNoteIssued) -> None:
    to = (Audience(event.buyer_id, ("buyer", "finance")), Audience(event.supplier_id, ("supplier", "finance")))
    for audience in to:
        key = f"{event.credit_note_id}:{audience.organisation_id}"
        address = f"/invoices/{event.credit_note_id}"
        _money(house, key, "credit", audience, event.credit_note_id, address, event.period)


def invoice_issued(house: House, event: InvoiceIssued) -> None:
    """Of usage: what is paid at once needs no telling."""
    if event.period:
        to = Audience(event.buyer_id, ("buyer", "finance"))
        amount = f"{event.period} · {format_amount(event.net, event.currency)} {event.currency}"
        _money(house, event.invoice_id, "invoice", to, event.invoice_id, f"/invoices/{event.invoice_id}", amount)


def topup_settled(house: House, event: TopUpSettled) -> None:
    to = Audience(event.organisation_id, ("finance", "buyer"))
    amount = f"{format_amount(event.amount, event.currency)} {event.currency}"
    _money(house, f"{event.top_up_id}:{event.state}", "topup", to, event.top_up_id, "/balance", amount)


def _money(house: House, key: str, deed: str, to: Audience, subject_id: str, address: str, note: str) -> None:
    nothing: Mapping[str, str] = {}
    house.db.write(
        lambda uow: tell(
            uow, key=key, code=f"money:{deed}", topic="money", to=[to], subject_id=subject_id, subject=nothing,
            address=address, note=note,
        )
    )  # fmt: skip


def endpoint_stopped(house: House, event: EndpointStopped) -> None:
    house.db.write(
        lambda uow: tell(
            uow, key=f"{event.endpoint_id}:{event.version}", code="webhook:stopped", topic="orders",
            to=[Audience(event.organisation_id, ("developer",))], subject_id=event.endpoint_id, subject={},
            address=f"/webhooks/{event.endpoint_id}",
        )
    )  # fmt: skip

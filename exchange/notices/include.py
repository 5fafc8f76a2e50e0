"""Joins notices to the house."""

from __future__ import annotations

from billing.invoices.events import CreditNoteIssued, InvoiceIssued
from billing.payments.events import TopUpSettled
from billing.settlement.events import PayableReleasedToSupplier
from compliance.identity.events import QualificationChanged
from compliance.requests.events import RequestChanged, TaskOpened
from compliance.review.events import ReviewApproved, ReviewReturned
from core.house import House
from exchange.disputes.events import DisputeChanged
from exchange.notices import handlers
from exchange.notices.views import api
from exchange.trading.events import OrderChanged
from exchange.webhooks.events import EndpointStopped


def include(house: House) -> None:
    """Tasks are read from the present state; notices are kept, and follow what happened by the outbox."""
    later = house.registry.later
    later(OrderChanged, "notices.order", handlers.order_changed)
    later(DisputeChanged, "notices.dispute", handlers.dispute_changed)
    later(QualificationChanged, "notices.qualification", handlers.qualification_changed)
    later(TaskOpened, "notices.request_task", handlers.task_opened)
    later(RequestChanged, "notices.request", handlers.request_changed)
    later(ReviewApproved, "notices.review_approved", handlers.review_approved)
    later(ReviewReturned, "notices.review_returned", handlers.review_returned)
    later(PayableReleasedToSupplier, "notices.released", handlers.payable_released)
    later(CreditNoteIssued, "notices.credit", handlers.credit_issued)
    later(InvoiceIssued, "notices.invoice", handlers.invoice_issued)
    later(TopUpSettled, "notices.topup", handlers.topup_settled)
    later(EndpointStopped, "notices.endpoint_stopped", handlers.endpoint_stopped)
    house.add_api(api)

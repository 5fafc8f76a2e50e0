"""Joins notices to the house."""

from __future__ import annotations

from billing.invoices.events import CreditNoteIssued, InvoiceIssued
from billing.payments.events import TopUpSettled
from billing.payouts.events import ArrivalChanged, BankAccountChanged, PayoutConcluded, TransferReversed
from billing.settlement.events import PayableReleasedToSupplier
from catalog.listings.events import ListingResumed, ListingStopped, ReviewDue
from catalog.references.claims.events import ClaimDecided, ClaimMade
from compliance.identity.events import AccountForgotten, QualificationChanged
from compliance.requests.events import RequestChanged, TaskOpened
from compliance.review.events import ReviewApproved, ReviewCommented, ReviewReturned
from core.house import House
from exchange.disputes.events import DisputeChanged
from exchange.notices import accounting, handlers, market, oversight, payouts
from exchange.notices.payments import listen as listen_to_payments
from exchange.notices.views import api
from exchange.oversight.events import AlertRaised
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
    later(PayoutConcluded, "notices.payout", payouts.payout_concluded)
    later(TransferReversed, "notices.transfer_reversed", payouts.transfer_reversed)
    later(ArrivalChanged, "notices.arrival", payouts.arrival_changed)
    later(BankAccountChanged, "notices.bank_account", payouts.bank_account_changed)
    later(EndpointStopped, "notices.endpoint_stopped", handlers.endpoint_stopped)
    later(ReviewCommented, "notices.review_commented", oversight.review_commented)
    later(ReviewDue, "notices.review_due", oversight.review_due)
    later(ListingStopped, "notices.listing_stopped", oversight.stopped)
    later(ListingResumed, "notices.listing_resumed", oversight.resumed)
    later(ClaimMade, "notices.claim_made", oversight.claim_made)
    later(ClaimDecided, "notices.claim_decided", oversight.claim_decided)
    later(AlertRaised, "notices.alert_raised", oversight.alert_raised)
    listen_to_payments(house)
    accounting.listen(house)
    market.listen(house)
    house.registry.inline(AccountForgotten, handlers.account_forgotten)
    house.add_api(api)

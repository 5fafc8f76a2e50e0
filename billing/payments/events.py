"""Facts about payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class TopUpRecorded(Event):
    """A transfer waits for its second person."""

    name: ClassVar[str] = "top_up.recorded"
    top_up_id: str
    organisation_id: str


@dataclass(frozen=True)
class TopUpSettled(Event):
    """A top-up was confirmed (the balance rose), rejected or cancelled."""

    name: ClassVar[str] = "top_up.settled"
    top_up_id: str
    organisation_id: str
    state: str
    amount: int
    currency: str


@dataclass(frozen=True)
class PaymentSucceeded(Event):
    """Money arrived through the processor and stands on the prepaid balance."""

    name: ClassVar[str] = "payment.succeeded"
    payment_id: str
    organisation_id: str
    purpose: str
    subject_id: str
    amount: int
    currency: str
    begun_by: str


@dataclass(frozen=True)
class PaymentEndedUnpaid(Event):
    """A payment failed, expired or was cancelled; ``code`` says why."""

    name: ClassVar[str] = "payment.unpaid"
    payment_id: str
    organisation_id: str
    purpose: str
    subject_id: str
    state: str
    code: str


@dataclass(frozen=True)
class PaymentWantsConfirmation(Event):
    """The payer's bank wants to hear from the payer, on the processor's page."""

    name: ClassVar[str] = "payment.wants_confirmation"
    payment_id: str
    organisation_id: str


@dataclass(frozen=True)
class CardRefundEnded(Event):
    """A refund arrived where the money had come from, or failed and is back on the balance."""

    name: ClassVar[str] = "card_refund.ended"
    refund_id: str
    payment_id: str
    organisation_id: str
    state: str
    amount: int
    currency: str


@dataclass(frozen=True)
class ChargebackChanged(Event):
    """A payer's bank contests a payment, or that was decided."""

    name: ClassVar[str] = "chargeback.changed"
    chargeback_id: str
    payment_id: str
    organisation_id: str
    state: str
    amount: int
    currency: str

"""Money that comes in: bank transfers, payments through the processor, and what is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TopUpState(StrEnum):
    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


TRANSITIONS: dict[TopUpState, frozenset[TopUpState]] = {
    TopUpState.RECORDED: frozenset({TopUpState.CONFIRMED, TopUpState.REJECTED, TopUpState.CANCELLED}),
    TopUpState.CONFIRMED: frozenset(),
    TopUpState.REJECTED: frozenset(),
    TopUpState.CANCELLED: frozenset(),
}


@dataclass(frozen=True)
class TopUp:
    """A transfer seen at the bank; money exists only once a second person confirmed it."""

    id: str
    organisation_id: str
    amount: int
    currency: str
    bank_reference: str
    state: TopUpState
    recorded_by: str
    recorded_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    version: int


class Purpose(StrEnum):
    """What a payment is for. Whatever it is, the money arrives on the prepaid balance first."""

    TOP_UP = "top_up"
    INVOICE = "invoice"
    ORDER = "order"


class Method(StrEnum):
    CARD = "card"
    ALIPAY = "alipay"
    WECHAT_PAY = "wechat_pay"
    SAVED_CARD = "saved_card"


class PaymentState(StrEnum):
    """``planned`` until the processor knows of it, ``open`` until it is paid or can be no more.

    A payment that the processor says has succeeded is booked, whatever we thought of it before.
    """

    PLANNED = "planned"
    OPEN = "open"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


PENDING = (PaymentState.PLANNED, PaymentState.OPEN)


@dataclass(frozen=True)
class Payment:
    """One payment through the processor. ``url`` is where its payer goes on, as long as it is open.

    ``received`` is what arrived, ``refunded`` what went back, ``refunding`` what is on its way back, ``contested``
    what the payer's bank has taken back.
    """

    id: str
    organisation_id: str
    purpose: Purpose
    subject_id: str
    method: Method
    amount: int
    currency: str
    state: PaymentState
    url: str
    session_id: str
    intent_id: str
    code: str
    message: str
    received: int
    refunded: int
    refunding: int
    contested: int
    begun_by: str
    begun_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    version: int

    @property
    def pending(self) -> bool:
        return self.state in PENDING

    @property
    def refundable(self) -> int:
        return self.received - self.refunded - self.refunding - self.contested


class RefundState(StrEnum):
    """``reserved`` while the money is on its way; a failed one is back on the prepaid balance."""

    RESERVED = "reserved"
    SETTLED = "settled"
    FAILED = "failed"


@dataclass(frozen=True)
class CardRefund:
    """A part of a payment that goes back the way it came."""

    id: str
    payment_id: str
    organisation_id: str
    amount: int
    currency: str
    state: RefundState
    reason: str
    remote_id: str
    message: str
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


class ChargebackState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class Chargeback:
    """A payer's bank contests a payment. ``held`` of the balance waits for the outcome; ``owed`` was lost and is
    not made good yet.
    """

    id: str
    payment_id: str
    organisation_id: str
    remote_id: str
    amount: int
    currency: str
    reason: str
    state: ChargebackState
    withdrawn: bool
    held: int
    owed: int
    answer_by: datetime | None
    evidence: str
    opened_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Customer:
    """An organisation as the processor knows it, and the card that it keeps there."""

    organisation_id: str
    remote_id: str
    card_id: str
    card_label: str

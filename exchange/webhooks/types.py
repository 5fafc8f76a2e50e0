"""States and snapshots of webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ORDER_TYPES = {
    "inquire": "order.inquired", "offer": "order.offered", "propose": "order.offered", "agree": "order.agreed",
    "decline": "order.declined", "expire_terms": "order.lapsed", "place": "order.placed", "pay": "order.paid",
    "deliver": "order.delivered", "accept": "order.accepted", "accept_overdue": "order.accepted",
    "cancel": "order.cancelled", "expire": "order.cancelled", "fail": "order.refunded", "freeze": "order.frozen",
    "release": "order.released", "lapse": "order.ended", "rest": "order.rested", "resume": "order.resumed",
}  # fmt: skip
"""The type of a message by the order's step; of any other it is ``order.updated``."""
DISPUTE_TYPES = {
    "open": "dispute.opened", "state": "dispute.stated", "withdraw": "dispute.withdrawn",
    "rule_dismissed": "dispute.ruled", "rule_part": "dispute.ruled", "rule_full": "dispute.ruled",
}  # fmt: skip
PAYMENT_TYPES = ("payment.succeeded", "payment.failed")
TYPES = tuple(dict.fromkeys((*ORDER_TYPES.values(), "order.updated", *DISPUTE_TYPES.values(), *PAYMENT_TYPES)))
TEST_TYPE = "webhook.test"


class MessageState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Endpoint:
    """An address that is told of these types of events, of all when there is none. Its secret is shown once."""

    id: str
    url: str
    description: str
    types: tuple[str, ...]
    on: bool
    off_reason: str
    failing_since: datetime | None
    rotated_until: datetime | None
    created_at: datetime
    version: int


@dataclass(frozen=True)
class MadeEndpoint:
    """An endpoint with its secret in clear, for the one answer that shows it."""

    snapshot: Endpoint
    secret: str


@dataclass(frozen=True)
class SentMessage:
    """One message to one endpoint; its id is the ``webhook-id`` of every attempt."""

    id: str
    endpoint_id: str
    type: str
    payload: str
    state: MessageState
    attempts: int
    created_at: datetime
    due_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True)
class Attempt:
    """One sending. ``status`` is 0 and ``error`` says why when there was no answer."""

    number: int
    at: datetime
    status: int
    error: str
    latency_ms: int
    answer: str

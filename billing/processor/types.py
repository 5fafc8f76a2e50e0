"""What is asked of the processor, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Deed(StrEnum):
    """Everything that is asked of the processor and changes something there."""

    CUSTOMER = "customer"
    CHECKOUT = "checkout"
    EXPIRE = "expire"
    INTENT = "intent"
    CANCEL = "cancel"
    REFUND = "refund"
    EVIDENCE = "evidence"
    ACCOUNT = "account"
    TRANSFER = "transfer"
    REVERSAL = "reversal"


class Kind(StrEnum):
    """The remote objects whose state we follow."""

    CHECKOUT = "checkout"
    INTENT = "intent"
    REFUND = "refund"
    DISPUTE = "dispute"
    CHARGE = "charge"
    ACCOUNT = "account"
    TRANSFER = "transfer"
    PAYOUT = "payout"
    ENTRY = "entry"
    """A row of its books, with the object that it is about as its ``source``."""


class AttemptState(StrEnum):
    """``planned`` until an answer is known. Both others are final: the key of a refused attempt is never sent again."""

    PLANNED = "planned"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Attempt:
    """One thing that is asked of the processor, whatever happens in between; its id is the idempotency key.

    ``target`` is the remote object that is acted on, ``account`` the connected account on whose behalf.
    """

    id: str
    deed: Deed
    subject_id: str
    target: str
    account: str
    params: Mapping[str, Any]
    state: AttemptState
    tries: int
    remote_id: str
    code: str
    message: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """Whether there is a processor, and whether its money is real."""

    available: bool
    fake: bool = False
    test: bool = False
    methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class BalanceEntry:
    """One row of the processor's own books; ``net`` is the amount less the fee."""

    id: str
    kind: str
    source: str
    amount: int
    fee: int
    currency: str
    created_at: datetime
    description: str = ""

    @property
    def net(self) -> int:
        return self.amount - self.fee


@dataclass(frozen=True)
class Told:
    """A remote object as the processor gave it when it was asked; ``seen_at`` is when."""

    kind: Kind
    id: str
    object: Mapping[str, Any] = field(default_factory=dict)
    account: str = ""
    seen_at: datetime | None = None

"""Facts about payouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class PayoutConcluded(Event):
    """A payout arrived where it was sent, or failed and is back on the supplier's balance."""

    name: ClassVar[str] = "payout.concluded"
    payout_id: str
    organisation_id: str
    state: str
    amount: int
    currency: str
    reason: str


@dataclass(frozen=True)
class TransferReversed(Event):
    """The processor took a part of a transfer back; it stands on the supplier's balance again."""

    name: ClassVar[str] = "payout.reversed"
    reversal_id: str
    payout_id: str
    organisation_id: str
    amount: int
    currency: str


@dataclass(frozen=True)
class BankAccountChanged(Event):
    """A supplier's money shall go to another bank account from a day on."""

    name: ClassVar[str] = "bank_account.changed"
    bank_account_id: str
    organisation_id: str
    masked: str
    usable_from: str


@dataclass(frozen=True)
class ArrivalChanged(Event):
    """The processor paid a supplier's account out to its bank, or its bank sent that back."""

    name: ClassVar[str] = "payout.arrival"
    remote_id: str
    organisation_id: str
    state: str
    amount: int
    currency: str

"""Where suppliers' money goes, and each time that it goes there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Way(StrEnum):
    """How money goes to a supplier: a transfer within the processor, or a bank transfer."""

    PROCESSOR = "processor"
    BANK = "bank"


class PayoutState(StrEnum):
    """``reserved`` while the money is on its way; what failed is back on the supplier's balance."""

    RESERVED = "reserved"
    SETTLED = "settled"
    FAILED = "failed"


LIVE = (PayoutState.RESERVED, PayoutState.SETTLED)


class ReversalState(StrEnum):
    ASKED = "asked"
    SETTLED = "settled"
    FAILED = "failed"


class Skipped(StrEnum):
    """Why a run pays a supplier nothing."""

    NEGATIVE = "negative"
    BELOW_MINIMUM = "below_minimum"
    WITHHELD = "withheld"
    PAYOUT_OPEN = "payout_open"
    ORGANISATION_STOPPED = "organisation_stopped"
    NO_DESTINATION = "no_destination"
    ACCOUNT_INCOMPLETE = "account_incomplete"
    ACCOUNT_RESTRICTED = "account_restricted"
    PROCESSOR_UNAVAILABLE = "processor_unavailable"
    BANK_ACCOUNT_COOLING = "bank_account_cooling"


@dataclass(frozen=True)
class ConnectedAccount:
    """A supplier's account with the processor. ``due`` is what the processor still asks for.

    ``remote_id`` is empty until the processor made it; ``code`` and ``message`` say why it would not.
    """

    organisation_id: str
    remote_id: str
    country: str
    submitted: bool
    transfers: bool
    payouts_enabled: bool
    due: tuple[str, ...]
    disabled_reason: str
    code: str
    message: str
    begun_at: datetime
    seen_at: datetime | None

    @property
    def ready(self) -> bool:
        return bool(self.remote_id) and self.transfers and self.payouts_enabled


@dataclass(frozen=True)
class BankAccount:
    """A supplier's bank account; of its number only the end is shown. Money goes there from ``usable_from``."""

    id: str
    organisation_id: str
    holder: str
    bank: str
    bank_code: str
    masked: str
    changed_by: str
    changed_at: datetime
    usable_from: datetime


@dataclass(frozen=True)
class Destination:
    """Where a payout goes: the connected account's remote id, or the id of the bank account."""

    way: Way
    account: str


@dataclass(frozen=True)
class Payout:
    """One payment to a supplier. ``carried`` is what its amount holds beside its lines: what was carried forward.

    ``reversed`` was taken back by the processor, ``reversing`` is being taken back.
    """

    id: str
    run_id: str
    organisation_id: str
    currency: str
    way: Way
    destination: str
    amount: int
    carried: int
    state: PayoutState
    remote_id: str
    code: str
    message: str
    reversed: int
    reversing: int
    in_file: bool
    made_at: datetime
    ended_at: datetime | None

    @property
    def reversible(self) -> int:
        transferred = self.way is Way.PROCESSOR and self.state is PayoutState.SETTLED
        return self.amount - self.reversed - self.reversing if transferred else 0


@dataclass(frozen=True)
class Reversal:
    """A part of a transfer that is taken back from the supplier's account with the processor."""

    id: str
    payout_id: str
    organisation_id: str
    amount: int
    currency: str
    state: ReversalState
    reason: str
    remote_id: str
    message: str
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Skip:
    """A supplier whom a run paid nothing, why, and what stands on its balance; a negative one is carried forward."""

    organisation_id: str
    reason: Skipped
    balance: int
    currency: str


@dataclass(frozen=True)
class Run:
    """A settlement run of one currency. Released later than ``as_of`` is paid by the next one."""

    id: str
    currency: str
    as_of: datetime
    minimum: int
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    file_made_by: str
    file_made_at: datetime | None
    executed_by: str
    executed_at: datetime | None


@dataclass(frozen=True)
class RunReport:
    """A run with everything it did and did not do."""

    run: Run
    payouts: tuple[Payout, ...]
    skips: tuple[Skip, ...]


@dataclass(frozen=True)
class Arrival:
    """What the processor paid out to a supplier's own bank; ``state`` as the processor says it."""

    remote_id: str
    organisation_id: str
    amount: int
    currency: str
    state: str
    message: str
    arrives_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True)
class PaymentFile:
    """A file for the bank. The same run gives the same bytes."""

    name: str
    media_type: str
    content: bytes
    sha256: str

"""What suppliers are told of their money: paid out, failed, taken back, and where it shall go."""

from __future__ import annotations

from billing.payouts.events import ArrivalChanged, BankAccountChanged, PayoutConcluded, TransferReversed
from core.house import House
from core.money import format_amount
from exchange.notices.service import tell
from exchange.notices.types import Audience

_TOLD_ARRIVALS = ("paid", "failed")


def payout_concluded(house: House, event: PayoutConcluded) -> None:
    note = " · ".join(part for part in (_said(event.amount, event.currency), event.reason) if part)
    address = f"/payouts/{event.payout_id}"
    _tell(house, f"{event.payout_id}:{event.state}", f"payout_{event.state}", event.organisation_id, address, note)


def transfer_reversed(house: House, event: TransferReversed) -> None:
    note, address = _said(event.amount, event.currency), f"/payouts/{event.payout_id}"
    _tell(house, event.reversal_id, "transfer_reversed", event.organisation_id, address, note)


def arrival_changed(house: House, event: ArrivalChanged) -> None:
    """Only how it ended."""
    if event.state in _TOLD_ARRIVALS:
        key, note = f"{event.remote_id}:{event.state}", _said(event.amount, event.currency)
        _tell(house, key, f"arrival_{event.state}", event.organisation_id, "/payouts", note)


def bank_account_changed(house: House, event: BankAccountChanged) -> None:
    note = f"{event.masked} · {event.usable_from}"
    _tell(house, event.bank_account_id, "bank_account", event.organisation_id, "/payouts", note)


def _said(amount: int, currency: str) -> str:
    return f"{format_amount(amount, currency)} {currency}"


def _tell(house: House, key: str, deed: str, organisation_id: str, address: str, note: str) -> None:
    to = Audience(organisation_id, ("supplier", "finance"))
    house.db.write(
        lambda uow: tell(
            uow, key=key, code=f"money:{deed}", topic="money", to=[to], subject_id=organisation_id, subject={},
            address=address, note=note,
        )
    )  # fmt: skip

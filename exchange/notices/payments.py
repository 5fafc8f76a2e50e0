"""What payers and finance are told of payments by card and wallet, and what is to be done next."""

from __future__ import annotations

from datetime import datetime

from billing.payments import queries
from billing.payments.events import (
    CardRefundEnded,
    ChargebackChanged,
    PaymentEndedUnpaid,
    PaymentSucceeded,
    PaymentWantsConfirmation,
)
from billing.payments.types import Purpose
from core.db import Uow
from core.house import House
from core.money import format_amount
from exchange.notices.service import tell
from exchange.notices.types import Audience

_UNPAID = ("failed", "expired")
"""Who stopped a payment needs no telling."""
_CONTESTS = ("open", "won", "lost")
_PLATFORM = Audience(None, ("finance",))


def listen(house: House) -> None:
    later = house.registry.later
    later(PaymentSucceeded, "notices.payment_succeeded", succeeded)
    later(PaymentEndedUnpaid, "notices.payment_unpaid", unpaid)
    later(PaymentWantsConfirmation, "notices.payment_confirm", wants_confirmation)
    later(CardRefundEnded, "notices.card_refund", refund_ended)
    later(ChargebackChanged, "notices.chargeback", chargeback_changed)


def succeeded(house: House, event: PaymentSucceeded) -> None:
    to, note = [_payers(event.organisation_id, event.purpose)], _said(event.amount, event.currency)
    _tell(house, event.payment_id, "payment_succeeded", to, event.payment_id, note)


def unpaid(house: House, event: PaymentEndedUnpaid) -> None:
    if event.state in _UNPAID:
        to, key = [_payers(event.organisation_id, event.purpose)], f"{event.payment_id}:{event.state}"
        _tell(house, key, f"payment_{event.state}", to, event.payment_id, event.code)


def wants_confirmation(house: House, event: PaymentWantsConfirmation) -> None:
    """Only while it does: by now its payer may have been there."""

    def work(uow: Uow) -> None:
        found = queries.load(uow, event.payment_id)
        if found.pending:
            _write(
                uow, f"{found.id}:confirm", "payment_confirm", [_payers(found.organisation_id, found.purpose)],
                f"/payments/{found.id}", found.id, _said(found.amount, found.currency), found.expires_at,
            )  # fmt: skip

    house.db.write(work)


def refund_ended(house: House, event: CardRefundEnded) -> None:
    to = [_payers(event.organisation_id, "")] + ([_PLATFORM] if event.state == "failed" else [])
    note = _said(event.amount, event.currency)
    _tell(house, f"{event.refund_id}:{event.state}", f"refund_{event.state}", to, event.payment_id, note)


def chargeback_changed(house: House, event: ChargebackChanged) -> None:
    """The payer learns what it means for its balance, finance of the platform what it has to do."""
    if event.state not in _CONTESTS:
        return

    def work(uow: Uow) -> None:
        found = queries.chargebacks_of(uow, event.payment_id)
        due = next((each.answer_by for each in found if each.id == event.chargeback_id), None)
        note, key = _said(event.amount, event.currency), f"{event.chargeback_id}:{event.state}"
        payers, address = [_payers(event.organisation_id, "")], f"/payments/{event.payment_id}"
        _write(uow, key, f"chargeback_{event.state}", payers, address, event.payment_id, note)
        answer_by = due if event.state == "open" else None
        deed, ours = f"contest_{event.state}", f"{key}:platform"
        _write(uow, ours, deed, [_PLATFORM], "/chargebacks", event.chargeback_id, note, answer_by)

    house.db.write(work)


def _payers(organisation_id: str, purpose: str) -> Audience:
    """An order is paid by whoever buys, everything else by finance."""
    return Audience(organisation_id, ("finance", "buyer") if purpose == Purpose.ORDER else ("finance",))


def _said(amount: int, currency: str) -> str:
    return f"{format_amount(amount, currency)} {currency}"


def _tell(house: House, key: str, deed: str, to: list[Audience], payment_id: str, note: str) -> None:
    house.db.write(lambda uow: _write(uow, key, deed, to, f"/payments/{payment_id}", payment_id, note))


def _write(
    uow: Uow, key: str, deed: str, to: list[Audience], address: str, subject_id: str, note: str,
    due_at: datetime | None = None,
) -> None:  # fmt: skip
    tell(
        uow, key=key, code=f"money:{deed}", topic="money", to=to, subject_id=subject_id, subject={}, address=address,
        note=note, due_at=due_at,
    )  # fmt: skip

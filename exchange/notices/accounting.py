"""What buyers are told of invoices that are not paid, and of the fapiao that they asked for."""

from __future__ import annotations

from billing.dunning.events import InvoiceReminded
from billing.fapiao.events import FapiaoConcluded
from core.house import House
from core.money import format_amount
from exchange.notices.service import tell
from exchange.notices.types import Audience


def listen(house: House) -> None:
    house.registry.later(InvoiceReminded, "notices.invoice_reminded", invoice_reminded)
    house.registry.later(FapiaoConcluded, "notices.fapiao", fapiao_concluded)


def invoice_reminded(house: House, event: InvoiceReminded) -> None:
    """Leads to where it is paid."""
    note = f"{event.number} · {format_amount(event.outstanding, event.currency)} {event.currency} · {event.due_at}"
    address = f"/invoices/{event.invoice_id}#pay"
    _tell(house, f"{event.invoice_id}:{event.step}", f"invoice_{event.step}", event.buyer_id, address, note)


def fapiao_concluded(house: House, event: FapiaoConcluded) -> None:
    note = event.number or event.reason
    address = f"/invoices/{event.invoice_id}"
    _tell(house, f"{event.request_id}:{event.state}", f"fapiao_{event.state}", event.buyer_id, address, note)


def _tell(house: House, key: str, deed: str, organisation_id: str, address: str, note: str) -> None:
    to = Audience(organisation_id, ("buyer", "finance"))
    house.db.write(
        lambda uow: tell(
            uow, key=key, code=f"money:{deed}", topic="money", to=[to], subject_id=organisation_id, subject={},
            address=address, note=note,
        )
    )  # fmt: skip

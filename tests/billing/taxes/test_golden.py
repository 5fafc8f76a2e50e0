"""An invoice with tax, its credit note and its fapiao keep their fields: what is printed and handed to others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from billing.invoices import service as invoices
from tests.billing.books import Books
from tests.billing.scrubbed import same_as_golden
from tests.billing.taxes.test_fapiao import Asking
from tests.client import ApiClient

_HERE = Path(__file__).parent


def test_an_invoice_with_tax_and_its_fapiao_are_as_they_were(client: ApiClient, books: Books) -> None:
    asking = Asking(client, books)
    asking.say(0)
    invoice = asking.invoice(48_053)
    note = books.house.db.write(
        lambda uow: invoices.refund_part(uow, books.recorder.actor, invoice, gross=937, reason="a part was missing")
    )
    asked = asking.ask(invoice)
    finance, buyer = asking.of(books.recorder), asking.of(asking.buyer)
    issued = finance.post(f"/fapiao/{asked['id']}/issue", {"number": "26112000000123456789"}).expect(200).json
    shown: dict[str, Any] = {
        "invoice": buyer.get(f"/invoices/{invoice.id}").expect(200).json,
        "credit note": buyer.get(f"/invoices/{note.id}").expect(200).json,
        "fapiao": issued,
    }
    assert (shown["invoice"]["net"], shown["invoice"]["tax"], shown["invoice"]["gross"]) == (
        "480.53",
        "28.83",
        "509.36",
    )
    assert same_as_golden(_HERE / "golden_fapiao.json", json.dumps(shown, ensure_ascii=False, indent=1) + "\n")

"""The signed statement sums to the invoice, and says what was called; a changed one is found out."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from compliance.audit import checkpoints, rekeying, verifier
from tests import build
from tests.billing.books import Books
from tests.billing.periods.closing import CENTI, Sale, wait
from tests.client import ApiClient


@pytest.fixture
def sale(books: Books) -> Sale:
    made = Sale(books, CENTI)
    made.call(1_237, operation="digits")
    made.call(40, "miss", operation="digits")
    made.call(3, "upstream_error", operation="digits")
    made.call(999, operation="letters")
    made.call(2, mode="test")
    made.call(4, credited=True)
    wait(books.house)
    made.close()
    return made


def fetched(client: ApiClient, sale: Sale, who: build.Built | None = None, query: str = "") -> Any:
    (invoice,) = sale.invoices()
    return signed_in(client, who or sale.buyer).get(f"/invoices/{invoice.id}/statement{query}")


def signed_in(client: ApiClient, who: build.Built) -> ApiClient:
    """Anew: the sessions of a month ago have ended."""
    return client.sign_in(who.email, build.PASSWORD)


def test_the_rows_and_the_rounding_sum_to_the_invoice(client: ApiClient, sale: Sale) -> None:
    (invoice,) = sale.invoices()
    said = fetched(client, sale).expect(200).json["statement"]
    amounts = {(row["operation"], row["outcome"], row["mode"], row["credited"]): row["amount"] for row in said["rows"]}
    assert amounts == {
        ("digits", "hit", "live", 0): "3.4636",
        ("digits", "miss", "live", 0): "0.00",
        ("digits", "upstream_error", "live", 0): "0.00",
        ("digits", "hit", "test", 0): "0.00",
        ("digits", "hit", "live", 1): "0.00",
        ("letters", "hit", "live", 0): "2.7972",
    }
    assert sum(row["calls"] for row in said["rows"]) == 1_237 + 40 + 3 + 999 + 2 + 4
    assert (said["usage"], said["rounding"], said["net"]) == ("6.2608", "-0.0008", "6.26")
    assert Fraction(said["usage"]) + Fraction(said["rounding"]) == Fraction(said["net"]) == Fraction(invoice.net, 100)
    assert (said["tax"], said["gross"]) == ("0.38", "6.64")
    assert said["usage_sha256"] == invoice.document()["usage_sha256"]
    assert said["invoice_sha256"] == invoice.sha256


def test_it_is_verified_offline(client: ApiClient, sale: Sale, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "statement.json"
    path.write_text(json.dumps(fetched(client, sale).json), encoding="utf-8")
    key = checkpoints.public_key(sale.house).text()
    assert verifier.main([str(path), "--key", key]) == verifier.GOOD
    assert "6.2608 + rounding -0.0008 = 6.26" in capsys.readouterr().out
    assert verifier.main([str(path)]) == verifier.GOOD


def test_a_key_that_was_replaced_verifies_until_it_is_retired(client: ApiClient, sale: Sale) -> None:
    house = sale.house
    before, after = rekeying.rotate_key(house)
    rotated = fetched(client, sale).expect(200).json
    assert rotated["key"] == after.text()
    for key in (before, after):
        verifier.verify_statement(json.dumps(rotated).encode(), key_text=key.text())
    refused(copy.deepcopy(rotated) | {"statement": rotated["statement"] | {"net": "6.27"}}, before)
    house.keyring.retire(checkpoints.SIGNING_KEY)
    retired = fetched(client, sale).expect(200).json
    verifier.verify_statement(json.dumps(retired).encode(), key_text=after.text())
    refused(retired, before)


Change = Callable[[dict[str, Any]], Any]
UNSOUND: dict[str, Change] = {
    "a count": lambda said: said["rows"][0].update(calls=said["rows"][0]["calls"] + 1),
    "an amount": lambda said: said["rows"][0].update(amount="9.99"),
    "a row less": lambda said: said["rows"].pop(),
    "the net": lambda said: said.update(net="6.27"),
    "the gross": lambda said: said.update(gross="6.65"),
}
CHANGES: dict[str, Change] = UNSOUND | {
    "net and rounding": lambda said: said.update(net="6.25", rounding="-0.0108", gross="6.63"),
    "the invoice": lambda said: said.update(invoice="inv_01jc9x2m5t7rqk8v4e6b0wz3np"),
}


def refused(document: dict[str, Any], key: verifier.Key | None = None) -> None:
    with pytest.raises(verifier.Tampered):
        verifier.verify_statement(json.dumps(document).encode(), key_text=key.text() if key else None)


def test_a_changed_statement_is_found_out(client: ApiClient, sale: Sale) -> None:
    original = fetched(client, sale).json
    for change in CHANGES.values():
        document = copy.deepcopy(original)
        change(document["statement"])
        refused(document)


def test_an_unsound_statement_is_found_out_whoever_signed_it(client: ApiClient, sale: Sale) -> None:
    original = fetched(client, sale).json
    for change in UNSOUND.values():
        document = copy.deepcopy(original)
        said = document["statement"]
        change(said)
        document["signature"] = checkpoints.sign_usage(sale.house, said["invoice"], verifier.canonical(said))
        refused(document)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"format":"piaohao-usage-statement","version":1}'])
def test_what_is_no_statement_is_refused(raw: bytes) -> None:
    with pytest.raises(verifier.Malformed):
        verifier.verify_statement(raw)


def test_as_a_table(client: ApiClient, sale: Sale) -> None:
    answer = fetched(client, sale, query="?format=csv").expect(200)
    rows = list(csv.reader(io.StringIO(answer.body.decode())))
    assert rows[0][:3] == ["month", "operation", "outcome"]
    sums = {row[0]: row[-1] for row in rows[-5:]}
    assert sums == {"usage": "6.2608", "rounding": "-0.0008", "net": "6.26", "tax": "0.38", "gross": "6.64"}
    assert sum(Fraction(row[-1]) for row in rows[1:-5]) == Fraction("6.2608")


def test_whose_it_is_not_does_not_see_it(client: ApiClient, sale: Sale, books: Books) -> None:
    stranger = build.organisation(books.house)
    unknown = signed_in(client, stranger).get("/invoices/inv_01jc9x2m5t7rqk8v4e6b0wz3np/statement")
    assert fetched(client, sale, stranger).expect(404).json == unknown.expect(404).json
    fetched(client, sale, sale.supplier).expect(200)
    fetched(client, sale, books.recorder).expect(200)
    client.get(f"/invoices/{sale.invoices()[0].id}/statement").expect(401)
    assert fetched(client, sale, query="?format=xml").expect(422).json["field"] == "format"


def test_an_order_paid_at_once_has_none(client: ApiClient, books: Books) -> None:
    buyer, supplier = build.organisation(books.house), build.organisation(books.house)
    books.fund(str(buyer.organisation_id), 10_000)
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 1_000)
    answer = signed_in(client, buyer).get(f"/invoices/{invoice.id}/statement")
    assert answer.expect(404).code == "statement_not_found"

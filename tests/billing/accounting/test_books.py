"""Statements, journals, closed months: what they say is what the ledger holds, and who may have them."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from billing.accounting import journals, months, periods, sheets, statements
from billing.accounting.chart import CHART
from billing.accounting.errors import PeriodInvalid
from billing.invoices import service as invoices
from billing.ledger import queries as ledger
from billing.ledger.types import Account, AccountKind
from compliance.audit import checkpoints, sequencer
from compliance.audit.verifier import verify_note
from tests import build
from tests.billing.books import Books
from tests.client import ApiClient

MONTH = timedelta(days=31)


class Month:
    """A buyer, a supplier, and some trade in the month of now."""

    def __init__(self, client: ApiClient, books: Books) -> None:
        self.app, self.books, self.house = client.app, books, books.house
        self.buyer, self.supplier = build.organisation(books.house), build.organisation(books.house)
        self.own, self.theirs = str(self.buyer.organisation_id), str(self.supplier.organisation_id)
        books.fund(self.own, 1_000_000)
        self.invoice = books.charge(self.own, self.theirs, 100_000)
        self.note = self.house.db.write(
            lambda uow: invoices.refund_part(uow, books.recorder.actor, self.invoice, gross=10_600, reason="part")
        )
        self.label = periods.month_of(self.house.clock.now(), "Asia/Shanghai")

    def of(self, who: build.Built) -> ApiClient:
        """Signed in anew: the clock may have moved beyond a session."""
        return ApiClient(self.app).sign_in(who.email, build.PASSWORD)

    def rows(self, who: build.Built, path: str) -> list[list[str]]:
        answer = self.of(who).get(path).expect(200)
        assert answer.body.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))

    def balance(self, kind: AccountKind, whose: str) -> int:
        account = Account(kind, whose, "CNY")
        return self.house.db.read(lambda uow: ledger.balance_of_account(uow, account)).balance

    def later(self) -> None:
        self.house.clock.advance(MONTH + timedelta(hours=2))


@pytest.fixture
def month(client: ApiClient, books: Books) -> Month:
    return Month(client, books)


def test_every_kind_of_account_has_a_code_of_its_own() -> None:
    assert set(CHART) == set(AccountKind)
    assert len({each.code for each in CHART.values()}) == len(CHART)


@pytest.mark.parametrize("bad", ["", "2026", "2026-13", "2026-1", "1999-01", "2026-11-01", "２０２６-11", "2026-11\n"])
def test_what_is_no_month_is_refused(bad: str) -> None:
    with pytest.raises(PeriodInvalid):
        periods.month(bad, "Asia/Shanghai")


def test_months_of_a_zone() -> None:
    start, end = periods.month("2026-12", "Asia/Shanghai")
    assert (start.isoformat(), end.isoformat()) == ("2026-11-30T16:00:00+00:00", "2026-12-31T16:00:00+00:00")
    assert periods.month("2027-01", "Asia/Shanghai")[0] == end
    assert periods.before("2027-01", "Asia/Shanghai") == "2026-12"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x")'])
def test_nothing_in_a_table_is_run(evil: str) -> None:
    (row,) = csv.reader(io.StringIO(sheets.lines([[evil, sheets.Number("-1.00"), "plain, text"]]), newline=""))
    assert row == [f"'{evil}", "-1.00", "plain, text"]


def test_a_statement_opens_closes_and_names_its_documents(month: Month) -> None:
    found = month.of(month.buyer).get(f"/statement-of-account?month={month.label}").expect(200).json
    assert (found["opening"], found["closing"]) == ("0.00", "9046.00")
    assert [each["document"][:4] for each in found["entries"]] == [found["entries"][0]["document"][:4], "INV-", "CRN-"]
    assert found["entries"][-1]["document"] == month.note.number
    assert found["entries"][-1]["balance_after"] == found["closing"]
    assert month.balance(AccountKind.BUYER_PREPAID, month.own) == 904_600
    month.later()
    month.books.charge(month.own, month.theirs, 10_000)
    client = month.of(month.buyer)
    after = client.get("/statement-of-account").expect(200).json
    assert (after["opening"], after["closing"], len(after["entries"])) == ("9046.00", "8940.00", 1)
    again = client.get(f"/statement-of-account?month={month.label}").json
    assert again == found, "what is over stays as it was"
    empty = client.get("/statement-of-account?from=2020-01-01&to=2020-01-31").expect(200).json
    assert (empty["opening"], empty["closing"], empty["entries"]) == ("0.00", "0.00", [])


def test_a_statement_as_csv_says_the_same_in_parts(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_AT_ONCE", 1)
    for account, whose in (
        ("buyer_prepaid", month.buyer), ("buyer_receivable", month.buyer), ("supplier_on_hold", month.supplier),
    ):  # fmt: skip
        query = f"?account={account}&month={month.label}"
        found = month.of(whose).get(f"/statement-of-account{query}").expect(200).json
        rows = month.rows(whose, f"/statement-of-account.csv{query}")
        assert [row[3] for row in rows[2:-1]] == [each["document"] for each in found["entries"]]
        assert (rows[1][6], rows[-1][6]) == (found["opening"], found["closing"])
        assert rows[-1][2] == "closing"


def test_a_supplier_has_its_own(month: Month) -> None:
    found = month.of(month.supplier).get("/statement-of-account?account=supplier_on_hold").expect(200).json
    assert found["closing"] == "900.00"
    assert month.balance(AccountKind.SUPPLIER_ON_HOLD, month.theirs) == 90_000


def test_statements_of_others_and_what_is_no_period(month: Month) -> None:
    path = "/statement-of-account"
    stranger, finance = month.of(month.supplier), month.of(month.books.recorder)
    stranger.get(f"{path}?organisation_id={month.own}").expect(404, "organisation_not_found")
    stranger.get(f"{path}.csv?organisation_id={month.own}").expect(404, "organisation_not_found")
    developer = month.of(build.member(month.house, month.buyer, "developer"))
    developer.get(path).expect(403)
    developer.get(f"/journal.csv?month={month.label}").expect(403)
    assert finance.get(f"{path}?organisation_id={month.own}").expect(200).json["closing"] == "9046.00"
    finance.get(path).expect(422)
    buyer = month.of(month.buyer)
    for bad, code in (
        ("month=2026-13", "period_invalid"), ("from=2026-11-01", "period_invalid"),
        ("from=2026-11-02&to=2026-11-01", "period_invalid"), ("from=0001-01-01&to=9999-12-31", "invalid"),
        ("account=platform_revenue", "invalid"), ("currency=XXX", "currency_unknown"), ("from=x&to=y", "invalid"),
    ):  # fmt: skip
        buyer.get(f"{path}?{bad}").expect(422, code)
        buyer.get(f"{path}.csv?{bad}").expect(422, code)


def test_the_journal_balances_in_its_last_line(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_AT_ONCE", 2)
    rows = month.rows(month.books.recorder, f"/journal.csv?month={month.label}")
    head, body, last = rows[0], rows[1:-1], rows[-1]
    place = {name: number for number, name in enumerate(head)}
    assert (last[1], last[3]) == ("total", "balanced")
    assert last[place["debit"]] == last[place["credit"]]
    debits, credits = (sum(round(float(row[place[side]] or 0) * 100) for row in body) for side in ("debit", "credit"))
    trial = month.house.db.read(ledger.kind_totals)
    assert debits == credits == sum(row.debits for row in trial)
    assert {row[place["科目名称"]] for row in body} >= {"银行存款", "预收账款", "应交税费"}
    assert month.invoice.number in {row[place["document"]] for row in body}
    own = month.rows(month.buyer, f"/journal.csv?month={month.label}")
    assert {row[place["organisation"]] for row in own[1:-1]} == {month.own}
    assert own[-1][3] == "own accounts"
    month.of(build.platform_person(month.house, "operator")).get(f"/journal.csv?month={month.label}").expect(403)


def test_a_month_is_closed_by_two_people_and_nothing_is_posted_into_it(month: Month) -> None:
    path, first = f"/months/{month.label}", month.of(month.books.recorder)
    first.post(f"{path}/close", {}).expect(409, "month_not_over")
    first.post("/months/2026-99/close", {}).expect(422, "period_invalid")
    month.later()
    first, second = month.of(month.books.recorder), month.of(month.books.confirmer)
    month.of(month.buyer).post(f"{path}/close", {}).expect(403)
    closed = first.post(f"{path}/close", {}).expect(200).json
    assert (closed["state"], closed["document"]["totals"]) == ("to_confirm", {"CNY": "0.00"})
    first.get(f"{path}/signed").expect(404, "month_not_found")
    first.post(f"{path}/confirm", {"sha256": closed["sha256"]}).expect(403, "same_person")
    second.post(f"{path}/confirm", {"sha256": "0" * 64}).expect(409, "month_changed")
    done = second.post(f"{path}/confirm", {"sha256": closed["sha256"]}).expect(200).json
    assert (done["state"], done["document"]) == ("closed", closed["document"])
    for again in ("close", "confirm"):
        body = {"sha256": closed["sha256"]} if again == "confirm" else {}
        second.post(f"{path}/{again}", body).expect(409, "month_closed")
    prepaid = next(each for each in done["document"]["accounts"] if each["account"] == "buyer_prepaid")
    assert (prepaid["code"], prepaid["opening"], prepaid["closing"]) == ("2203", "0.00", "-9046.00")
    with pytest.raises(Exception, match="its month is closed"):
        month.house.db.write(
            lambda uow: uow.connection.execute(
                text(
                    "INSERT INTO ledger_transaction (id, key, kind, subject_id, posted_at) "
                    "SELECT 'txn_late', 'late', kind, subject_id, posted_at FROM ledger_transaction LIMIT 1"
                )
            )
        )
    for change in ("UPDATE month_close SET sha256 = ''", "DELETE FROM month_close"):
        with pytest.raises(Exception, match="what is confirmed stays"):
            month.house.db.write(lambda uow, change=change: uow.connection.execute(text(change)))  # type: ignore[misc]
    month.books.charge(month.own, month.theirs, 10_000)
    assert month.books.faults() == []


def test_a_closed_month_is_signed_by_the_key_of_the_log(month: Month) -> None:
    month.later()
    sequencer.run(month.house)
    checkpoints.sign(month.house)
    house, people = month.house, month.books
    closed = house.db.write(lambda uow: months.close(uow, people.recorder.actor, month.label))
    assert closed.document["audit"]["size"] > 0
    done = house.db.write(
        lambda uow: months.confirm(uow, people.confirmer.actor, month.label, sha256=closed.sha256)
    )  # fmt: skip
    signed = months.signed(house, done)
    text_signed = verify_note(signed["signature"], checkpoints.public_key(house), ("月份", "month"))
    assert f"/month-close\n{month.label}\n" in text_signed
    assert json.loads(json.dumps(signed["document"])) == done.document


def test_the_state_of_the_money(month: Month) -> None:
    found = month.of(month.books.recorder).get("/money").expect(200).json
    (cover,) = found["covers"]
    assert found["balanced"] is True
    assert (cover["cash"], cover["owed"], cover["left"]) == ("10000.00", "10000.00", "0.00")
    assert (found["unmatched"], found["stuck"], found["failing"], found["topups"]) == ([], [], [], 0)
    month.of(build.platform_person(month.house, "operator")).get("/money").expect(200)
    month.of(month.buyer).get("/money").expect(403)

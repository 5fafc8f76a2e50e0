"""Bank transfers out: an account that its owner gave, a file that one makes, and another confirms."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from sqlalchemy import text

from billing.payouts import banks, queries, transfers
from billing.payouts.errors import (
    BankNumberInvalid,
    FileExecuted,
    FileNotMade,
    NoBankPayouts,
    PayoutEnded,
    PayoutNotFound,
)
from billing.payouts.rules import is_iban, normal_bank_code, normal_number
from billing.payouts.types import RunReport
from compliance.audit import queries as audit
from compliance.audit import sequencer
from compliance.identity.errors import SecondFactorNeeded
from compliance.policy import PolicyRefused
from tests import build
from tests.billing.payouts.paying import Market

_NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


@pytest.fixture
def report(trade: Market) -> RunReport:
    """Two bank payouts that wait for their file."""
    for share in (90_000, 45_000):
        trade.supplier(bank=True, earned=share)
    return trade.run()


def test_only_the_owner_changes_it_with_a_code_and_it_waits_some_days(trade: Market) -> None:
    supplier = trade.supplier(earned=9_000)
    given = trade.bank_account(supplier)
    assert given.masked == "···· 6789"
    assert given.usable_from - given.changed_at == timedelta(days=3)
    assert trade.skipped(trade.run()) == {supplier.organisation_id: "bank_account_cooling"}
    finance = build.member(trade.house, supplier, "finance")
    with pytest.raises(PolicyRefused):
        trade.bank_account(finance)
    with pytest.raises(SecondFactorNeeded):
        trade.write(
            banks.change, supplier.actor, holder="x", bank="x", bank_code="102290000123", number="12345678", otp=""
        )
    trade.house.clock.advance(timedelta(days=3))
    assert [str(payout.way) for payout in trade.run().payouts] == ["bank"]


def test_the_number_is_kept_sealed(trade: Market) -> None:
    trade.bank_account(trade.supplier())
    kept = trade.read(lambda uow: uow.session.execute(text("SELECT * FROM supplier_bank_account")).mappings().one())
    assert not any("62220210" in str(value) or b"62220210" in bytes(str(value), "utf8") for value in kept.values())


@pytest.mark.parametrize("number", ["1234", "GB82WEST12345698765433", "62-22", "6" * 35, "６２２２０２１"])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(BankNumberInvalid):
        normal_number(number)


def test_numbers_are_spelled_in_one_way() -> None:
    assert normal_number("gb82 west 1234 5698 7654 32") == "GB82WEST12345698765432"
    assert is_iban("GB82WEST12345698765432")
    assert normal_bank_code("icbkcnbjshi") == "ICBKCNBJSHI"
    with pytest.raises(BankNumberInvalid):
        normal_bank_code("12345")


def test_one_makes_the_file_and_another_confirms_it(trade: Market, report: RunReport) -> None:
    maker, other = trade.books.recorder.actor, trade.books.confirmer.actor
    with pytest.raises(FileNotMade):
        trade.write(transfers.confirm, other, report.run.id, {})
    trade.write(transfers.make_file, maker, report.run.id)
    with pytest.raises(PolicyRefused) as refusal:
        trade.write(transfers.confirm, maker, report.run.id, {})
    assert refusal.value.problem()["code"] == "same_person"
    bad, good = report.payouts
    with pytest.raises(PayoutNotFound):
        trade.write(transfers.confirm, other, report.run.id, {"pyo_x": "?"})
    trade.write(transfers.confirm, other, report.run.id, {bad.id: "account closed"})
    with pytest.raises(FileExecuted):
        trade.write(transfers.confirm, other, report.run.id, {})
    assert [str(trade.payout(each.id).state) for each in (bad, good)] == ["failed", "settled"]
    trade.sound()
    again = trade.run()
    assert [payout.amount for payout in again.payouts] == [bad.amount]


def test_what_the_bank_returns_later_is_the_suppliers_again(trade: Market, report: RunReport) -> None:
    maker, other = trade.books.recorder.actor, trade.books.confirmer.actor
    stopped, sent = report.payouts
    trade.write(transfers.give_back, maker, stopped.id, reason="wrong name")
    trade.write(transfers.make_file, maker, report.run.id)
    with pytest.raises(PayoutEnded):
        trade.write(transfers.give_back, maker, sent.id, reason="too late: the bank may be at it")
    trade.write(transfers.confirm, other, report.run.id, {})
    trade.write(transfers.give_back, maker, sent.id, reason="returned")
    with pytest.raises(PayoutEnded):
        trade.write(transfers.give_back, maker, sent.id, reason="again")
    assert {str(trade.payout(each.id).state) for each in report.payouts} == {"failed"}
    trade.sound()
    assert len(trade.run().payouts) == 2


def test_the_file_is_the_same_each_time_and_its_hash_is_in_the_log(trade: Market, report: RunReport) -> None:
    maker = trade.books.recorder.actor
    trade.write(transfers.make_file, maker, report.run.id)
    first = {kind: trade.write(transfers.file, maker, report.run.id, kind) for kind in transfers.FORMATS}
    trade.house.clock.advance(timedelta(days=1))
    trade.write(transfers.make_file, trade.books.confirmer.actor, report.run.id)
    for kind, made in first.items():
        assert trade.write(transfers.file, maker, report.run.id, kind) == made
    sequencer.run(trade.house)
    officer = build.platform_person(trade.house, "officer").actor
    entries = trade.read(lambda uow: audit.entries(uow, officer, object_id=report.run.id, limit=50).items)
    (entry,) = [each for each in entries if each.action == "settlement_run:make_file"]
    assert {name: entry.fields["data"][f"{name}_sha256"] for name in first} == {
        name: made.sha256 for name, made in first.items()
    }


def test_the_file_names_every_payment(trade: Market, report: RunReport) -> None:
    maker = trade.books.recorder.actor
    trade.write(transfers.make_file, maker, report.run.id)
    rows = list(csv.DictReader(io.StringIO(trade.write(transfers.file, maker, report.run.id, "csv").content.decode())))
    assert [(row["payment"], row["amount"], row["account"]) for row in rows] == [
        (payout.id, f"{payout.amount / 100:.2f}", "6222021001123456789") for payout in report.payouts
    ]
    xml = ElementTree.fromstring(trade.write(transfers.file, maker, report.run.id, "xml").content)
    assert xml.findtext(".//p:GrpHdr/p:CtrlSum", None, _NS) == "1350.00"
    assert xml.findtext(".//p:GrpHdr/p:NbOfTxs", None, _NS) == "2"
    assert [each.text for each in xml.findall(".//p:EndToEndId", _NS)] == [payout.id for payout in report.payouts]
    amounts = xml.findall(".//p:InstdAmt", _NS)
    assert [(each.text, each.get("Ccy")) for each in amounts] == [("900.00", "CNY"), ("450.00", "CNY")]
    assert xml.findtext(".//p:CdtrAgt/p:FinInstnId/p:ClrSysMmbId/p:MmbId", None, _NS) == "102290000123"
    order = [each.tag.split("}")[1] for each in xml.find(".//p:CdtTrfTxInf", _NS) or ()]
    assert order == ["PmtId", "Amt", "CdtrAgt", "Cdtr", "CdtrAcct", "RmtInf"]


def test_a_run_without_bank_transfers_has_no_file(trade: Market) -> None:
    trade.supplier(onboarded=True, earned=9_000)
    report = trade.run()
    with pytest.raises(NoBankPayouts):
        trade.write(transfers.make_file, trade.books.recorder.actor, report.run.id)
    assert trade.read(queries.run, trade.books.recorder.actor, report.run.id).run.file_made_at is None

"""Who is charged which tax, and what of it stands on the document."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from billing.invoices import service as invoices
from billing.invoices.rules import thaw
from billing.taxes import profiles, queries, rules, service
from billing.taxes.errors import NoVatNumber, TaxpayerNumberInvalid, TaxProfileInvalid, VatNumberInvalid
from billing.taxes.types import TaxDetails, Treatment
from compliance.policy import PolicyRefused
from core.house import House
from core.problems import Conflict
from tests import build
from tests.billing.books import Books
from tests.credit_codes import credit_code

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DETAILS = TaxDetails("org", vat_number="DE123456789")
CONFIRMED = dataclasses.replace(DETAILS, vat_confirmed_at=NOW)
EXEMPT = dataclasses.replace(DETAILS, exemption="ST 1 B 4", exempt_until=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("country", "details", "treatment", "rate"),
    [
        ("CN", DETAILS, Treatment.STANDARD, 600),
        ("", DETAILS, Treatment.STANDARD, 600),
        ("DE", DETAILS, Treatment.STANDARD, 1900),
        ("DE", CONFIRMED, Treatment.REVERSE_CHARGE, 0),
        ("DE", EXEMPT, Treatment.EXEMPT, 0),
        ("CN", CONFIRMED, Treatment.STANDARD, 600),
        ("XX", DETAILS, Treatment.STANDARD, 600),
        ("NO", DETAILS, Treatment.STANDARD, 2500),
    ],
)
def test_by_country(country: str, details: TaxDetails, treatment: Treatment, rate: int) -> None:
    generic = profiles.profile("generic", NOW.date())
    found = rules.decide(generic, details, country, home="CN", payer="general", standard_bp=-1, now=NOW)
    assert (found.treatment, found.rate_bp) == (treatment, rate)
    assert bool(found.note) == (treatment is not Treatment.STANDARD)


@pytest.mark.parametrize(
    ("payer", "on", "rate"),
    [
        ("general", date(2026, 12, 1), 600),
        ("small_scale", date(2026, 12, 1), 100),
        ("small_scale", date(2027, 12, 31), 100),
        ("small_scale", date(2028, 1, 1), 300),
        ("general", date(2020, 1, 1), 600),
    ],
)
def test_in_china_by_what_the_platform_is(payer: str, on: date, rate: int) -> None:
    found = rules.decide(
        profiles.profile("cn", on), CONFIRMED, "DE", home="CN", payer=payer, standard_bp=-1, now=NOW
    )  # fmt: skip
    assert (found.treatment, found.rate_bp) == (Treatment.STANDARD, rate)


def test_an_exemption_ends_and_a_setting_stands_for_the_rate() -> None:
    cn = profiles.profile("cn", NOW.date())
    ended = dataclasses.replace(EXEMPT, exempt_until=NOW)
    assert rules.decide(cn, ended, "CN", home="CN", payer="general", standard_bp=-1, now=NOW).rate_bp == 600
    assert rules.decide(cn, DETAILS, "CN", home="CN", payer="general", standard_bp=0, now=NOW).rate_bp == 0
    assert rules.decide(cn, EXEMPT, "CN", home="CN", payer="general", standard_bp=900, now=NOW).rate_bp == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d | {"strange": 1},
        lambda d: d | {"version": "1"},
        lambda d: d | {"payers": {"general": 6.0}},
        lambda d: d | {"payers": {"emperor": 600}},
        lambda d: d | {"countries": {False: 2500}},
        lambda d: d | {"countries": {"DE": 10_001}},
        lambda d: d | {"fapiao": {"special": ["title", "shoe_size"]}},
        lambda d: d | {"notes": {"gift": {}}},
        lambda d: None,
    ],
)
def test_a_profile_with_anything_unknown_is_refused(spoil: Callable[[dict[str, object]], object]) -> None:
    good: dict[str, object] = {
        "name": "x", "version": 1, "effective_from": date(2026, 1, 1), "payers": {}, "countries": {},
        "reverse_charge": False, "vat_numbers": {}, "fapiao": {}, "notes": {},
    }  # fmt: skip
    profiles.parse(good)
    with pytest.raises(TaxProfileInvalid):
        profiles.parse(spoil(good))


@pytest.mark.parametrize("name", ["../cn", "none", ""])
def test_there_is_no_such_profile(name: str) -> None:
    with pytest.raises(TaxProfileInvalid):
        profiles.versions(name)


def test_numbers_are_spelled_one_way() -> None:
    generic, code = profiles.profile("generic", NOW.date()), credit_code(1)
    assert rules.taxpayer_number(f" {code[:9]} {code[9:].lower()}", "CN") == code
    assert rules.vat_number(generic, "de 123.456.789", "DE") == "DE123456789"
    assert rules.taxpayer_number("", "CN") == rules.vat_number(generic, "", "DE") == ""
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    for bad in (wrong, "91", "'; DROP", "１" * 18):
        with pytest.raises(TaxpayerNumberInvalid):
            rules.taxpayer_number(bad, "CN")
    for bad in ("DE12345678", "FR123456789", "DE１２３４５６７８９", "DE12345678\n9X"):
        with pytest.raises(VatNumberInvalid):
            rules.vat_number(generic, bad, "DE")


def _change(house: House, who: build.Built, **given: object) -> TaxDetails:
    before = house.db.read(lambda uow: queries.details(uow, who.organisation_id or ""))
    names = ("title", "taxpayer_number", "address", "phone", "bank", "account", "vat_number")
    said = {name: getattr(before, name) for name in names} | {"version": before.version} | given
    return house.db.write(lambda uow: service.change(uow, who.actor, **said))


def test_what_a_buyer_says_is_frozen_on_documents_to_come(books: Books) -> None:
    buyer, supplier = build.organisation(books.house), build.organisation(books.house)
    own, theirs = str(buyer.organisation_id), str(supplier.organisation_id)
    books.fund(own, 1_000_000)
    before = books.charge(own, theirs, 10_000)
    assert before.taxation is None
    assert "taxation" not in before.body, "documents of those who said nothing are as they always were"
    assert thaw(before.body).sha256 == before.sha256
    code = credit_code(77)
    _change(books.house, buyer, title="北京某某科技有限公司", taxpayer_number=code)
    after = books.charge(own, theirs, 10_000)
    assert after.taxation is not None
    assert after.taxation["buyer"] == {"title": "北京某某科技有限公司", "taxpayer_number": code}
    assert (after.taxation["version"], after.taxation["treatment"], after.lines[0].tax_rate_bp) == (1, "standard", 600)
    _change(books.house, buyer, title="另一个名称")
    assert thaw(after.body).taxation == after.taxation
    note = books.house.db.write(lambda uow: invoices.refund(uow, order_id=after.order_id, reason="returned"))
    assert note.taxation == after.taxation
    assert books.faults() == []


def test_an_exempt_buyer_pays_no_tax_once_finance_has_seen_why(books: Books) -> None:
    buyer, supplier = build.organisation(books.house), build.organisation(books.house)
    own, theirs, finance = str(buyer.organisation_id), str(supplier.organisation_id), books.recorder.actor
    books.fund(own, 1_000_000)
    until = books.house.clock.now() + timedelta(days=30)
    with pytest.raises(PolicyRefused):
        books.house.db.write(lambda uow: service.exempt(uow, buyer.actor, own, document="mine", until=until))
    books.house.db.write(lambda uow: service.exempt(uow, finance, own, document="免税备案 2026-17", until=until))
    invoice = books.charge(own, theirs, 10_000)
    assert (invoice.tax, invoice.gross, invoice.lines[0].tax_rate_bp) == (0, 10_000, 0)
    assert invoice.taxation is not None
    assert invoice.taxation["note"]["en"] == "Exempt from value added tax"
    assert invoice.taxation["buyer"] == {"exemption": "免税备案 2026-17"}
    books.house.db.write(lambda uow: service.exempt(uow, finance, own, document="", until=None))
    assert books.charge(own, theirs, 10_000).tax == 600
    assert books.faults() == []


def test_a_vat_number_counts_when_it_is_confirmed_and_no_longer_when_it_changes(books: Books) -> None:
    house, buyer = books.house, build.organisation(books.house)
    own, finance = str(buyer.organisation_id), books.recorder.actor
    _change(house, buyer, vat_number="CN99887766")
    with pytest.raises(NoVatNumber):
        house.db.write(lambda uow: service.confirm_vat_number(uow, finance, own, vat_number="CN11111111"))
    with pytest.raises(PolicyRefused):
        house.db.write(lambda uow: service.confirm_vat_number(uow, buyer.actor, own, vat_number="CN99887766"))
    found = house.db.write(lambda uow: service.confirm_vat_number(uow, finance, own, vat_number="cn99887766"))
    assert found.vat_confirmed_at is not None
    assert _change(house, buyer, vat_number="CN99887767").vat_confirmed_at is None
    with pytest.raises(Conflict):
        _change(house, buyer, version=1, title="late")
    with pytest.raises(TaxpayerNumberInvalid):
        _change(house, buyer, taxpayer_number=credit_code(5)[:-1] + "I")

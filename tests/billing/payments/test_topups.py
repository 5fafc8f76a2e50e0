"""Top-ups: two people, one reference, money only on confirmation."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from billing.payments import queries, service
from billing.payments.errors import BankReferenceUsed, TopUpDecided, TopUpNotFound
from billing.payments.rules import normal_reference
from billing.payments.types import TopUp
from compliance.identity.errors import OrganisationNotFound
from compliance.policy import PolicyRefused
from core.actor import Actor
from core.ids import new_id
from core.problems import Invalid
from tests import build
from tests.billing.books import Books

Step = Callable[..., TopUp]


@pytest.fixture
def buyer(books: Books) -> build.Built:
    return build.organisation(books.house)


def record(books: Books, actor: Actor, organisation_id: str, **given: str) -> TopUp:
    values = {"amount": "100.00", "currency": "CNY", "bank_reference": "REF 0001"} | given
    return books.house.db.write(lambda uow: service.record_topup(uow, actor, organisation_id=organisation_id, **values))


def seen_by(books: Books, actor: Actor, topup_id: str) -> TopUp:
    return books.house.db.read(lambda uow: queries.get(uow, actor, topup_id))


def decide(books: Books, step: Step, actor: Actor, topup_id: str, **given: str) -> TopUp:
    return books.house.db.write(lambda uow: step(uow, actor, topup_id, **given))


def test_money_appears_when_a_second_person_confirms(books: Books, buyer: build.Built) -> None:
    organisation_id = str(buyer.organisation_id)
    topup = record(books, books.recorder.actor, organisation_id)
    assert books.balance(organisation_id) == 0
    with pytest.raises(PolicyRefused) as refusal:
        decide(books, service.confirm_topup, books.recorder.actor, topup.id)
    assert refusal.value.problem()["code"] == "same_person"
    confirmed = decide(books, service.confirm_topup, books.confirmer.actor, topup.id)
    assert (str(confirmed.state), confirmed.version) == ("confirmed", 2)
    assert books.balance(organisation_id) == 10_000
    assert books.faults() == []


def test_a_top_up_is_decided_once(books: Books, buyer: build.Built) -> None:
    topup = record(books, books.recorder.actor, str(buyer.organisation_id))
    decide(books, service.confirm_topup, books.confirmer.actor, topup.id)
    with pytest.raises(TopUpDecided):
        decide(books, service.confirm_topup, books.confirmer.actor, topup.id)
    for step in (service.reject_topup, service.cancel_topup):
        with pytest.raises(TopUpDecided):
            decide(books, step, books.confirmer.actor, topup.id, reason="mistake")
    assert books.balance(str(buyer.organisation_id)) == 10_000


def test_two_confirmations_at_once_pay_once(books: Books, buyer: build.Built) -> None:
    topup = record(books, books.recorder.actor, str(buyer.organisation_id))
    outcomes: list[str] = []

    def confirm() -> None:
        try:
            decide(books, service.confirm_topup, books.confirmer.actor, topup.id)
            outcomes.append("confirmed")
        except TopUpDecided:
            outcomes.append("told")

    threads = [threading.Thread(target=confirm) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["confirmed", "told", "told"]
    assert books.balance(str(buyer.organisation_id)) == 10_000


@pytest.mark.parametrize("spelling", ["REF 0001", "ref0001", " ＲＥＦ０００１ "])
def test_a_bank_reference_is_used_once(books: Books, buyer: build.Built, spelling: str) -> None:
    record(books, books.recorder.actor, str(buyer.organisation_id))
    with pytest.raises(BankReferenceUsed) as refusal:
        record(books, books.confirmer.actor, str(buyer.organisation_id), bank_reference=spelling)
    assert refusal.value.field == "bank_reference"


@pytest.mark.parametrize("end", ["reject", "cancel"])
def test_a_mistake_frees_its_reference(books: Books, buyer: build.Built, end: str) -> None:
    organisation_id = str(buyer.organisation_id)
    topup = record(books, books.recorder.actor, organisation_id)
    if end == "reject":
        ended = decide(books, service.reject_topup, books.confirmer.actor, topup.id, reason="not on the statement")
    else:
        ended = decide(books, service.cancel_topup, books.recorder.actor, topup.id, reason="typed wrongly")
    assert ended.reason
    again = record(books, books.recorder.actor, organisation_id)
    decide(books, service.confirm_topup, books.confirmer.actor, again.id)
    assert books.balance(organisation_id) == 10_000


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": "-1"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1e30"}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "0.001"}, "amount"),
        ({"currency": "XYZ"}, "currency"),
        ({"bank_reference": "  "}, "bank_reference"),
        ({"bank_reference": "x" * 65}, "bank_reference"),
    ],
)
def test_wrong_input_is_named(books: Books, buyer: build.Built, wrong: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        record(books, books.recorder.actor, str(buyer.organisation_id), **wrong)
    assert refusal.value.field == field


def test_only_platform_finance_records(books: Books, buyer: build.Built) -> None:
    for actor in (buyer.actor, build.platform_person(books.house, "officer", "operator", "reviewer").actor):
        with pytest.raises(PolicyRefused):
            record(books, actor, str(buyer.organisation_id))
    with pytest.raises(OrganisationNotFound):
        record(books, books.recorder.actor, new_id("org"))


def test_others_cannot_tell_a_top_up_from_none(books: Books, buyer: build.Built) -> None:
    topup = record(books, books.recorder.actor, str(buyer.organisation_id))
    stranger = build.organisation(books.house).actor
    for topup_id in (topup.id, new_id("top")):
        with pytest.raises(TopUpNotFound):
            seen_by(books, stranger, topup_id)
        with pytest.raises(TopUpNotFound):
            decide(books, service.confirm_topup, stranger, topup_id)
    assert seen_by(books, buyer.actor, topup.id) == topup
    assert books.house.db.read(lambda uow: queries.listed(uow, stranger)).items == []
    assert books.house.db.read(lambda uow: queries.listed(uow, buyer.actor, state="recorded")).items == [topup]
    assert books.house.db.read(queries.waiting) == [topup]


def test_control_characters_are_no_reference() -> None:
    for text in ("AB\x00CD", "AB\u202eCD", None, 12345):
        with pytest.raises(Invalid):
            normal_reference(text)

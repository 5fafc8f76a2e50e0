"""A person is forgotten: what is erased, what stays, and what wins over it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import text

from bench.forgetting import CampaignFailed, run
from compliance.identity import forgetting, members, queries, signing
from compliance.identity.errors import AccountNotFound, LastOwner
from compliance.retention import service as retention
from compliance.retention.errors import MustBeKept
from core.house import House
from tests import build
from tests.client import ApiClient


def _member(house: House, owner: build.Built) -> build.Built:
    return build.member(house, owner, "buyer")


def test_the_account_is_nobodys_and_its_signatures_stay_verifiable(house: House, client: ApiClient) -> None:
    owner = build.organisation(house)
    who = _member(house, owner)
    account_id, code = str(who.actor.account_id), build.otp(house, who)
    signed = house.db.write(lambda uow: signing.sign(uow, who.actor, b"terms", code))
    mine, code = ApiClient(client.app, who.token), build.otp(house, who)
    assert mine.post(f"/accounts/{account_id}/forget", {"otp": code}).expect(200).json == {"kept": []}
    assert house.db.read(lambda uow: queries.account_name(uow, account_id)) == ""
    assert [m["id"] for m in ApiClient(client.app, owner.token).get("/members").json["items"]] == [
        owner.actor.account_id
    ]
    client.post("/sessions", {"email": who.email, "password": build.PASSWORD}).expect(401)
    (key,) = house.db.read(lambda uow: signing.public_keys(uow, [account_id]))
    assert signing.verify(key.public_key, b"terms", signed.signature)
    again = dataclasses.replace(build.person(), email=who.email)
    build.joins(house, owner, again, "buyer")


def test_holds_and_terms_of_keeping_win(house: House) -> None:
    owner, officer = build.organisation(house), build.platform_person(house, "officer")
    who = _member(house, owner)
    account_id = str(who.actor.account_id)
    until = house.clock.now() + timedelta(days=30)
    house.db.write(lambda uow: retention.keep(uow, account_id, until, "records"))
    code = build.otp(house, officer)
    with pytest.raises(MustBeKept):
        house.db.write(lambda uow: forgetting.forget_account(uow, officer.actor, account_id, otp=code))
    assert house.db.read(lambda uow: queries.account_name(uow, account_id)) != ""
    house.clock.advance(timedelta(days=31))
    later = build.otp(house, officer)
    house.db.write(lambda uow: forgetting.forget_account(uow, officer.actor, account_id, otp=later))
    assert house.db.read(lambda uow: queries.account_name(uow, account_id)) == ""


def test_nobody_forgets_somebody_else_and_no_organisation_is_left_without_owner(house: House) -> None:
    owner = build.organisation(house)
    who = _member(house, owner)
    with pytest.raises(AccountNotFound):
        house.db.write(lambda uow: forgetting.forget_account(uow, owner.actor, str(who.actor.account_id)))
    with pytest.raises(LastOwner):
        house.db.write(lambda uow: forgetting.forget_account(uow, owner.actor, str(owner.actor.account_id)))
    house.db.write(lambda uow: members.remove(uow, owner.actor, str(who.actor.account_id)))


def test_a_sample_of_the_campaign_leaves_nothing_behind(tmp_path_factory: pytest.TempPathFactory) -> None:
    report = run(tmp_path_factory.mktemp("forgetting"), subjects=6)
    assert report.hits == 0
    assert report.astray == {}
    assert set(report.typed) >= {"order_message", "dispute_statement", "document"}, "what is evidence stays"
    assert report.found_before > 0
    assert issubclass(CampaignFailed, Exception)


def test_postgresql_keeps_no_samples_of_what_forgetting_destroys(house: House) -> None:
    if house.db.sqlite:
        pytest.skip("SQLite keeps no samples of columns")
    person = build.organisation(house)
    assert person.actor.account_id
    sampled = text(
        "SELECT tablename || '.' || attname FROM pg_stats WHERE schemaname = 'public' AND"
        " (tablename, attname) IN (('subject', 'wrapped'), ('personal_value', 'sealed'), ('account', 'address_mark'))"
    )
    with house.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
        assert connection.execute(sampled).scalars().all() == []


def test_a_hold_on_an_organisation_is_one_on_its_people(house: House) -> None:
    owner, officer = build.organisation(house), build.platform_person(house, "officer")
    who = _member(house, owner)
    its = owner.organisation_id or ""
    house.db.write(lambda uow: retention.place_hold(uow, officer.actor, object_id=its, reason="a court's order"))
    with pytest.raises(MustBeKept):
        house.db.write(lambda uow: forgetting.forget_account(uow, who.actor, str(who.actor.account_id)))
    assert house.db.read(lambda uow: queries.account_name(uow, str(who.actor.account_id))) != ""

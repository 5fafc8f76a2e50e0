"""One-time codes as a second factor, and the keys that people sign with."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.identity import factors, signing
from compliance.identity.errors import OwnKeySigns, SecondFactorNeeded, SecondFactorWrong, TooManyAttempts
from core.house import House
from core.problems import DomainError
from tests import build
from tests.client import ApiClient

RFC_6238_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("moment", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(moment: int, code: str) -> None:
    assert factors.code_at(RFC_6238_SECRET, moment // factors.STEP_S) == code


def _confirm(house: House, who: build.Built, otp: str) -> None:
    house.db.write(lambda uow: factors.confirm(uow, who.actor, otp))


def test_a_code_counts_once_and_not_before_or_after_its_time(house: House) -> None:
    who = build.organisation(house)
    with pytest.raises(SecondFactorNeeded):
        _confirm(house, who, "123456")
    otp = build.otp(house, who)
    _confirm(house, who, otp)
    for spent in (otp, "", "12345", "ABCDEF", "１２３４５６"):
        with pytest.raises((SecondFactorWrong, SecondFactorNeeded)):
            _confirm(house, who, spent)
    late = build.otp(house, who)
    house.clock.advance(3 * timedelta(seconds=factors.STEP_S))
    with pytest.raises(SecondFactorWrong):
        _confirm(house, who, late)


def test_wrong_codes_in_a_row_make_the_account_wait_although_their_units_were_undone(house: House) -> None:
    who = build.organisation(house)
    build.otp(house, who)
    for _ in range(5):
        with pytest.raises(SecondFactorWrong):
            _confirm(house, who, "000000")
    right = build.otp(house, who)
    with pytest.raises(TooManyAttempts):
        _confirm(house, who, right)
    house.clock.advance(timedelta(minutes=16))
    _confirm(house, who, build.otp(house, who))


def _at_once(house: House, who: build.Built, codes: list[str]) -> Counter[str]:
    """What each of these guesses, made at the same moment, was answered."""
    together, answers = Barrier(len(codes)), Counter[str]()

    def guess(code: str) -> None:
        together.wait()
        try:
            _confirm(house, who, code)
            answers["right"] += 1
        except DomainError as refusal:
            answers[refusal.code] += 1

    threads = [Thread(target=guess, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_guesses_at_once_are_no_more_than_guesses_one_after_the_other(house: House) -> None:
    who, other = build.organisation(house), build.organisation(house)
    build.otp(house, who)
    answers = _at_once(house, who, [f"{number:06d}" for number in range(12)])
    assert answers == {"second_factor_wrong": 5, "too_many_attempts": 7}
    with pytest.raises(TooManyAttempts):
        _confirm(house, who, build.otp(house, who))
    _confirm(house, other, build.otp(house, other))


def test_a_code_given_twice_at_once_counts_once(house: House) -> None:
    who = build.organisation(house)
    code = build.otp(house, who)
    assert _at_once(house, who, [code] * 4) == {"right": 1, "second_factor_wrong": 3}


def test_a_recovery_code_stands_for_a_code_once(house: House, client: ApiClient) -> None:
    who = build.organisation(house)
    person = ApiClient(client.app, who.token)
    secret = person.post("/second-factor").expect(201).json["secret"]
    device = build.Device(secret)
    answer = person.post("/second-factor/confirm", {"otp": device.next_code(house)}).expect(200)
    first, *others = answer.json["recovery_codes"]
    assert len(others) == 9
    body = {"email": who.email, "password": build.PASSWORD}
    assert client.post("/sessions", body).expect(403).code == "second_factor_needed"
    assert client.post("/sessions", body | {"otp": first.upper()}).status == 201
    assert client.post("/sessions", body | {"otp": first}).expect(403).code == "second_factor_wrong"
    assert person.get("/second-factor").json == {"enrolled": True, "recovery_codes_left": 9} | {
        "confirmed_at": person.get("/second-factor").json["confirmed_at"]
    }


def test_the_platforms_roles_count_only_behind_a_second_factor(house: House, client: ApiClient) -> None:
    officer = build.platform_person(house, "officer")
    house.db.write(lambda uow: factors.forget(uow, str(officer.actor.account_id)))
    weak = client.sign_in(officer.email, build.PASSWORD)
    assert weak.get("/me").json["platform_roles"] == []
    assert weak.get("/qualifications").status == 403
    device = build.Device(weak.post("/second-factor").expect(201).json["secret"])
    weak.post("/second-factor/confirm", {"otp": device.next_code(house)}).expect(200)
    assert weak.get("/me").json["platform_roles"] == ["officer"]
    weak.get("/qualifications").expect(200)


def test_another_device_takes_a_code_of_the_old_one(house: House, client: ApiClient) -> None:
    who = build.organisation(house)
    build.otp(house, who)
    person = ApiClient(client.app, who.token)
    assert person.post("/second-factor", {}).expect(403).code == "second_factor_needed"
    other = build.Device(person.post("/second-factor", {"otp": build.otp(house, who)}).expect(201).json["secret"])
    _confirm(house, who, build.otp(house, who))  # the old one counts until the new one has given its first code
    person.post("/second-factor/confirm", {"otp": other.next_code(house)}).expect(200)
    with pytest.raises(SecondFactorWrong):
        _confirm(house, who, build.otp(house, who))
    assert person.post("/second-factor/confirm", {"otp": "000000"}).code == "second_factor_not_offered"


def test_a_signature_is_of_exactly_these_bytes_and_this_account(house: House) -> None:
    who, other = build.organisation(house), build.organisation(house)
    otp, others = build.otp(house, who), build.otp(house, other)
    signed = house.db.write(lambda uow: signing.sign(uow, who.actor, b"terms", otp))
    foreign = house.db.write(lambda uow: signing.sign(uow, other.actor, b"terms", others))
    assert signing.verify(signed.public_key, b"terms", signed.signature)
    assert not signing.verify(signed.public_key, b"other terms", signed.signature)
    assert not signing.verify(foreign.public_key, b"terms", signed.signature)
    assert not signing.verify("?", b"terms", signed.signature)
    with pytest.raises(SecondFactorWrong):
        house.db.write(lambda uow: signing.sign(uow, who.actor, b"terms", otp))
    (known,) = house.db.read(lambda uow: signing.public_keys(uow, [str(who.actor.account_id)]))
    assert (known.key_id, known.public_key, known.own) == (signed.key_id, signed.public_key, False)


def test_an_account_may_keep_its_key_itself(house: House, client: ApiClient) -> None:
    who = build.organisation(house)
    build.otp(house, who)
    person, private = ApiClient(client.app, who.token), Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    proof = base64.b64encode(private.sign(signing.proof_payload(who.actor.pseudonym, public))).decode()
    body = {"public_key": public, "proof": base64.b64encode(private.sign(b"else")).decode()}
    refused = person.post("/signing-keys", body | {"otp": build.otp(house, who)})
    assert (refused.status, refused.code) == (422, "signing_key_invalid")
    person.post("/signing-keys", body | {"proof": proof, "otp": build.otp(house, who)}).expect(201)
    code = build.otp(house, who)
    with pytest.raises(OwnKeySigns):
        house.db.write(lambda uow: signing.sign(uow, who.actor, b"terms", code))
    own, code = base64.b64encode(private.sign(b"terms")).decode(), build.otp(house, who)
    signed = house.db.write(lambda uow: signing.sign(uow, who.actor, b"terms", code, signature=own))
    assert (signed.public_key, signed.signature) == (public, own)
    old, new = person.get("/signing-keys").json["items"]
    assert (old["own"], new["own"]) == (False, True)
    assert old["retired_at"] is not None

"""From the public form to the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from compliance.audit import queries as audit
from compliance.audit import sequencer
from compliance.identity import signers
from compliance.requests import service
from compliance.retention import queries as holds
from compliance.retention import service as retention
from core import outbox
from core.actor import Actor
from core.db import Base, Uow
from core.house import House
from exchange.notices import queries as notices
from tests import build
from tests.client import ApiClient
from tests.compliance.requests.letters import bodies, code_in

_ENTRY = Base.metadata.tables["audit_entry"]
_PHONE = "13912345678"
_MAIL = "zhang.wei.canary@example.org"
_TABLE = "caller,score\n" + "".join(f"{phone},1\n" for phone in (_PHONE, "13800000001", "13800000002"))


def _ask(client: ApiClient, **fields: Any) -> str:
    given = {"kind": "delete", "email": _MAIL, "phone": "+86 " + _PHONE, "text": "remove me", "language": "en"}
    return str(client.post("/privacy/requests", given | fields).expect(201).json["id"])


def _confirmed(house: House, client: ApiClient, **fields: Any) -> tuple[str, str]:
    request_id = _ask(client, **fields)
    code = code_in(bodies(house, str(fields.get("email", _MAIL)))[-1])
    client.post(f"/privacy/requests/{request_id}/open", {"code": code}).expect(200)
    return request_id, code


@pytest.fixture
def supplier(house: House) -> build.Built:
    """One whose data holds the person, beside another whose data does not."""
    other, found = build.organisation(house), build.organisation(house)
    build.file(house, other)
    build.file(house, found, _TABLE)
    return found


def test_from_the_form_to_the_answer(house: House, client: ApiClient, supplier: build.Built) -> None:
    officer = build.platform_person(house, "officer")
    officers, suppliers = ApiClient(client.app, officer.token), ApiClient(client.app, supplier.token)
    request_id, code = _confirmed(house, client)
    (task,) = suppliers.get("/privacy/tasks?state=open").expect(200).json["items"]
    assert (task["request_id"], task["kind"], len(task["file_ids"])) == (request_id, "delete", 1)
    assert _waiting(house, supplier) == ["request:answer"]
    assert _told(house, supplier)[-1:] == ["request:task"]
    full = suppliers.get(f"/privacy/tasks/{request_id}").expect(200).json
    assert full["particulars"]["phone"] == "+86 " + _PHONE
    closing = {"outcome": "fulfilled", "text": "All rows were removed."}
    assert officers.post(f"/privacy/requests/{request_id}/close", closing).expect(409).code == "tasks_open"
    told = {"outcome": "fulfilled", "text": "Three rows removed on request."}
    suppliers.post(f"/privacy/tasks/{request_id}/answer", told).expect(200)
    assert suppliers.post(f"/privacy/tasks/{request_id}/answer", told).expect(409).code == "request_state_conflict"
    assert "request:close" in _waiting(house, officer)
    assert {"request:open", "request:answered"} <= set(_told(house, officer))
    (listed,) = officers.get("/privacy/requests?state=answered").expect(200).json["items"]
    assert (listed["id"], listed["overdue"]) == (request_id, False)
    officers.post(f"/privacy/requests/{request_id}/close", closing).expect(200)
    seen = client.post(f"/privacy/requests/{request_id}/open", {"code": code.lower()}).expect(200).json
    assert (seen["state"], seen["outcome"], seen["answer"]) == ("closed", "fulfilled", "All rows were removed.")
    assert seen["tasks"][0]["answer"] == "Three rows removed on request."
    assert "file_ids" not in seen["tasks"][0]
    assert len(bodies(house, _MAIL)) == 2


def _waiting(house: House, who: build.Built) -> list[str]:
    return [task.code for task in house.db.read(lambda uow: notices.tasks(uow, who.actor))]


def _told(house: House, who: build.Built) -> list[str]:
    while outbox.relay(house):
        pass
    return [each.code for each in reversed(house.db.read(lambda uow: notices.notices(uow, who.actor)).items)]


def test_nothing_happens_before_the_address_is_confirmed(
    house: House, client: ApiClient, supplier: build.Built
) -> None:
    request_id = _ask(client)
    officer = build.platform_person(house, "officer")
    officers = ApiClient(client.app, officer.token)
    assert ApiClient(client.app, supplier.token).get("/privacy/tasks").expect(200).json["items"] == []
    assert officers.get("/privacy/requests").expect(200).json["items"] == []
    officers.get(f"/privacy/requests/{request_id}").expect(404)
    code = code_in(bodies(house, _MAIL)[0])
    assert client.post(f"/privacy/requests/{request_id}/open", {"code": "A" * 12}).expect(404).code == "code_wrong"
    house.clock.advance(timedelta(hours=25))
    assert client.post(f"/privacy/requests/{request_id}/open", {"code": code}).expect(409).code == "code_expired"
    assert service.tick(house) == 1
    assert service.tick(house) == 0
    assert client.post(f"/privacy/requests/{request_id}/open", {"code": code}).expect(409).code == "code_expired"


def test_codes_cannot_be_tried_out_and_forms_not_poured_in(house: House, client: ApiClient) -> None:
    request_id = _ask(client)
    path = f"/privacy/requests/{request_id}/open"
    answers = [client.post(path, {"code": f"{number:012d}"}).status for number in range(8)]
    assert answers[:5] == [404] * 5
    assert answers[-1] == 429
    asked = [client.post("/privacy/requests", {"kind": "access", "email": "p@example.org"}).status for _ in range(8)]
    assert asked[0] == 201
    assert asked[-1] == 429


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nobody"), ("phone", "12345"), ("resident_id", "110101199003070012"), ("kind", "riches")],
)
def test_particulars_that_cannot_be_right(client: ApiClient, field: str, value: str) -> None:
    given = {"kind": "access", "email": _MAIL} | {field: value}
    refused = client.post("/privacy/requests", given).expect(422)
    assert refused.json["field"] == field


def test_others_see_nothing_of_it(house: House, client: ApiClient, supplier: build.Built) -> None:
    request_id, _ = _confirmed(house, client)
    other = ApiClient(client.app, build.organisation(house).token)
    mine = ApiClient(client.app, supplier.token)
    reviewer = ApiClient(client.app, build.platform_person(house, "reviewer", "finance").token)
    answer = {"outcome": "fulfilled", "text": "done"}
    other.get(f"/privacy/tasks/{request_id}").expect(404)
    other.post(f"/privacy/tasks/{request_id}/answer", answer).expect(404)
    for who in (other, mine, reviewer):
        who.get("/privacy/requests").expect(403)
        who.get(f"/privacy/requests/{request_id}").expect(403)
        who.post(f"/privacy/requests/{request_id}/close", answer).expect(403)
    client.get(f"/privacy/requests/{request_id}").expect(401)
    assert mine.get(f"/privacy/tasks/{request_id}").expect(200).json["state"] == "open"


def test_who_lets_the_time_pass_is_closed_without(house: House, client: ApiClient, supplier: build.Built) -> None:
    request_id, code = _confirmed(house, client, kind="access")
    house.clock.advance(timedelta(days=31))
    officers = ApiClient(client.app, build.platform_person(house, "officer").token)
    (listed,) = officers.get("/privacy/requests").expect(200).json["items"]
    assert listed["overdue"]
    closing = {"outcome": "partly", "text": "The supplier did not answer; it was warned."}
    officers.post(f"/privacy/requests/{request_id}/close", closing).expect(200)
    house.clock.advance(timedelta(hours=1))
    seen = client.post(f"/privacy/requests/{request_id}/open", {"code": code}).expect(200).json
    assert (seen["outcome"], seen["tasks"][0]["state"]) == ("partly", "open")


def test_who_is_in_nobodys_data_waits_for_the_officer_only(house: House, client: ApiClient) -> None:
    request_id, _ = _confirmed(house, client, phone="13700000000")
    officers = ApiClient(client.app, build.platform_person(house, "officer").token)
    (listed,) = officers.get("/privacy/requests").expect(200).json["items"]
    assert (listed["id"], listed["state"]) == (request_id, "answered")


def test_whoever_has_an_account_here_is_erased_by_an_officer_unless_it_is_held(house: House, client: ApiClient) -> None:
    owner, officer = build.organisation(house), build.platform_person(house, "officer")
    member = build.person()
    build.joins(house, owner, member, "buyer")
    request_id, _ = _confirmed(house, client, email=member.email, phone="")
    officers, path = ApiClient(client.app, officer.token), f"/privacy/requests/{request_id}/erase-account"
    account_id = officers.get(f"/privacy/requests/{request_id}").expect(200).json["account_id"]
    assert account_id.startswith("acc_")
    house.db.write(lambda uow: retention.place_hold(uow, officer.actor, object_id=account_id, reason="a court's order"))
    assert officers.post(path, {"otp": build.otp(house, officer)}).expect(409).code == "must_be_kept"
    _let_go(house, account_id)
    ApiClient(client.app, owner.token).post(path, {"otp": "1"}).expect(403)
    assert officers.post(path, {"otp": build.otp(house, officer)}).expect(200).json["account_id"] is None
    assert officers.post(path, {"otp": build.otp(house, officer)}).expect(409).code == "request_state_conflict"
    client.post("/sessions", {"email": member.email, "password": build.PASSWORD}).expect(401)
    refused = house.db.read(lambda uow: _refusals(uow, officer))
    assert "refused:retention:erase" in refused


def test_the_answer_names_what_the_law_keeps_of_an_erased_account(house: House, client: ApiClient) -> None:
    owner, officer = build.organisation(house), build.platform_person(house, "officer")
    member = build.person()
    signed = Actor(account_id=build.joins(house, owner, member, "buyer"))
    house.db.write(lambda uow: signers.keep(uow, signed, "ord_01jc9x2m5t7rqk8v4e6b0wz3np"))
    request_id, code = _confirmed(house, client, email=member.email, phone="")
    officers, path = ApiClient(client.app, officer.token), f"/privacy/requests/{request_id}"
    officers.post(f"{path}/erase-account", {"otp": build.otp(house, officer)}).expect(200)
    officers.post(f"{path}/close", {"outcome": "fulfilled", "text": "It is done."}).expect(200)
    answer = client.post(f"{path}/open", {"code": code}).expect(200).json["answer"]
    assert answer.startswith("It is done.\n\n")
    assert "ord_01jc9x2m5t7rqk8v4e6b0wz3np" in answer
    assert "PIPL 47" in answer


def _refusals(uow: Uow, who: build.Built) -> list[str]:
    return list(uow.session.execute(select(_ENTRY.c.action).where(_ENTRY.c.object_id == who.actor.pseudonym)).scalars())


def test_what_was_told_is_sealed_then_forgotten_unless_it_is_held(
    house: House, client: ApiClient, supplier: build.Built
) -> None:
    request_id, code = _confirmed(house, client, phone="13700000000", name="张伟金丝雀")
    assert _clear_hits(house) == []
    officer = build.platform_person(house, "officer")
    ApiClient(client.app, officer.token).post(
        f"/privacy/requests/{request_id}/close", {"outcome": "not_held", "text": "Nothing is known of canary."}
    ).expect(200)
    house.db.write(lambda uow: retention.place_hold(uow, officer.actor, object_id=request_id, reason="a complaint"))
    house.clock.advance(timedelta(days=181))
    service.tick(house)
    seen = client.post(f"/privacy/requests/{request_id}/open", {"code": code}).expect(200).json
    assert seen["answer"] == "Nothing is known of canary."
    house.clock.advance(timedelta(days=31))
    hold = house.db.read(lambda uow: retention.must_keep(uow, request_id))
    assert hold is not None
    assert hold.held
    _let_go(house, request_id)
    service.tick(house)
    seen = client.post(f"/privacy/requests/{request_id}/open", {"code": code}).expect(200).json
    assert (seen["state"], seen["answer"]) == ("closed", None)
    while sequencer.run(house):
        pass
    entries = house.db.read(lambda uow: audit.entries(uow, officer.actor, object_id=request_id)).items
    assert [entry.action for entry in entries] == [
        "request:forget", "hold:release", "hold:place", "request:close", "request:confirm", "request:open",
    ]  # fmt: skip


def _let_go(house: House, object_id: str) -> None:
    other = build.platform_person(house, "officer")
    (hold,) = house.db.read(lambda uow: holds.holds(uow, other.actor, standing_only=True)).items
    assert hold.object_id == object_id
    house.db.write(lambda uow: retention.release_hold(uow, other.actor, hold.id, reason="settled"))


def _clear_hits(house: House) -> list[str]:
    """Tables in which something that the person told stands in clear."""
    hits = []
    with house.db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
            for name in names:
                for row in connection.execute(text(f'SELECT * FROM "{name}"')):
                    if any("canary" in str(cell) or "金丝雀" in str(cell) or _PHONE in str(cell) for cell in row):
                        hits.append(name)
    return hits


def test_whoever_has_proven_an_address_alone_does_not_learn_whose_data_holds_another_person(
    house: House, client: ApiClient, supplier: build.Built
) -> None:
    views = []
    for number, phone in enumerate((_PHONE, "13700000000")):
        address = f"eve{number}@example.org"
        request_id, code = _confirmed(house, client, kind="access", email=address, phone=phone)
        seen = client.post(f"/privacy/requests/{request_id}/open", {"code": code}).expect(200).json
        views.append({name: seen[name] for name in ("state", "tasks", "answer", "outcome")})
    assert views[0] == views[1] == {"state": "open", "tasks": [], "answer": None, "outcome": ""}
    told = {"outcome": "fulfilled", "text": "She lives in Pudong."}
    officers = ApiClient(client.app, build.platform_person(house, "officer").token)
    (found,) = (each for each in officers.get("/privacy/requests").json["items"] if each["state"] == "open")
    ApiClient(client.app, supplier.token).post(f"/privacy/tasks/{found['id']}/answer", told).expect(200)
    officers.post(f"/privacy/requests/{found['id']}/close", {"outcome": "refused", "text": "It is not you."}).expect(
        200
    )
    code = code_in(bodies(house, "eve0@example.org")[0])
    seen = client.post(f"/privacy/requests/{found['id']}/open", {"code": code}).expect(200).json
    assert (seen["answer"], seen["tasks"]) == ("It is not you.", [])


def test_a_set_that_is_lost_keeps_nobody_from_asking(house: House, client: ApiClient, supplier: build.Built) -> None:
    for path in (house.settings.data / "files" / "persons").rglob("*"):
        if path.is_file():
            path.unlink()
    request_id, _ = _confirmed(house, client)
    tasks = ApiClient(client.app, supplier.token).get("/privacy/tasks").expect(200).json["items"]
    assert [each["request_id"] for each in tasks] == [request_id]


def test_codes_of_requests_that_are_not_there_are_counted_by_where_they_come_from(
    house: House, client: ApiClient
) -> None:
    answers = [client.post(f"/privacy/requests/dsr_{number}/open", {"code": "X"}).status for number in range(60)]
    assert (answers[0], answers[-1]) == (404, 429)


def test_many_people_share_a_place(client: ApiClient) -> None:
    for number in range(12):
        client.post("/privacy/requests", {"kind": "access", "email": f"p{number}@example.org"}).expect(201)

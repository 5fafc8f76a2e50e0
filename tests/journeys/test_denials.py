"""Another organisation's id, in every route that takes one, answers exactly like an id that does not exist.

The routes come from the route table: one that is added with an id and is not thought of here fails the test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import flask
import pytest

from billing.payments import service as payments
from catalog.files import service as files
from compliance.review import queries as reviews
from core.house import House
from core.http import ANYONE, Route
from core.ids import new_id
from tests import build
from tests.client import Answer, ApiClient

_PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
_PREFIXES = {
    "session_id": "ses", "organisation_id": "org", "review_id": "rvw", "upload_id": "upl", "listing_id": "lst",
    "reference_id": "ref", "invoice_id": "inv", "topup_id": "top", "order_id": "ord", "file_id": "fil",
}  # fmt: skip
_VALUES: dict[str, Any] = {
    "name": "别人的机构",
    "credit_code": "91110108MA0736233N",
    "answer": "pass",
    "reason": "not ours",
    "title": {"en": "Taken over"},
    "file_ids": [new_id("fil")],
    "plan": {"version": 1, "kind": "free"},
    "purposes": ["training"],
    "tier": 5,
}
"""A right value for each field that a body may need, so that no answer is about the body."""
_OPEN_TO_ALL = {
    ("GET", "/organisations/<organisation_id>"),  # the public part of an organisation
    ("GET", "/references/<reference_id>"),  # references are public; those held back are tested with them
    ("POST", "/references/<reference_id>/release"),
    ("POST", "/references/<reference_id>/quarantine"),
}


@dataclass(frozen=True)
class Stage:
    """One organisation's things, and somebody of another organisation who holds every role there."""

    ids: dict[str, str]
    outsider: ApiClient


@pytest.fixture
def stage(app: flask.Flask, house: House) -> Stage:
    owner, buyer, outsider = (build.organisation(house, level=3) for _ in range(3))
    build.funded(house, buyer)
    sold = build.listed(house, owner)
    order = build.paid(house, buyer, sold)
    hidden = build.draft(house, owner)
    assert hidden.revision is not None
    assert order.invoice_id is not None
    ids = {
        "order_id": order.id, "invoice_id": order.invoice_id, "listing_id": hidden.id,
        "file_id": hidden.revision.files[0].id, "organisation_id": str(owner.organisation_id),
        "session_id": _session(app, owner), "upload_id": _upload(house, owner), "topup_id": _topup(house, buyer),
        "review_id": _review(house, owner),
    }  # fmt: skip
    return Stage(ids, ApiClient(app, outsider.token))


def _session(app: flask.Flask, owner: build.Built) -> str:
    return str(ApiClient(app, owner.token).get("/sessions").json["items"][0]["id"])


def _upload(house: House, owner: build.Built) -> str:
    return house.db.write(lambda uow: files.declare(uow, owner.actor, name="a.csv", size=3, sha256="0" * 64).id)


def _topup(house: House, buyer: build.Built) -> str:
    finance = build.platform_person(house, "finance")
    owner = str(buyer.organisation_id)
    return house.db.write(
        lambda uow: (
            payments.record_topup(
                uow, finance.actor, organisation_id=owner, amount="10.00", currency="CNY", bank_reference="BANK99887766"
            ).id
        )
    )


def _review(house: House, owner: build.Built) -> str:
    sold = build.listed(house, owner)
    reviewer = build.platform_person(house, "reviewer")
    found = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, sold.id))
    assert found is not None
    return found.id


def _routes(house: House) -> Iterator[Route]:
    for route in (route for api in house.apis for route in api.routes):
        names = set(_PLACEHOLDER.findall(route.path)) - {"number", "item"}
        if names and (route.method, route.path) not in _OPEN_TO_ALL:
            assert names <= _PREFIXES.keys(), f"{route.path} takes an id that this test does not know"
            yield route


def _ask(client: ApiClient, route: Route, ids: dict[str, str]) -> Answer:
    path = _PLACEHOLDER.sub(lambda found: ids.get(found[1], "entity"), route.path)
    headers = {"If-Match": '"1"'} if route.if_match else {}
    if route.path.endswith("/parts"):
        return client.send("PUT", f"{path}?offset=0", data=b"abc", headers=headers)
    fields = route.body().fields if route.body else {}
    body = {name: _VALUES[name] for name, field in fields.items() if field.required or name == "title"}
    return client.send(route.method, path, json=body if route.body else None, headers=headers)


def _shown(answer: Answer, ids: dict[str, str]) -> str:
    """The answer without the ids that were asked for."""
    text = json.dumps(answer.json, ensure_ascii=False, sort_keys=True)
    for value in ids.values():
        text = text.replace(value, "…")
    return text


def test_another_organisations_id_is_an_unknown_id(house: House, stage: Stage) -> None:
    unknown = {name: new_id(prefix) for name, prefix in _PREFIXES.items()}
    asked = 0
    for route in _routes(house):
        theirs, nobodys = (_ask(stage.outsider, route, ids) for ids in (stage.ids, unknown))
        told = f"{route.method} {route.path}: {theirs.status} {theirs.body[:300]!r}"
        assert theirs.status in (403, 404), told
        assert (theirs.status, _shown(theirs, stage.ids)) == (nobodys.status, _shown(nobodys, unknown)), told
        asked += 1
    assert asked > 30


def test_what_needs_a_session_says_nothing_to_strangers(app: flask.Flask, house: House, stage: Stage) -> None:
    stranger = ApiClient(app)
    for route in _routes(house):
        answer = _ask(stranger, route, stage.ids)
        assert answer.status == (404 if route.who == ANYONE else 401), f"{route.method} {route.path}: {answer.status}"


def test_another_organisations_file_goes_into_no_revision(house: House, app: flask.Flask, stage: Stage) -> None:
    rival = build.organisation(house)
    own = build.draft(house, rival)
    client = ApiClient(app, rival.token)
    answers = [
        client.post(f"/listings/{own.id}/revisions", {"file_ids": [file_id]}).expect(404)
        for file_id in (stage.ids["file_id"], new_id("fil"))
    ]
    assert [answer.code for answer in answers] == ["file_not_found", "file_not_found"]


def test_no_account_and_no_role_lets_one_look_into_the_money_of_others(stage: Stage) -> None:
    for path in ("/balance", "/ledger"):
        answer = stage.outsider.get(f"{path}?organisation_id={stage.ids['organisation_id']}")
        assert answer.status in (403, 404), f"{path}: {answer.status}"
    for path in ("/trial-balance", "/qualifications"):
        stage.outsider.get(path).expect(403)
    for path in ("/orders", "/invoices", "/topups", "/reviews", "/my/listings"):
        assert stage.outsider.get(path).expect(200).json["items"] == [], path
    assert stage.outsider.get("/payables").expect(200).json["items"] == []

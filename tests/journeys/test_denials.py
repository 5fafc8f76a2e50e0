"""Another organisation's id, in every route that takes one, answers exactly like an id that does not exist.

The routes come from the route table: one that is added with an id and is not thought of in ``denials`` fails the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import flask
import pytest

from compliance.identity.types import Role
from core.house import House
from core.http import ANYONE, Route
from core.ids import new_id
from core.settings import Settings
from exchange.app import build_house, create_app_of
from tests import build
from tests.client import Answer, ApiClient
from tests.journeys import denials


@pytest.fixture(scope="module")
def house(shared_settings: Settings) -> Iterator[House]:
    """One exchange for all: nothing that is refused changes it."""
    shared_settings.data.mkdir(mode=0o700, exist_ok=True)
    built = build_house(shared_settings)
    yield built
    built.db.engine.dispose()


@pytest.fixture(scope="module")
def app(house: House) -> flask.Flask:
    return create_app_of(house)


@pytest.fixture(scope="module")
def scene(house: House) -> denials.Scene:
    return denials.scene(house)


@pytest.fixture(autouse=True)
def _nobody_is_blocked(house: House) -> None:
    """Wrong codes of the tests before are as long ago as the longest block is."""
    house.clock.advance(timedelta(minutes=16))


def _ask(client: ApiClient, route: Route, ids: dict[str, str]) -> Answer:
    asked = denials.question(route, ids)
    return client.send(asked.method, asked.path, json=asked.json, data=asked.data, headers=asked.headers)


def _shown(answer: Answer, ids: dict[str, str]) -> str:
    """The answer without the ids that were asked for."""
    text = json.dumps(answer.json, ensure_ascii=False, sort_keys=True)
    for value in ids.values():
        text = text.replace(value, "…")
    return text


def test_another_organisations_id_is_an_unknown_id(app: flask.Flask, house: House, scene: denials.Scene) -> None:
    unknown, outsider = denials.unknown_ids(), ApiClient(app, scene.outsider.token)
    faults, asked = [], 0
    for route in denials.routes(house):
        theirs, nobodys = (_ask(outsider, route, ids) for ids in (scene.ids, unknown))
        same = (theirs.status, _shown(theirs, scene.ids)) == (nobodys.status, _shown(nobodys, unknown))
        if theirs.status not in (403, 404) or not same:
            faults.append(f"{route.method} {route.path}: {theirs.status} {theirs.code}, unknown {nobodys.code}")
        asked += 1
    assert faults == []
    assert asked > 100


def test_every_role_is_denied_and_nothing_changes(app: flask.Flask, house: House, scene: denials.Scene) -> None:
    """Each of an organisation's roles alone, for each thing of somebody else: no, and nothing is other than before."""
    people = [build.member(house, scene.outsider, role) for role in Role if role is not Role.OWNER]
    before, faults = denials.contents(house), []
    for who in (scene.outsider, *people):
        client = ApiClient(app, who.token)
        for route in denials.routes(house):
            answer = _ask(client, route, scene.ids)
            if answer.status not in (403, 404):
                faults.append(f"{sorted(who.actor.roles)} {route.method} {route.path}: {answer.status} {answer.code}")
    after = denials.contents(house)
    assert faults == []
    assert [name for name in before if before[name] != after[name]] == []


def test_what_needs_a_session_says_nothing_to_strangers(app: flask.Flask, house: House, scene: denials.Scene) -> None:
    stranger, faults = ApiClient(app), []
    for route in denials.routes(house):
        answer = _ask(stranger, route, scene.ids)
        if answer.status != (404 if route.who == ANYONE else 401):
            faults.append(f"{route.method} {route.path}: {answer.status} {answer.code}")
    assert faults == []


def test_another_organisations_file_goes_into_no_revision(house: House, app: flask.Flask, scene: denials.Scene) -> None:
    rival = build.organisation(house)
    own = build.draft(house, rival)
    client = ApiClient(app, rival.token)
    answers = [
        client.post(f"/listings/{own.id}/revisions", {"file_ids": [file_id]}).expect(404)
        for file_id in (scene.ids["file_id"], new_id("fil"))
    ]
    assert [answer.code for answer in answers] == ["file_not_found", "file_not_found"]


def test_no_account_and_no_role_lets_one_look_into_the_money_of_others(app: flask.Flask, scene: denials.Scene) -> None:
    outsider = ApiClient(app, scene.outsider.token)
    for path in ("/balance", "/ledger"):
        answer = outsider.get(f"{path}?organisation_id={scene.ids['organisation_id']}")
        assert answer.status in (403, 404), f"{path}: {answer.status}"
    for path in ("/trial-balance", "/qualifications"):
        outsider.get(path).expect(403)
    for path in ("/orders", "/invoices", "/topups", "/reviews", "/my/listings"):
        assert outsider.get(path).expect(200).json["items"] == [], path
    for path in ("/payables", "/settlements"):
        assert outsider.get(path).expect(200).json["items"] == [], path

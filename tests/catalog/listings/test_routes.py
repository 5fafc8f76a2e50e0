"""The routes of listings: conditional edits, idempotent commands, and ids one may not know."""

from __future__ import annotations

import pytest

from core.house import House
from tests import build
from tests.build import Built
from tests.client import ApiClient

UNKNOWN = "lst_01jd0000000000000000000000"


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house)


@pytest.fixture
def api(client: ApiClient, supplier: Built) -> ApiClient:
    return ApiClient(client.app, supplier.token)


def test_an_edit_says_which_version_it_means(house: House, supplier: Built, api: ApiClient) -> None:
    listing = build.draft(house, supplier)
    read = api.get(f"/listings/{listing.id}").expect(200)
    assert api.patch(f"/listings/{listing.id}", {"tags": ["x"]}).code == "if_match_required"
    edited = api.patch(f"/listings/{listing.id}", {"tags": ["x"]}, etag=read.etag).expect(200)
    assert edited.json["tags"] == ["x"]
    stale = api.patch(f"/listings/{listing.id}", {"tags": ["y"]}, etag=read.etag)
    assert (stale.status, stale.code) == (412, "stale_version")
    assert api.patch(f"/listings/{listing.id}", {"tier": 0}, etag=edited.etag).status == 422


def test_a_command_sent_twice_acts_once(api: ApiClient) -> None:
    body = {"title": {"zh": "降水"}}
    first = api.post("/listings", body, key="a-key-of-mine").expect(201)
    again = api.post("/listings", body, key="a-key-of-mine").expect(201)
    assert again.json == first.json
    assert len(api.get("/my/listings").expect(200).json["items"]) == 1
    assert api.post("/listings", {"title": {"zh": "气温"}}, key="a-key-of-mine").status == 422


@pytest.mark.parametrize("path", ["", "/revisions", "/sample", "/abilities"])
def test_what_one_may_not_see_reads_like_what_does_not_exist(
    house: House, client: ApiClient, supplier: Built, path: str
) -> None:
    hidden = build.draft(house, supplier)
    for who in (client, ApiClient(client.app, build.organisation(house).token)):
        refused, unknown = who.get(f"/listings/{hidden.id}{path}"), who.get(f"/listings/{UNKNOWN}{path}")
        assert (refused.status, refused.body) == (404, unknown.body)


@pytest.mark.parametrize("step", ["revisions", "offer", "submit", "withdraw", "tier", "suspend"])
def test_another_organisations_drafts_cannot_be_acted_on(
    house: House, client: ApiClient, supplier: Built, step: str
) -> None:
    hidden = build.draft(house, supplier)
    bodies = {
        "revisions": {"file_ids": ["fil_1"]}, "tier": {"tier": 5}, "suspend": {"reason": "because"},
        "offer": {"plan": {"version": 1, "kind": "free"}, "purposes": ["training"]},
    }  # fmt: skip
    other = ApiClient(client.app, build.organisation(house).token)
    answers = [other.post(f"/listings/{key}/{step}", bodies.get(step, {})) for key in (hidden.id, UNKNOWN)]
    assert answers[0].status == 404
    assert answers[0].body == answers[1].body


def test_a_page_of_listings_and_the_sample(house: House, supplier: Built, client: ApiClient) -> None:
    ids = [build.listed(house, supplier).id for _ in range(3)]
    page = client.get("/listings?limit=2").expect(200).json
    rest = client.get(f"/listings?limit=2&cursor={page['next_cursor']}").expect(200).json
    assert [row["id"] for row in [*page["items"], *rest["items"]]] == ids[::-1]
    assert "columns" not in page["items"][0]["revision"]["files"][0]
    sample = client.get(f"/listings/{ids[0]}/sample").expect(200).json
    assert sample["columns"] == ["day", "station", "temperature"]
    assert len(sample["rows"]) == sample["total_rows"] == 28

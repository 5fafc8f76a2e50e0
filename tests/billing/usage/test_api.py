"""Usage over HTTP: what buyer, supplier, officer and stranger see of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import flask
import pytest

from billing.usage import service
from tests import build
from tests.billing.books import Books
from tests.billing.usage.metering import PER_HIT, Meter, right_of
from tests.client import ApiClient

START = datetime(2026, 11, 20, tzinfo=UTC)
RANGE = "from=2026-11-19T16:00:00Z&to=2026-11-22T16:00:00Z"


@dataclass
class Cast:
    """Two buyers of one supplier, and the calls that each has made."""

    books: Books
    buyer: build.Built
    other: build.Built
    supplier: build.Built
    mine: Meter
    theirs: Meter
    app: flask.Flask

    def as_(self, who: build.Built) -> ApiClient:
        return ApiClient(self.app, who.token)


@pytest.fixture
def cast(books: Books, app: flask.Flask) -> Cast:
    buyer, other, supplier = (build.organisation(books.house) for _ in range(3))
    plan = PER_HIT | {"free_quota": 2, "period": "month"}
    mine, theirs = (
        Meter(books.house, right_of(str(each.organisation_id), str(supplier.organisation_id), plan))
        for each in (buyer, other)
    )
    theirs.sequence = mine.sequence
    books.fund(str(buyer.organisation_id), 10_000)
    mine.fund(20)
    for one in (mine, theirs):
        one.house.db.write(lambda uow, one=one: service.open_meter(uow, one.right))  # type: ignore[misc]
    mine.load(
        [
            *(mine.record(at=START + timedelta(minutes=20 * n), latency_us=1_000 * (n + 1)) for n in range(4)),
            mine.record("miss", at=START + timedelta(days=1), operation="faces"),
            mine.record("hit", at=START + timedelta(days=1), mode="test"),
            theirs.record(at=START),
        ]
    )
    return Cast(books, buyer, other, supplier, mine, theirs, app)


def get(client: ApiClient, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status == status, answer.body
    return answer.json


def test_usage_by_day_in_the_buyers_time_zone(cast: Cast) -> None:
    said = get(cast.as_(cast.buyer), f"/usage?by=day&{RANGE}")
    assert said["zone"] == "Asia/Shanghai"
    rows = {(row["starts_at"], row["operation"], row["outcome"], row["mode"]): row for row in said["sums"]}
    first = rows["2026-11-19T16:00:00Z", "digits", "hit", "live"]
    assert (first["calls"], first["mean_latency_us"], first["bytes_out"]) == (4, 2_500, 3_600)
    assert rows["2026-11-20T16:00:00Z", "faces", "miss", "live"]["calls"] == 1
    assert rows["2026-11-20T16:00:00Z", "digits", "hit", "test"]["calls"] == 1
    assert {row["entitlement_id"] for row in said["sums"]} == {cast.mine.right.id}
    assert [(row["units"], row["amount"]) for row in said["steps"]] == [(4, "0.08"), (0, "0.00")]
    (window,) = said["windows"]
    assert (window["window"], window["quantity"], window["rated"], window["rounded"]) == ("2026-11", 4, "0.08", "0.08")


def test_usage_by_hour_adds_up_to_the_same(cast: Cast) -> None:
    client = cast.as_(cast.buyer)
    hours = get(client, f"/usage?by=hour&{RANGE}")
    assert [row["calls"] for row in hours["sums"] if row["mode"] == "live"] == [3, 1, 1]
    assert [(row["units"], row["amount"]) for row in hours["steps"]][:2] == [(3, "0.04"), (1, "0.04")]
    assert get(client, f"/usage?by=hour&{RANGE}&listing_id={cast.theirs.right.listing_id}")["sums"] == []


WRONG = {
    "by=week": "by",
    "by=hour&from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z": "from",
    "by=day&from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z": "from",
    "from=yesterday": "from",
    "entitlement_id=lst_1": "entitlement_id",
}


def test_a_wrong_question_is_named(cast: Cast) -> None:
    client = cast.as_(cast.buyer)
    for query, field in WRONG.items():
        assert field in str(get(client, f"/usage?{query}", 422))
    assert "outcome" in str(get(client, "/usage/calls?outcome=good", 422))


def test_calls_page_by_page(cast: Cast) -> None:
    client, seen, cursor = cast.as_(cast.buyer), [], ""
    while True:
        page = get(client, f"/usage/calls?limit=2{cursor}")
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [row["at"] for row in seen] == sorted((row["at"] for row in seen), reverse=True)
    assert len({row["call_id"] for row in seen}) == 6
    assert {row["credential_id"] for row in seen} == {"key_1"}
    assert [row["outcome"] for row in get(client, "/usage/calls?outcome=miss")["items"]] == ["miss"]
    assert len(get(client, "/usage/calls?mode=test")["items"]) == 1
    assert len(get(client, f"/usage/calls?entitlement_id={cast.mine.right.id}&operation=faces")["items"]) == 1


def test_a_supplier_sees_its_customers_calls_and_not_their_keys_money_or_proofs(cast: Cast) -> None:
    client = cast.as_(cast.supplier)
    page = get(client, "/usage/calls?limit=100")["items"]
    assert {row["entitlement_id"] for row in page} == {cast.mine.right.id, cast.theirs.right.id}
    assert {row["credential_id"] for row in page} == {None}
    one = get(client, f"/usage/calls/{page[0]['call_id']}")
    assert (one["proof"], one["credential_id"]) == (None, None)
    standing = get(client, f"/entitlements/{cast.mine.right.id}/standing")
    assert (standing["balance"], standing["held"], standing["available"]) == (None, None, None)
    assert len(get(client, f"/usage?{RANGE}")["windows"]) == 2


def test_the_buyer_gets_the_proof_of_a_call(cast: Cast) -> None:
    client = cast.as_(cast.buyer)
    call = get(client, f"/usage/calls?entitlement_id={cast.mine.right.id}")["items"][0]
    said = get(client, f"/usage/calls/{call['call_id']}")
    assert said["proof"]["document"]["call"] == call["call_id"] == said["call_id"]
    assert said["proof"]["batch_id"] == call["batch_id"]
    standing = get(client, f"/entitlements/{cast.mine.right.id}/standing")
    assert (standing["balance"], standing["held"], standing["given_out"]) == ("100.00", "0.76", 16)
    assert standing["free_left"] == 0


def test_officers_see_all_of_it(cast: Cast) -> None:
    officer = build.platform_person(cast.books.house, "officer")
    assert len(get(cast.as_(officer), "/usage/calls?limit=100")["items"]) == 7
    assert get(cast.as_(officer), f"/entitlements/{cast.theirs.right.id}/standing")["balance"] == "0.00"


def test_what_is_somebody_elses_is_not_found(cast: Cast) -> None:
    theirs = get(cast.as_(cast.other), "/usage/calls")["items"][0]["call_id"]
    reviewer = build.platform_person(cast.books.house, "reviewer")
    stranger = build.organisation(cast.books.house)
    for who in (cast.buyer, stranger, reviewer):
        client = cast.as_(who)
        for path in (
            f"/usage/calls/{theirs}", f"/entitlements/{cast.theirs.right.id}/standing",
            f"/usage?entitlement_id={cast.theirs.right.id}", f"/usage/calls?entitlement_id={cast.theirs.right.id}",
            "/usage/calls/0123456789abcdef-999", "/usage/calls/%00", "/entitlements/ent_%00/standing",
        ):  # fmt: skip
            assert client.get(path).status == 404, path
    assert get(cast.as_(stranger), f"/usage?{RANGE}")["sums"] == []
    assert get(cast.as_(stranger), "/usage/calls")["items"] == []
    assert ApiClient(cast.app).get("/usage").status == 401
    assert cast.as_(reviewer).get("/usage/calls").status == 403


def test_a_bundle_with_calls_of_another_order_is_not_found(cast: Cast) -> None:
    listing = build.listed(cast.books.house, cast.supplier)
    cast.books.fund(str(cast.buyer.organisation_id), 100_000_00)
    order = build.paid(cast.books.house, cast.buyer, listing)
    client = cast.as_(cast.buyer)
    mine = get(client, f"/usage/calls?entitlement_id={cast.mine.right.id}")["items"][0]["call_id"]
    theirs = get(cast.as_(cast.other), "/usage/calls")["items"][0]["call_id"]
    for call in (mine, theirs, "nothing"):
        assert client.get(f"/orders/{order.id}/bundle?call={call}").status == 404
    many = "&".join(f"call={mine}" for _ in range(101))
    assert client.get(f"/orders/{order.id}/bundle?{many}").status == 422

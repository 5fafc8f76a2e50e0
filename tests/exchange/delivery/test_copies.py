"""Marked copies: what a tier demands is made for each buyer, delivered as its own, and traced back to it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from catalog.listings import service as listings
from catalog.listings.types import ListingSnapshot
from compliance.audit import checkpoints, verifier
from core.house import House
from core.settings import Settings
from exchange.app import build_house, create_app_of
from exchange.delivery import answers, copies, quotas, rows
from exchange.delivery.errors import RowQuotaExhausted
from exchange.delivery.watermark import tracing
from exchange.trading import queries as orders
from exchange.trading import service as trading
from exchange.trading.types import OrderSnapshot
from exchange.worker import attend_once
from tests import build
from tests.build import Built
from tests.client import ApiClient
from tests.exchange.delivery.marked import downloaded, made, raised

ORIGINAL = build.measured(400).encode()


@pytest.fixture(scope="module")
def shared(shared_settings: Settings) -> Iterator[House]:
    shared_settings.data.mkdir(mode=0o700, exist_ok=True)
    house = build_house(shared_settings)
    yield house
    house.db.engine.dispose()


@pytest.fixture(scope="module")
def supplier(shared: House) -> Built:
    return build.organisation(shared)


@pytest.fixture(scope="module")
def sold(shared: House, supplier: Built) -> list[tuple[Built, OrderSnapshot]]:
    """Two buyers with a paid order each of the same table at L2, their copies made."""
    listing = raised(shared, supplier, ORIGINAL)
    orders = []
    for _ in range(2):
        buyer = build.organisation(shared)
        build.funded(shared, buyer)
        orders.append((buyer, build.paid(shared, buyer, listing)))
    made(shared)
    return orders


def _client(house: House, who: Built) -> ApiClient:
    return ApiClient(create_app_of(house), who.token)


def test_each_buyer_gets_a_copy_of_its_own_and_its_receipt_cites_it(
    shared: House, supplier: Built, sold: list[tuple[Built, OrderSnapshot]]
) -> None:
    """What makes a copy the buyer's is for the buyer and the officers: the supplier could name, or make, the leak."""
    bodies = [downloaded(shared, buyer, order.id) for buyer, order in sold]
    assert len({*bodies, ORIGINAL}) == 3
    for (buyer, order), body in zip(sold, bodies, strict=True):
        client = _client(shared, buyer)
        file = client.get(f"/orders/{order.id}/files").json["items"][0]
        digest = hashlib.sha256(body).hexdigest()
        assert (file["sha256"], file["size"], file["marked"]) == (digest, len(body), True)
        receipt = client.get(f"/orders/{order.id}/receipts").json["items"][0]
        assert (receipt["sha256"], receipt["size"]) == (digest, len(body))
        assert client.get(f"/orders/{order.id}").json["state"] == "delivered"
        theirs, paths = (
            _client(shared, supplier),
            [f"/orders/{order.id}/{part}" for part in ("files", "receipts", "copies")],
        )
        assert [digest in str(theirs.get(path).expect(200).json) for path in paths] == [False] * 3
        assert theirs.get(paths[0]).json["items"][0]["marked"] is True
        officers = _client(shared, build.platform_person(shared, "officer"))
        assert digest in str(officers.get(paths[0]).expect(200).json)


def test_the_suppliers_bundle_holds_nothing_of_the_buyers_copy(
    shared: House, supplier: Built, sold: list[tuple[Built, OrderSnapshot]]
) -> None:
    buyer, order = sold[0]
    digest = hashlib.sha256(downloaded(shared, buyer, order.id)).hexdigest()
    attend_once(shared)
    fetched = {who: answers.wait_for_bundle(shared, who.actor, order.id) for who in (buyer, supplier)}
    files = {who: verifier.unpacked(content or b"") for who, content in fetched.items()}
    key = checkpoints.public_key(shared).text()
    told = {
        who: [entry["action"] for _, entry in verifier.verify(each, key_text=key).entries]
        for who, each in files.items()
    }
    assert {"order:copy", "order:receipt"} <= set(told[buyer])
    assert not {"order:copy", "order:receipt"} & set(told[supplier])
    assert [any(digest.encode() in content for content in each.values()) for each in files.values()] == [True, False]


def test_a_leaked_half_names_its_buyer_and_nobody_else(shared: House, sold: list[tuple[Built, OrderSnapshot]]) -> None:
    body = downloaded(shared, sold[0][0], sold[0][1].id).decode().splitlines(keepends=True)
    leak = "".join([body[0], *body[1::2]]).encode()
    digest = hashlib.sha256(ORIGINAL).hexdigest()
    keys = {order.id: copies.key_of(shared.keyring, order.id, digest) for _, order in sold}
    found = tracing.trace(io.BytesIO(leak), "found.csv", io.BytesIO(ORIGINAL), "t.csv", keys)
    assert [each.candidate for each in found.accused] == [sold[0][1].id]


def test_until_the_copy_is_made_nothing_leaves(shared: House, supplier: Built) -> None:
    listing = raised(shared, supplier, build.measured(300, seed=3))
    buyer = build.organisation(shared)
    build.funded(shared, buyer)
    order = build.paid(shared, buyer, listing)
    client = _client(shared, buyer)
    file = client.get(f"/orders/{order.id}/files").json["items"][0]
    assert (file["ready"], file["sha256"]) == (False, "")
    assert client.get(f"/orders/{order.id}/files/{file['file_id']}").expect(503).code == "copy_not_ready"
    made(shared)
    assert client.get(f"/orders/{order.id}/files/{file['file_id']}").expect(200)


def test_what_cannot_be_marked_is_refused_before_anybody_pays(shared: House, supplier: Built) -> None:
    listing = raised(shared, supplier, build.TABLE)
    buyer = build.organisation(shared)
    assert listing.offer is not None
    wanted = {
        "listing_id": listing.id, "offer_id": listing.offer.id, "purpose": "training", "accept_terms": True,
    }  # fmt: skip
    refused = _client(shared, buyer).post("/orders", wanted).expect(409)
    assert refused.code == "watermark_unavailable"
    assert refused.json["files"] == [{"name": "t.csv", "reason": "no_carrier"}]
    assert _client(shared, buyer).get("/orders").json["items"] == []


def test_a_tier_that_rises_marks_what_was_sold_without(shared: House, supplier: Built) -> None:
    file = build.file(shared, supplier, build.measured(300, seed=5))
    listing = build.listed(shared, supplier, files=[file.id])
    buyer = build.organisation(shared)
    build.funded(shared, buyer)
    order = build.paid(shared, buyer, listing)
    client = _client(shared, buyer)
    assert client.get(f"/orders/{order.id}/files").json["items"][0]["marked"] is False
    _client(shared, supplier).post(f"/listings/{listing.id}/tier", {"tier": 2}).expect(200)
    raised = client.get(f"/orders/{order.id}/files").json["items"][0]
    assert raised["marked"] is True


@pytest.fixture(scope="module")
def rare(shared: House, supplier: Built) -> ListingSnapshot:
    return raised(shared, supplier, build.measured(700, seed=9), tier=3)


@pytest.fixture
def by_rows(shared: House, supplier: Built, rare: ListingSnapshot) -> tuple[Built, OrderSnapshot, str]:
    """(buyer, order at L3 whose contract speaks of all rows by the API and of no download, file)"""
    buyer = build.organisation(shared, level=3)
    build.funded(shared, buyer)
    colleagues = {"buyers": [build.member(shared, buyer, "buyer")]}
    sellers = {"suppliers": [supplier, build.member(shared, supplier, "supplier")]}
    order = build.paid(shared, buyer, rare, **colleagues, **sellers)
    made(shared)
    return buyer, order, _client(shared, buyer).get(f"/orders/{order.id}/files").json["items"][0]["file_id"]


def _agreed(order: OrderSnapshot) -> int:
    """The rows of the table, and the made-up ones of the copy."""
    assert order.agreement is not None
    assert 700 <= order.agreement["count"] < 720
    return int(order.agreement["count"])


def test_rows_are_read_page_by_page_until_the_quota_is_used_up(
    shared: House, by_rows: tuple[Built, OrderSnapshot, str]
) -> None:
    buyer, order, file_id = by_rows
    client = _client(shared, buyer)
    path = f"/orders/{order.id}/files/{file_id}/rows"
    assert client.get(f"/orders/{order.id}/files/{file_id}").expect(403).code == "download_not_agreed"
    agreed = _agreed(order)
    first = client.get(f"{path}?limit=200").expect(200).json
    assert (len(first["items"]), first["next"], first["left"]) == (200, 200, agreed - 200)
    assert first["items"][0]["record"] == "R000000"
    rest = client.get(f"{path}?after=200&limit=1000").expect(200).json
    assert (len(rest["items"]), rest["next"], rest["left"]) == (agreed - 200, None, 0)
    assert client.get(f"{path}?after=0&limit=1").expect(429).code == "row_quota_exhausted"
    receipts = client.get(f"/orders/{order.id}/receipts").json["items"]
    assert receipts[0]["start"] == 0
    assert receipts[0]["stop"] == receipts[1]["start"]
    assert len(receipts) == 2
    leaked = [list(row.values()) for row in (*first["items"], *rest["items"])]
    found = tracing.read_leak(io.BytesIO(build.measured(700, seed=9).encode()), "t.csv")
    assert tuple(first["items"][0]) == found[0].names
    assert leaked != found[1]


def test_rows_belong_to_the_buyer_and_to_contracts_that_speak_of_them(
    shared: House, supplier: Built, by_rows: tuple[Built, OrderSnapshot, str], sold: list[tuple[Built, OrderSnapshot]]
) -> None:
    _, order, file_id = by_rows
    path = f"/orders/{order.id}/files/{file_id}/rows"
    assert _client(shared, build.organisation(shared)).get(path).expect(404).code == "order_not_found"
    assert _client(shared, supplier).get(path).expect(403).code == "not_the_buyer"
    assert _client(shared, by_rows[0]).get(f"{path}?limit=1001").expect(422).json["field"] == "limit"
    used, left = shared.db.read(lambda uow: quotas.of_order(uow, order.id))
    assert (used, left) == (0, _agreed(order))


def test_a_quota_holds_whoever_reads_at_the_same_time(shared: House, by_rows: tuple[Built, OrderSnapshot, str]) -> None:
    buyer, order, file_id = by_rows

    def take(n: int) -> int:
        try:
            return len(rows.read(shared, buyer.actor, order.id, file_id, after=n, limit=90).items)
        except RowQuotaExhausted:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(10))) == _agreed(order)


def test_what_turns_out_unmarkable_while_the_order_is_frozen_is_refunded_when_it_goes_on(
    shared: House, supplier: Built
) -> None:
    buyer, officer = build.organisation(shared), build.platform_person(shared, "officer")
    build.funded(shared, buyer)
    order = build.paid(shared, buyer, build.listed(shared, supplier))
    shared.db.write(lambda uow: trading.freeze(uow, officer.actor, order.id, reason="a question"))
    shared.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, order.listing_id, tier=2))
    made(shared)
    assert shared.db.read(lambda uow: orders.get(uow, buyer.actor, order.id)).state == "paid"
    shared.db.write(lambda uow: trading.release(uow, officer.actor, order.id))
    made(shared)
    assert shared.db.read(lambda uow: orders.get(uow, buyer.actor, order.id)).state == "refunded"


def test_what_can_be_handed_out_no_more_is_disputed_at_any_age(shared: House, supplier: Built) -> None:
    """Comes last: months pass in it."""
    file = build.file(shared, supplier, build.TABLE)
    listing = build.listed(shared, supplier, files=[file.id])
    buyer = build.organisation(shared)
    build.funded(shared, buyer)
    order = build.paid(shared, buyer, listing)
    path = f"/orders/{order.id}"
    _client(shared, buyer).post(f"{path}/accept").expect(200)
    shared.clock.advance(timedelta(days=shared.settings.warranty_days + 1))
    client = ApiClient(create_app_of(shared)).sign_in(buyer.email, build.PASSWORD)
    said = {"text": "We had not fetched it yet.", "ground": "not_delivered"}
    assert client.post(f"{path}/disputes", said).expect(409).code == "dispute_too_late"
    sellers = ApiClient(client.app).sign_in(supplier.email, build.PASSWORD)
    sellers.post(f"/listings/{listing.id}/tier", {"tier": 2}).expect(200)
    made(shared)
    shown = client.get(f"{path}/files").expect(200).json["items"][0]
    assert (shown["ready"], "table.csv" in shown["problem"]) == (False, True)
    assert client.get(f"{path}/decisions").json["items"][-1]["action"] == "withhold"
    assert client.post(f"{path}/disputes", said | {"ground": "quality"}).expect(409).code == "dispute_too_late"
    opened = client.post(f"{path}/disputes", said).expect(201).json
    assert len(opened["concerns"]) == 1
    sellers.post(f"/disputes/{opened['id']}/statements", {"text": "So it is."}).expect(201)
    officer = _client(shared, build.platform_person(shared, "officer"))
    ruling = {"outcome": "full", "reason": "Nobody can have it any more."}
    assert officer.post(f"/disputes/{opened['id']}/ruling", ruling).expect(200).json["refunded"] == "1060.00"
    assert client.get(path).expect(200).json["state"] == "refunded"

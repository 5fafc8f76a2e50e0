"""Searching as somebody: what is found is what may be seen, also in the moment after it was narrowed."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.client import at_once
from catalog.listings import service as listings
from catalog.listings.events import ListingChanged
from catalog.listings.models import Listing
from catalog.references import service as references
from catalog.search import pending, queries, service
from catalog.search.errors import SearchInvalid, TooFar
from catalog.search.types import SearchParams, SearchResult, Sort
from core import outbox
from core.actor import ANONYMOUS, SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.problems import DomainError
from tests import build
from tests.client import ApiClient
from tests.servers.upstream import Upstream

MAPPING = """
version: 1
source: {name: somewhere, title: {zh: 某处}}
key: id
title: name
price: {text: price, currency: CNY}
classification: {column: class, queue: [重要数据]}
"""


def settle(house: House) -> None:
    while outbox.relay(house):
        pass
    service.catch_up(house)


def draft(house: House, who: build.Built, zh: str, en: str = "") -> str:
    fields = {"title": {"zh": zh} | ({"en": en} if en else {}), "scene": "driving"}
    return house.db.write(lambda uow: listings.create(uow, who.actor, fields=fields)).id


def put_on_sale(house: House, listing_id: str, tier: int = 1) -> None:
    def work(uow: Uow) -> None:
        row = uow.session.get_one(Listing, listing_id)
        row.state, row.tier = "listed", tier
        uow.emit(ListingChanged(listing_id=listing_id))

    house.db.write(work)


def find(house: House, actor: Actor, text: str = "", **given: object) -> SearchResult:
    return queries.search(house, actor, replace(SearchParams(text=text), **given))  # type: ignore[arg-type]


def ids(result: SearchResult) -> list[str]:
    return [hit.id for hit in result.hits]


def counted(result: SearchResult, facet: str = "scene") -> dict[str, int]:
    return dict(result.facets[facet])


def import_rows(house: House, rows: str) -> None:
    folder = house.settings.data
    mapping, path = folder / "somewhere.yaml", folder / "rows.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    path.write_text("id,name,price,class\n" + rows, encoding="utf-8")
    references.import_file(house, SYSTEM, path=path, source=str(mapping))


def test_a_new_exchange(house: House) -> None:
    assert find(house, ANONYMOUS).total == 0
    assert queries.suggestions(house, ANONYMOUS, "气") == []
    assert service.ensure(house)
    assert not service.ensure(house)


def test_drafts_are_found_by_their_owner_only(house: House) -> None:
    owner, other = build.organisation(house), build.organisation(house)
    listing_id = draft(house, owner, "城市道路点云")
    settle(house)
    assert ids(find(house, owner.actor, "点云")) == [listing_id]
    for actor in (ANONYMOUS, other.actor):
        result = find(house, actor, "点云")
        assert (result.total, counted(result)) == (0, {})
        assert queries.suggestions(house, actor, "城市") == []


@pytest.mark.parametrize(("tier", "anonymous", "registered", "qualified"), [
    (1, True, True, True), (2, False, True, True), (3, False, False, True),
])  # fmt: skip
def test_tiers(house: House, tier: int, anonymous: bool, registered: bool, qualified: bool) -> None:
    listing_id = draft(house, build.organisation(house), "城市道路点云")
    put_on_sale(house, listing_id, tier)
    settle(house)
    actors = (ANONYMOUS, build.organisation(house, level=1).actor, build.organisation(house).actor)
    for actor, sees in zip(actors, (anonymous, registered, qualified), strict=True):
        result = find(house, actor, "点云")
        assert (result.total, counted(result)) == ((1, {"driving": 1}) if sees else (0, {}))
        assert len(queries.suggestions(house, actor, "城市")) == sees


def test_interfaces_are_found_by_their_operations_as_far_as_the_tier_tells_them(
    house: House, upstream: Upstream
) -> None:
    supplier, other = build.organisation(house), build.organisation(house)
    listing = build.interface_listed(house, supplier, upstream)
    settle(house)
    for sought in ("getCompany", "company", "one firm"):
        assert ids(find(house, ANONYMOUS, sought)) == [listing.id], sought
    assert ids(find(house, ANONYMOUS, upstream.address)) == []
    assert ids(find(house, ANONYMOUS, "appkey")) == []
    kinds = find(house, ANONYMOUS, "firm", facets=("kind",), filters={"kind": frozenset({"interface"})})
    assert (counted(kinds, "kind"), kinds.hits[0].kind) == ({"interface": 1}, "interface")
    put_on_sale(house, listing.id, tier=4)
    settle(house)
    assert ids(find(house, other.actor, "firms")) == [listing.id]
    assert ids(find(house, other.actor, "getCompany")) == []


def test_a_withdrawn_listing_is_gone_before_the_index_knows(house: House) -> None:
    owner = build.organisation(house)
    listing_id = draft(house, owner, "城市道路点云")
    put_on_sale(house, listing_id)
    settle(house)
    assert ids(find(house, ANONYMOUS, "点云")) == [listing_id]
    house.db.write(lambda uow: listings.withdraw(uow, owner.actor, listing_id))
    result = find(house, ANONYMOUS, "点云")
    assert (result.hits, result.total, counted(result)) == ((), 0, {})
    assert queries.suggestions(house, ANONYMOUS, "城市") == []
    settle(house)
    assert ids(find(house, owner.actor, "点云")) == [listing_id]
    assert not house.db.read(pending.hidden)


def test_a_raised_tier_is_gone_before_the_index_knows(house: House) -> None:
    owner = build.organisation(house)
    listing_id = draft(house, owner, "城市道路点云")
    put_on_sale(house, listing_id)
    settle(house)
    house.db.write(lambda uow: listings.raise_tier(uow, owner.actor, listing_id, tier=2))
    result = find(house, ANONYMOUS, "点云")
    assert (result.total, counted(result, "tier")) == (0, {})
    settle(house)
    assert find(house, ANONYMOUS, "点云").total == 0
    assert find(house, owner.actor, "点云").total == 1


def test_narrowed_again_while_it_is_indexed_stays_hidden(house: House) -> None:
    listing_id = draft(house, build.organisation(house), "城市道路点云")
    house.db.write(lambda uow: pending.note(uow, [listing_id], hidden=True))
    seen = house.db.read(pending.marks)
    house.db.write(lambda uow: pending.note(uow, [listing_id]))
    house.db.write(lambda uow: pending.settle(uow, seen))
    assert house.db.read(pending.hidden) == {listing_id}


def test_every_hit_is_confirmed(house: House) -> None:
    """Should the index be wrong, nothing of it is shown."""
    owner = build.organisation(house)
    listing_id = draft(house, owner, "城市道路点云")
    put_on_sale(house, listing_id)
    settle(house)

    def behind_the_back(uow: Uow) -> None:
        uow.session.get_one(Listing, listing_id).state = "draft"

    house.db.write(behind_the_back)
    assert find(house, ANONYMOUS, "点云").hits == ()
    assert queries.suggestions(house, ANONYMOUS, "城市") == []


def test_references_are_found_marked_and_not_orderable(house: House) -> None:
    import_rows(house, "1,城市道路点云,0.09元/次,\n2,港口点云,面议,重要数据\n")
    settle(house)
    (hit,) = find(house, ANONYMOUS, "点云").hits
    assert (hit.what, hit.source, hit.orderable, hit.supplier_id, hit.unit_price, hit.price_text) == (
        "reference", "somewhere", False, None, 90_000_000, "0.09元/次",
    )  # fmt: skip
    assert [piece.text for piece in hit.marked_title["zh"] if piece.hit] == ["点云"]


def test_a_vanished_reference_is_gone_before_the_index_knows(house: House) -> None:
    import_rows(house, "1,城市道路点云,,\n2,港口点云,,\n")
    settle(house)
    import_rows(house, "1,城市道路点云,,\n")
    assert find(house, ANONYMOUS, "点云").total == 1
    settle(house)
    assert find(house, ANONYMOUS, "点云").total == 1
    assert service.check(house).sound


def test_what_changes_in_the_moment_it_is_settled_stays_noted(house: House) -> None:
    noting = threading.Event()
    house.db.write(lambda uow: pending.note(uow, ["lst_1"]))
    seen = house.db.read(pending.marks)

    def note() -> None:
        def work(uow: Uow) -> None:
            pending.note(uow, ["lst_1"])
            noting.set()
            time.sleep(0.2)

        house.db.write(work)

    def settle_seen() -> None:
        noting.wait()
        house.db.write(lambda uow: pending.settle(uow, seen))

    at_once([note, settle_seen])
    assert house.db.read(pending.marks).keys() == {"lst_1"}


def test_many_changes_are_one_commit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    service.ensure(house)
    import_rows(house, "".join(f"{number},点云{number},,\n" for number in range(100)))
    calls: list[int] = []
    bring = service.bring

    def counted_bring(house: House, ids: Sequence[str]) -> None:
        calls.append(len(ids))
        bring(house, ids)

    monkeypatch.setattr(service, "bring", counted_bring)
    settle(house)
    assert calls == [100]
    assert find(house, ANONYMOUS, "点云").total == 100


def test_check_finds_and_repairs(house: House) -> None:
    import_rows(house, "1,城市道路点云,,\n2,港口点云,,\n")
    settle(house)
    engine = service._engine(house)
    first, second = sorted(engine.state().marks)
    documents = {found.id: found for found in service.all_documents(house)}
    stale = replace(documents[first], title={"zh": "旧"})
    stray = replace(documents[first], id="lst_stray")
    engine.refresh([first, second, "lst_stray"], lambda _ids: [stale, stray])
    report = service.check(house, repair=True)
    assert (report.missing, report.stale, report.extra) == ((second,), (first,), ("lst_stray",))
    assert service.check(house).sound
    assert service.rebuild(house) == 2


def test_filters_sorting_and_pages(house: House) -> None:
    import_rows(house, "".join(f"{number},点云{number},{number + 1}元,\n" for number in range(7)))
    settle(house)
    page = find(house, ANONYMOUS, "点云", sort=Sort.PRICE, limit=3)
    assert [hit.amount for hit in page.hits] == [100, 200, 300]
    assert page.next_offset == 3
    assert find(house, ANONYMOUS, "点云", offset=6, limit=3).next_offset is None
    kept = find(house, ANONYMOUS, "点云", filters={"price_kind": frozenset({"free"})})
    assert (kept.total, counted(kept, "price_kind")) == (0, {"one_off": 7})


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"text": "x" * 301}, SearchInvalid),
        ({"filters": {"owner": frozenset({"org_x"})}}, SearchInvalid),
        ({"facets": ("state",)}, SearchInvalid),
        ({"limit": 101}, SearchInvalid),
        ({"offset": -1}, SearchInvalid),
        ({"offset": 10_000}, TooFar),
    ],
)
def test_refused_questions(house: House, given: dict[str, object], error: type[DomainError]) -> None:
    with pytest.raises(error):
        queries.search(house, ANONYMOUS, replace(SearchParams(), **given))  # type: ignore[arg-type]


def test_the_api(house: House, client: ApiClient) -> None:
    import_rows(house, "1,城市道路点云,0.09元/次,\n")
    settle(house)
    body = client.get("/search?q=点云&source=somewhere,elsewhere").expect(200).json
    (item,) = body["items"]
    assert (item["what"], item["unit_price"], item["amount"], item["price_text"]) == (
        "reference", "0.09", "0.09", "0.09元/次",
    )  # fmt: skip
    assert {"value": "somewhere", "count": 1} in body["facets"]["source"]
    assert client.get("/search/suggestions?q=城").expect(200).json["items"][0]["text"] == "城市道路点云"
    shown = client.get(f"/references/{item['id']}").expect(200).json
    assert (shown["state"], shown["orderable"], shown["claimed"]) == ("imported", False, False)
    assert client.get("/search?offset=10000").status == 422
    with pytest.raises(SearchInvalid) as refused:
        find(house, ANONYMOUS, "", offset=-1)
    assert refused.value.field == "offset"
    assert client.get("/search?sort=best").status == 422
    assert client.get("/references/ref_unknown").status == 404


def test_two_threads_do_not_index_the_same_twice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    build.listed(house, build.organisation(house))
    service.ensure(house)
    brought: list[int] = []

    def bring(_house: House, ids: Sequence[str]) -> None:
        brought.append(service.catch_up(house))
        original(house, ids)

    original = service.bring
    monkeypatch.setattr(service, "bring", bring)
    build.listed(house, build.organisation(house))
    assert (service.catch_up(house), brought, service.catch_up(house)) == (1, [0], 0)


def test_a_title_is_suggested_in_the_language_that_is_typed(house: House) -> None:
    put_on_sale(house, draft(house, build.organisation(house), "城市道路点云", "Point clouds of roads"))
    settle(house)
    for typed, title in (
        ("城市", "城市道路点云"), ("chengshi", "城市道路点云"), ("csdl", "城市道路点云"), ("cheng shi", "城市道路点云"),
        ("point", "Point clouds of roads"), ("Ｐ", "Point clouds of roads"),
    ):  # fmt: skip
        assert [each.text for each in queries.suggestions(house, ANONYMOUS, typed)] == [title], typed

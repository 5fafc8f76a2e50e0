"""Another spelling when little was found, and listings like another: from what may be seen, and from nothing else."""

from __future__ import annotations

import pytest

from catalog.listings.errors import ListingNotFound
from catalog.search import queries, service
from catalog.search.spelling import distance
from catalog.search.types import SearchParams, Sort
from compliance.identity import affiliates
from core.actor import ANONYMOUS, Actor
from core.house import House
from tests import build
from tests.catalog.search.test_searching import draft, find, ids, import_rows, put_on_sale, settle
from tests.client import ApiClient


def meant(house: House, actor: Actor, text: str) -> str:
    return queries.search(house, actor, SearchParams(text=text)).did_you_mean


def test_another_spelling_in_both_languages(house: House) -> None:
    owner = build.organisation(house)
    for zh, en in (("企业工商信息", "Company register"), ("城市道路点云", "Point clouds of urban roads")):
        put_on_sale(house, draft(house, owner, zh, en))
    settle(house)
    for typed, right in (
        ("compnay registre", "company register"), ("urbann", "urban"), ("工伤信息", "工商信息"),
        ("道路点芸", "道路点云"), ("城市道路", ""), ("clouds", ""), ("zebra", ""), ("工商", ""), ("xy", ""),
    ):  # fmt: skip
        assert meant(house, ANONYMOUS, typed) == right, typed


def test_a_hidden_word_is_never_proposed(house: House) -> None:
    owner, other = build.organisation(house), build.organisation(house)
    draft(house, owner, "城市道路点云", "Lighthouse")
    put_on_sale(house, draft(house, owner, "港口集装箱", "Submarine"), tier=3)
    settle(house)
    for typed in ("lighthuose", "港口集装像", "submarnie"):
        assert meant(house, ANONYMOUS, typed) == ""
    assert meant(house, owner.actor, "lighthuose") == "lighthouse"
    assert meant(house, other.actor, "submarnie") == "submarine"


def test_similar_listings_are_visible_ones_that_share_words(house: House, client: ApiClient) -> None:
    owner = build.organisation(house)
    first, like, hidden, deep = (
        draft(house, owner, title) for title in ("城市道路点云", "高速道路点云", "乡村道路点云", "隧道道路点云")
    )
    other = draft(house, owner, "银行卡核验")
    for listing_id in (first, like, other):
        put_on_sale(house, listing_id)
    put_on_sale(house, deep, tier=3)
    import_rows(house, "1,山区道路点云,,\n")
    settle(house)
    found = queries.similar(house, ANONYMOUS, first)
    assert {hit.title["zh"] for hit in found} == {"高速道路点云", "山区道路点云"}
    assert {hit.id for hit in queries.similar(house, owner.actor, first, 9)} >= {like, hidden, deep}
    assert queries.similar(house, ANONYMOUS, other) == []
    for unseen in (hidden, deep, "lst_unknown"):
        with pytest.raises(ListingNotFound):
            queries.similar(house, ANONYMOUS, unseen)
    assert len(client.get(f"/listings/{first}/similar").expect(200).json["items"]) == 2
    client.get(f"/listings/{hidden}/similar").expect(404)


def test_what_was_written_anew_and_what_has_a_twin_is_like_others_as_before(house: House) -> None:
    owner, title = build.organisation(house), "贵州省黔南布依族苗族自治州逐小时气温降水观测道路点云"
    first, twin, *others = (draft(house, owner, each) for each in (title, title, "城市道路点云", "高速道路点云"))
    for listing_id in (twin, *others):
        put_on_sale(house, listing_id)
    service.rebuild(house)
    put_on_sale(house, first)
    settle(house)
    assert {hit.id for hit in queries.similar(house, ANONYMOUS, first)} == {twin, *others}


def test_popularity_counts_buyers_once_and_never_the_suppliers_own_group(house: House) -> None:
    supplier, buyer, sister = build.organisation(house), build.organisation(house), build.organisation(house)
    plain, bought = build.listed(house, supplier), build.listed(house, supplier)
    for who in (buyer, sister):
        build.funded(house, who)
    for _ in range(2):
        build.paid(house, buyer, bought)
    settle(house)
    assert ids(find(house, ANONYMOUS, sort=Sort.POPULARITY))[0] == bought.id
    (known,) = [each for each in service.all_documents(house) if each.id == bought.id]
    assert (known.popularity, service.check(house).sound) == (1, True)
    officer = build.platform_person(house, "officer").actor
    own, above = sister.organisation_id or "", supplier.organisation_id
    house.db.write(lambda uow: affiliates.set_parent(uow, officer, own, above))
    build.paid(house, sister, plain)
    settle(house)
    assert {each.id: each.popularity for each in service.all_documents(house)}[plain.id] == 0


def test_quality_puts_what_is_described_first(house: House) -> None:
    owner = build.organisation(house)
    bare = draft(house, owner, "点云")
    put_on_sale(house, bare)
    whole = build.listed(house, owner)
    import_rows(house, "1,点云,,\n")
    settle(house)
    ordered = ids(find(house, ANONYMOUS, sort=Sort.QUALITY))
    assert ordered.index(whole.id) < ordered.index(bare)


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("", "ab", 2), ("abc", "abc", 0), ("abc", "acb", 1), ("abcd", "abd", 1), ("abc", "xbcz", 2), ("ca", "abc", 3)],
)
def test_distance(one: str, other: str, far: int) -> None:
    assert distance(one, other) == distance(other, one) == far

"""Claims: a reference finds its supplier, becomes a draft, is reviewed, sold, and found no more beside its listing."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.listings import queries as listing_queries
from catalog.listings import service as listings
from catalog.listings.types import DECLARATIONS
from catalog.references import queries as references
from catalog.references import service as importing
from catalog.references.claims import queries, rules, service
from catalog.references.claims.errors import ClaimClosed, ClaimedAlready, ClaimNotFound
from catalog.references.claims.types import ClaimSnapshot
from catalog.search import service as index
from compliance.policy import PolicyRefused
from core.actor import SYSTEM
from core.db import Uow
from core.house import House
from tests import build
from tests.build import Built
from tests.client import ApiClient

MAPPING = """
version: 1
source: {name: harbour, title: {en: Harbour data exchange}}
file: {format: csv}
language: en
key: id
title: title
summary: summary
supplier: supplier
tags: tags
"""


@pytest.fixture
def reference_id(house: House, tmp_path: Path) -> str:
    mapping, rows = tmp_path / "harbour.yaml", tmp_path / "rows.csv"
    mapping.write_text(MAPPING)
    rows.write_text("id,title,summary,supplier,tags\n1,Tide gauge readings,Hourly levels,Tide Works Co. Ltd.,sea\n")
    importing.import_file(house, SYSTEM, path=rows, source=str(mapping))
    ((found,),) = [house.db.read(lambda uow: references.findable_after(uow, "", 10))]
    return found.id


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house, name="Tide Works")


@pytest.fixture
def officer(house: House) -> Built:
    return build.platform_person(house, "officer")


def _claim(house: House, who: Built, reference_id: str) -> ClaimSnapshot:
    return house.db.write(lambda uow: service.claim(uow, who.actor, reference_id, statement="It is ours."))


def _approve(house: House, who: Built, claim_id: str) -> ClaimSnapshot:
    return house.db.write(lambda uow: service.approve(uow, who.actor, claim_id))


@pytest.mark.parametrize(
    ("names", "code", "supplier", "texts", "expected"),
    [
        (("潮汐有限公司", ""), "", "潮汐有限公司", (), "name"),
        (("潮汐（上海）有限公司", ""), "", " 潮汐(上海)有限公司", (), "name"),
        (("上海潮汐观测有限公司", ""), "", "上海潮汐观测股份有限公司", (), "similar"),
        (("", "Tide Works"), "", "Tide Works Co., Ltd.", (), "similar"),
        (("Tide Works", ""), "91310000MA1K35X7XB", "someone", ("code 91310000ma1k35x7xb",), "credit_code"),
        (("Tide Works", ""), "91310000MA1K35X7XB", "Wind Works", (), "none"),
        (("", ""), "", "", (), "none"),
        (("公司", ""), "", "有限公司", (), "none"),
    ],
)
def test_how_a_claimant_agrees_with_the_source(
    names: tuple[str, str], code: str, supplier: str, texts: tuple[str, ...], expected: str
) -> None:
    assert rules.match(names, code, supplier, texts) == expected


def test_a_claimed_reference_becomes_a_draft_is_reviewed_and_sold(
    client: ApiClient, house: House, supplier: Built, officer: Built, reference_id: str
) -> None:
    rival = build.organisation(house)
    made, other = _claim(house, supplier, reference_id), _claim(house, rival, reference_id)
    assert (made.match, other.match) == ("similar", "none")
    with pytest.raises(ClaimedAlready):
        _claim(house, supplier, reference_id)
    for who in (supplier, build.platform_person(house, "reviewer")):
        with pytest.raises(PolicyRefused):
            _approve(house, who, made.id)
    done = _approve(house, officer, made.id)
    assert done.state == "approved"
    assert house.db.read(lambda uow: queries.get(uow, rival.actor, other.id)).state == "rejected"
    with pytest.raises(ClaimClosed):
        house.db.write(lambda uow: service.reject(uow, officer.actor, made.id, reason="too late"))
    with pytest.raises(ClaimedAlready):
        _claim(house, build.organisation(house), reference_id)
    found = house.db.read(lambda uow: references.get(uow, supplier.actor, reference_id))
    assert (found.claimed, found.listing_id, found.replaced_at) == (True, done.listing_id, None)
    assert _found(house, client, "gauge") == [reference_id]
    _complete(house, supplier, str(done.listing_id))
    assert _found(house, client, "gauge") == [done.listing_id]
    pointing = house.db.read(lambda uow: references.get(uow, rival.actor, reference_id))
    assert pointing.replaced_at is not None


def _complete(house: House, supplier: Built, listing_id: str) -> None:
    kept = build.file(house, supplier)
    fields = {
        "licence_terms": {"en": "For the licensee."},
        "declarations": dict.fromkeys(DECLARATIONS, "as in the contract"),
    }

    def work(uow: Uow) -> None:
        draft = listing_queries.get(uow, supplier.actor, listing_id)
        assert (draft.title, draft.tags, draft.state) == ({"en": "Tide gauge readings"}, ("sea",), "draft")
        listings.edit(uow, supplier.actor, listing_id, draft.version, fields)
        listings.add_revision(uow, supplier.actor, listing_id, [kept.id])
        plan = {"version": 1, "kind": "free"}
        listings.set_offer(uow, supplier.actor, listing_id, plan=plan, purposes=["research"], term_months=12)
        listings.submit(uow, supplier.actor, listing_id)

    house.db.write(work)
    build.approved(house, supplier, listing_id)


def _found(house: House, client: ApiClient, words: str) -> list[str]:
    index.catch_up(house)
    return [hit["id"] for hit in client.get(f"/search?q={words}").expect(200).json["items"]]


def test_who_may_claim_and_who_sees_it(client: ApiClient, house: House, supplier: Built, reference_id: str) -> None:
    person = ApiClient(client.app, supplier.token)
    path = f"/references/{reference_id}/claim"
    body = {"statement": "It is ours."}
    client.post(path, body).expect(401)
    merely = ApiClient(client.app, build.organisation(house, level=1).token)
    refused = merely.post(path, body).expect(403)
    assert refused.json["qualification"]["level"] == 2
    stranger = ApiClient(client.app, build.organisation(house).token)
    foreign = stranger.send("POST", "/documents?name=deed.pdf", data=b"%PDF").json["id"]
    person.post(path, body | {"document_ids": [foreign]}).expect(404)
    deed = person.send("POST", "/documents?name=deed.pdf", data=b"%PDF").json["id"]
    made = person.post(path, body | {"document_ids": [deed]}).expect(201).json
    assert person.get("/claims").json["items"][0]["id"] == made["id"]
    assert stranger.get("/claims").json["items"] == []
    for method in ("", "/withdraw", "/approve", "/reject"):
        address = f"/claims/{made['id']}{method}"
        answer = (
            stranger.post(address, {"reason": "no"} if "reject" in method else {}) if method else stranger.get(address)
        )
        answer.expect(404)
    person.post(f"/claims/{made['id']}/approve", {}).expect(403)
    assert person.get(f"/claims/{made['id']}").json["state"] == "open"
    person.post(f"/claims/{made['id']}/withdraw", {}).expect(200)
    person.post(path, body).expect(201)


def test_a_claim_of_nothing_is_not_found(house: House, supplier: Built) -> None:
    with pytest.raises(ClaimNotFound):
        house.db.read(lambda uow: queries.get(uow, supplier.actor, "clm_00000000000000000000000000"))

"""21. A supplier finds an imported listing of its own, claims it, completes it; it is reviewed and sold."""

from __future__ import annotations

from typing import Any

from exchange.demo.elsewhere import CLAIMED
from exchange.demo.generators.packing import table
from exchange.demo.listings import OPEN
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.offering import DECLARATIONS, add_revision, approve, both, review_of, upload, work_through
from exchange.demo.player.tale import Tale, eventually

TREES = "trees"
_STATEMENT = "该条目为本会在南岭发布，附备案编号 NL-2026-118。/ We published it there, filed as NL-2026-118."
_COUNTED = (("plane", 4211, 38.5), ("ginkgo", 2987, 22.1), ("camphor", 1904, 41.0), ("elm", 812, 27.4))


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("二十一、认领外部参考", "21. A claimed reference")
    supplier, officer = cast.members["lvye"]["shi"], cast.staff["officer"]
    reference = _found(supplier)
    assert reference is not None
    tale.done("供方检索到自己在别处发布的条目", "a supplier finds what it published elsewhere", CLAIMED)
    other = cast.members["qingyan"]["lin"]
    claim = supplier.post(f"/references/{reference}/claim", {"statement": _STATEMENT}).expect(201).json
    tale.done("认领；机构名称自动比对", "it claims it; the names are compared", claim["match"])
    other.get(f"/claims/{claim['id']}").expect(404)
    draft = officer.post(f"/claims/{claim['id']}/approve", {}).expect(200).json["listing_id"]
    tale.done("合规专员核准，供方得到草稿", "an officer approves; the supplier gets a draft", draft)
    _complete(supplier, draft)
    review = review_of(cast.staff["reviewer"], draft)
    work_through(cast.staff["reviewer"], review)
    approve(review, cast.staff["reviewer"], officer)
    buyer = cast.members["beichen"]["qin"]
    eventually(lambda: _on_sale(buyer, draft), "the claimed listing in the search")
    tale.check(_found(buyer) is None, "上架后外部参考不再并列", "once listed, the reference is not found beside it")
    offer = buyer.get(f"/listings/{draft}").expect(200).json["offer"]["id"]
    body = {"listing_id": draft, "offer_id": offer, "purpose": "research", "accept_terms": True}
    order = buyer.post("/orders", body).expect(201).json
    paid = buyer.post(f"/orders/{order['id']}/pay", {}).expect(200).json
    cast.listings[TREES] = draft
    tale.check(paid["state"] == "paid", "并已售出", "and it is sold", f"{paid['gross']} {paid['currency']}")


def _complete(supplier: Person, listing_id: str) -> None:
    read = supplier.get(f"/listings/{listing_id}").expect(200)
    written: dict[str, Any] = {
        "summary": both(("按路段统计的行道树。", "Street trees by section of road.")),
        "licence_terms": both(OPEN.terms), "declarations": DECLARATIONS,
    }  # fmt: skip
    supplier.patch(f"/listings/{listing_id}", written, read.etag).expect(200)
    file = table("trees.csv", ("species", "count", "diameter_cm"), _COUNTED)
    add_revision(supplier, listing_id, [upload(supplier, file)])
    plan = {"version": 1, "kind": "one_off", "currency": "CNY", "amount": "300.00"}
    offer = {"plan": plan, "purposes": ["research"], "term_months": 12}
    supplier.post(f"/listings/{listing_id}/offer", offer).expect(200)
    supplier.post(f"/listings/{listing_id}/submit", {}).expect(200)


def _found(person: Person) -> str | None:
    hits = person.get("/search", q=CLAIMED).expect(200).json["items"]
    return next((hit["id"] for hit in hits if hit["id"].startswith("ref_") and hit["title"].get("zh") == CLAIMED), None)


def _on_sale(person: Person, listing_id: str) -> bool:
    hits = person.get("/search", q=CLAIMED).expect(200).json["items"]
    return any(hit["id"] == listing_id for hit in hits)

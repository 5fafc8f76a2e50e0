"""How a supplier puts a dataset on the exchange, and how a reviewer lets it through."""

from __future__ import annotations

from typing import Any

from exchange.demo.generators.packing import Made
from exchange.demo.listings import Dataset
from exchange.demo.player.client import Person, sha256

PART_BYTES = 1 << 20
_NOT_APPLICABLE = {"authorisation", "personal_data", "impact", "deidentification"}


def upload(supplier: Person, file: Made, part_bytes: int = PART_BYTES) -> str:
    """Declare, send in parts, complete; answers the file's id."""
    made = {"name": file.name, "size": len(file.content), "sha256": sha256(file.content)}
    upload_id = supplier.post("/uploads", made).expect(201).json["id"]
    for offset in range(0, len(file.content), part_bytes):
        part = file.content[offset : offset + part_bytes]
        supplier.put_bytes(f"/uploads/{upload_id}/parts?offset={offset}", part).expect(200)
    return str(supplier.post(f"/uploads/{upload_id}/complete").expect(201).json["id"])


def particulars(dataset: Dataset) -> dict[str, Any]:
    """What a supplier writes about a listing."""
    return {
        "kind": "dataset",
        "title": both(dataset.title),
        "summary": both(dataset.summary),
        "description": both(dataset.description),
        "scene": dataset.scene,
        "tags": list(dataset.tags),
        "purposes": list(dataset.licence.purposes),
        "licence_terms": both(dataset.licence.terms),
    }


def both(text: tuple[str, str]) -> dict[str, str]:
    return {"zh": text[0], "en": text[1]}


def offer_of(dataset: Dataset) -> dict[str, Any]:
    """Price plan, purposes and term."""
    plan: dict[str, Any] = {"version": 1, "kind": "free"}
    if dataset.price is not None:
        plan = {"version": 1, "kind": "one_off", "currency": "CNY", "amount": dataset.price}
    return {"plan": plan, "purposes": list(dataset.licence.purposes), "term_months": dataset.licence.months}


def draft(supplier: Person, dataset: Dataset) -> dict[str, Any]:
    """A listing with its files and its offer, not submitted yet; answers it as the supplier reads it."""
    listing_id = supplier.post("/listings", particulars(dataset)).expect(201).json["id"]
    file_ids = [upload(supplier, file) for file in dataset.files()]
    add_revision(supplier, listing_id, file_ids)
    supplier.post(f"/listings/{listing_id}/offer", offer_of(dataset)).expect(200)
    if dataset.tier is not None:
        supplier.post(f"/listings/{listing_id}/tier", {"tier": dataset.tier, "reason": "供方从严"}).expect(200)
    return read(supplier, listing_id)


def add_revision(supplier: Person, listing_id: str, file_ids: list[str]) -> dict[str, Any]:
    body = {"file_ids": file_ids, "notes": "首个版本 / first revision"}
    found: dict[str, Any] = supplier.post(f"/listings/{listing_id}/revisions", body).expect(201).json
    return found


def read(person: Person, listing_id: str) -> dict[str, Any]:
    found: dict[str, Any] = person.get(f"/listings/{listing_id}").expect(200).json
    return found


def review_of(reviewer: Person, listing_id: str) -> dict[str, Any]:
    """The open review of a listing."""
    items: list[dict[str, Any]] = reviewer.get("/reviews", limit=100).expect(200).json["items"]
    return next(item for item in items if item["subject_id"] == listing_id)


def work_through(reviewer: Person, review: dict[str, Any]) -> int:
    """Answer every item of the checklist; answers how many there were."""
    for item in review["items"]:
        answer = "not_applicable" if item["id"] in _NOT_APPLICABLE else "pass"
        note = "生成的数据 / generated data" if answer == "not_applicable" else ""
        reviewer.put(f"/reviews/{review['id']}/items/{item['id']}", {"answer": answer, "note": note}).expect(200)
    return len(review["items"])


def put_on_sale(supplier: Person, reviewer: Person, dataset: Dataset) -> str:
    """From nothing to listed; answers the listing's id."""
    listing_id = str(draft(supplier, dataset)["id"])
    supplier.post(f"/listings/{listing_id}/submit", {}).expect(200)
    review = review_of(reviewer, listing_id)
    work_through(reviewer, review)
    reviewer.post(f"/reviews/{review['id']}/approve", {}).expect(200)
    return listing_id

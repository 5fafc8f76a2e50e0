"""14. Recordings with speakers' data: graded L3 by the scan, raised but never lowered, approved by two people."""

from __future__ import annotations

from typing import Any

from exchange.demo.listings import VOICES
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.offering import DECLARATIONS, add_revision, both, particulars, review_of, upload
from exchange.demo.player.tale import Tale, eventually

_CONSENT = "四十八位说话人均签署书面同意书，编号存档。/ Every speaker signed a consent, kept by number."
_IMPACT = "已完成个人信息保护影响评估（PIA-2026-031）。/ An impact assessment was made (PIA-2026-031)."
_MENDED = "已补充同意书编号清单与撤回渠道。/ The list of consents and the way to withdraw were added."
_MISSING = "请补充同意书编号清单。/ Please add the list of consents by number."
_TEXTS = {"personal_data": _CONSENT, "authorisation": _CONSENT, "impact": _IMPACT, "deidentification": _IMPACT}


def play(cast: Cast, tale: Tale) -> None:
    """Leaves the listing with the cast."""
    tale.chapter("十四、带说话人信息的语音：分级与双人审核", "14. Speech with speakers' data: graded, approved by two")
    supplier = cast.members["qingyan"]["lin"]
    listing_id = _draft(tale, supplier)
    _tier(tale, supplier, listing_id)
    supplier.post(f"/listings/{listing_id}/submit", {}).expect(200)
    _returned(cast, tale, supplier, listing_id)
    _approved(cast, tale, listing_id)
    cast.listings[VOICES.key] = listing_id
    reader = cast.members["yunfan"]["jiang"]
    eventually(lambda: _found(reader, listing_id), "the recordings in the search")
    sample = reader.get(f"/listings/{listing_id}/sample").expect(200).json
    told = f"{len(sample['rows'])} × {len(sample['columns'])}"
    tale.check(
        "synthetic_sample" in sample["obligations"] and len(sample["rows"]) == 20,
        "合格机构看到的样例是二十行合成数据", "who is qualified sees twenty made-up rows", told,
    )  # fmt: skip


def _draft(tale: Tale, supplier: Person) -> str:
    written = particulars(VOICES) | {"declarations": DECLARATIONS | _TEXTS}
    listing_id = str(supplier.post("/listings", written).expect(201).json["id"])
    add_revision(supplier, listing_id, [upload(supplier, file) for file in VOICES.files()])
    offer = {
        "plan": {"version": 1, "kind": "negotiated"}, "purposes": list(VOICES.licence.purposes),
        "term_months": VOICES.licence.months,
    }  # fmt: skip
    supplier.post(f"/listings/{listing_id}/offer", offer).expect(200)
    tale.done("供方起草：价格面议", "a supplier drafts it: the price is by quote", both(VOICES.title)[tale.language])
    return listing_id


def _tier(tale: Tale, supplier: Person, listing_id: str) -> None:
    made = supplier.get(f"/listings/{listing_id}").expect(200).json
    reasons = "; ".join(reason[tale.language] for reason in made["tier_reasons"])
    tale.check(made["tier"] == made["proposed_tier"] == 3, "扫描建议 L3", "the scan proposes L3", reasons)
    lower = supplier.post(f"/listings/{listing_id}/tier", {"tier": 2}).expect(409, "tier_cannot_fall")
    tale.done("供方不能降级", "the supplier does not lower it", lower.detail)


def _returned(cast: Cast, tale: Tale, supplier: Person, listing_id: str) -> None:
    """One item fails, the listing goes back, is mended and handed in again."""
    reviewer = cast.staff["reviewer"]
    review = review_of(reviewer, listing_id)
    evidence = next(item for item in review["items"] if item["id"] == "grading")["evidence"]
    tale.done("清单附有证据：分级一项", "the checklist has evidence: grading", str(evidence)[:160] + "…")
    _answer(reviewer, review, {"personal_data": "fail"}, _MISSING)
    early = reviewer.post(f"/reviews/{review['id']}/approve", {}).expect(409, "review_items_open")
    tale.done("有一项未通过，不能批准", "not approved while an item has failed", early.detail)
    back = {"reason": _MISSING}
    reviewer.post(f"/reviews/{review['id']}/return", back).expect(200)
    state = supplier.get(f"/listings/{listing_id}").expect(200)
    tale.check(state.json["state"] == "returned", "退回补正", "it is returned", _MISSING)
    mended = DECLARATIONS | _TEXTS | {"personal_data": _CONSENT + _MENDED}
    supplier.patch(f"/listings/{listing_id}", {"declarations": mended}, state.etag).expect(200)
    supplier.post(f"/listings/{listing_id}/submit", {}).expect(200)


def _approved(cast: Cast, tale: Tale, listing_id: str) -> None:
    reviewer, officer = cast.staff["reviewer"], cast.staff["officer"]
    review = review_of(reviewer, listing_id)
    _answer(reviewer, review)
    path = f"/reviews/{review['id']}/approve"
    first = reviewer.post(path, {}).expect(200).json
    tale.check(first["state"] == "open", "审核员批准，尚待合规专员", "a reviewer approves; an officer is awaited")
    again = reviewer.post(path, {}).expect(403)
    tale.done("同一人不能批准两次", "one person does not approve twice", again.detail)
    last = officer.post(path, {}).expect(200).json
    tale.check(last["state"] == "approved", "合规专员第二个批准，上架", "an officer is the second; it is listed")


def _answer(reviewer: Person, review: dict[str, Any], instead: dict[str, str] | None = None, note: str = "") -> None:
    for item in review["items"]:
        answer = (instead or {}).get(item["id"], "pass")
        body = {"answer": answer, "note": note if answer == "fail" else ""}
        reviewer.put(f"/reviews/{review['id']}/items/{item['id']}", body).expect(200)


def _found(person: Person, listing_id: str) -> bool:
    hits = person.get("/search", q=VOICES.title[0]).expect(200).json["items"]
    return any(hit["id"] == listing_id for hit in hits)

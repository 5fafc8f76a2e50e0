"""2. The supplier lists a dataset; planted identifiers raise another one; nobody sees either before the review."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exchange.demo.generators.packing import Made
from exchange.demo.listings import PLANTED, STORY, Dataset
from exchange.demo.player.client import Person, sha256
from exchange.demo.player.filling import Cast
from exchange.demo.player.offering import (
    add_revision,
    approve,
    both,
    draft,
    offer_of,
    particulars,
    read,
    review_of,
    upload,
    work_through,
)
from exchange.demo.player.tale import Tale, eventually

_SMALL_PART_BYTES = 96 << 10
_Look = Callable[[Person], bool]


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("二、上架与审核", "2. A dataset is listed and reviewed")
    supplier = cast.members["tinglan"]["tao"]
    before = _counts(cast.members["yunfan"]["jiang"], STORY)
    story = _offer(cast, tale, supplier)
    _nobody_sees(cast, tale, story, STORY, before)
    _review(cast, tale, story)
    cast.listings[STORY.key] = story
    eventually(lambda: _searched(cast.stranger, story, STORY), "the new listing in the search")
    seen = all(look(cast.stranger) for look in _looks(story, STORY))
    tale.check(seen, "审核通过后人人可见：列表、检索、编号、样例、分面", "once listed, everybody sees it")
    _planted(cast, tale, supplier)


def _offer(cast: Cast, tale: Tale, supplier: Person) -> str:
    listing_id = str(supplier.post("/listings", particulars(STORY)).expect(201).json["id"])
    tale.done("供方起草条目", "the supplier drafts a listing", listing_id)
    files = STORY.files()
    _wrong_checksum(tale, supplier, files[1])
    ids = [upload(supplier, file, _SMALL_PART_BYTES) for file in files]
    parts = -(-len(files[0].content) // _SMALL_PART_BYTES)
    told = ", ".join(f"{file.name} {len(file.content)} B sha256 {sha256(file.content)[:12]}…" for file in files)
    tale.done(f"分 {parts} 片上传，校验和一致", f"files go up in {parts} parts, checksums equal", told)
    add_revision(supplier, listing_id, ids)
    _profile(tale, read(supplier, listing_id))
    supplier.post(f"/listings/{listing_id}/offer", offer_of(STORY)).expect(200)
    supplier.post(f"/listings/{listing_id}/submit", {}).expect(200)
    tale.done("定价并提交审核", "priced and submitted for review", f"¥{STORY.price}")
    return listing_id


def _wrong_checksum(tale: Tale, supplier: Person, file: Made) -> None:
    declared = {"name": file.name, "size": len(file.content), "sha256": sha256(b"something else")}
    upload_id = supplier.post("/uploads", declared).expect(201).json["id"]
    supplier.put_bytes(f"/uploads/{upload_id}/parts?offset=0", file.content).expect(200)
    refused = supplier.post(f"/uploads/{upload_id}/complete")
    tale.check(
        400 <= refused.status < 500, "校验和不符的文件不收", "a file whose checksum differs is refused", refused.detail
    )


def _profile(tale: Tale, listing: dict[str, Any]) -> None:
    columns = [column["name"] for file in listing["revision"]["files"] for column in file["columns"]]
    tale.check("text" in columns and "pinyin" in columns, "读出字段", "the columns were read", ", ".join(columns))
    tale.check(
        listing["proposed_tier"] == 1, "建议等级", "the tier is proposed from the data", f"L{listing['proposed_tier']}"
    )


def _looks(listing_id: str, dataset: Dataset) -> list[_Look]:
    """Every way in which somebody could come to know of a listing."""
    return [
        lambda person: _listed(person, listing_id),
        lambda person: _searched(person, listing_id, dataset),
        lambda person: person.get(f"/listings/{listing_id}").status == 200,
        lambda person: person.get(f"/listings/{listing_id}/sample").status == 200,
        lambda person: _suggested(person, listing_id, dataset),
    ]


def _listed(person: Person, listing_id: str) -> bool:
    items = person.get("/listings", limit=100).expect(200).json["items"]
    return any(item["id"] == listing_id for item in items)


def _searched(person: Person, listing_id: str, dataset: Dataset) -> bool:
    hits = person.get("/search", q=dataset.title[0]).expect(200).json["items"]
    return any(hit["id"] == listing_id for hit in hits)


def _suggested(person: Person, listing_id: str, dataset: Dataset) -> bool:
    items = person.get("/search/suggestions", q=dataset.title[0][:3]).expect(200).json["items"]
    return any(item["id"] == listing_id for item in items)


def _counts(person: Person, dataset: Dataset) -> Any:
    """The counts of facets over the dataset's scene."""
    return person.get("/search", scene=dataset.scene).expect(200).json["facets"]


def _nobody_sees(cast: Cast, tale: Tale, listing_id: str, dataset: Dataset, before: Any) -> None:
    buyer = cast.members["yunfan"]["jiang"]
    for person in (cast.stranger, buyer, cast.members["qingyan"]["lin"]):
        seen = [look(person) for look in _looks(listing_id, dataset)]
        tale.check(
            not any(seen), f"审核前 {person.name} 从列表、检索、编号、样例、联想都看不到",
            f"before the review {person.name} sees it by no list, search, id, sample or suggestion",
        )  # fmt: skip
    tale.check(_counts(buyer, dataset) == before, "分面计数不变", "the counts of facets are as before")
    unknown = buyer.get("/listings/" + listing_id[:-4] + "0000").expect(404)
    hidden = buyer.get(f"/listings/{listing_id}").expect(404)
    tale.check(
        unknown.json == hidden.json,
        "与不存在的条目无法区分",
        "it cannot be told from one that does not exist",
        hidden.code,
    )


def _review(cast: Cast, tale: Tale, listing_id: str) -> None:
    reviewer, supplier = cast.staff["reviewer"], cast.members["tinglan"]["tao"]
    review = review_of(reviewer, listing_id)
    path = f"/reviews/{review['id']}"
    refused = supplier.put(f"{path}/items/{review['items'][0]['id']}", {"answer": "pass", "note": ""}).expect(403)
    tale.done("供方不能审核自己的条目", "the supplier does not review its own listing", refused.detail)
    early = reviewer.post(f"{path}/approve", {}).expect(409)
    tale.done("清单未答完不能通过", "not approved while items are open", early.detail)
    items = work_through(reviewer, review)
    approved = reviewer.post(f"{path}/approve", {}).expect(200).json
    tale.check(
        approved["state"] == "approved",
        f"审核员逐项回答 {items} 项并通过",
        f"a reviewer answers {items} items, approves",
    )


def _planted(cast: Cast, tale: Tale, supplier: Person) -> None:
    made = draft(supplier, PLANTED)
    reasons = "; ".join(reason[tale.language] for reason in made["tier_reasons"])
    tale.check(
        made["proposed_tier"] == 3,
        "植入的证件号与手机号把另一条目提升到 L3",
        "planted identifiers raise another to L3",
        reasons,
    )
    listing_id = str(made["id"])
    supplier.post(f"/listings/{listing_id}/submit", {}).expect(200)
    review = review_of(cast.staff["second_reviewer"], listing_id)
    work_through(cast.staff["second_reviewer"], review)
    approve(review, cast.staff["second_reviewer"], cast.staff["officer"])
    cast.listings[PLANTED.key] = listing_id
    tale.done("L3 条目列出但尚不可交易", "listed at L3, not yet tradable", both(PLANTED.title)[tale.language])
    eventually(lambda: _searched(cast.members["yunfan"]["jiang"], listing_id, PLANTED), "the L3 listing in the search")
    hidden = not any(look(cast.stranger) for look in _looks(listing_id, PLANTED))
    tale.check(hidden, "未登录者看不到 L3", "strangers do not see what is of tier L3")

"""3. A buyer finds the dataset, sees a sample, is told why another is refused, tops up and orders."""

from __future__ import annotations

import uuid
from typing import Any

from exchange.demo.listings import PLANTED, STORY
from exchange.demo.people import BUYER
from exchange.demo.player.client import Person, Reply
from exchange.demo.player.filling import Cast
from exchange.demo.player.tale import Tale

TOP_UP = "60000.00"
_QUERIES = (("普通话 数字", "spoken digits"), ("气象", "weather"), ("企业工商信息", "business register"))


def play(cast: Cast, tale: Tale) -> dict[str, Any]:
    """Answers the order of the story's dataset."""
    tale.chapter("三、查找、充值与下单", "3. Finding, topping up, ordering")
    buyer = cast.members["yunfan"]["jiang"]
    _search(cast, tale, buyer)
    _samples(cast, tale, buyer)
    _refusals(cast, tale, buyer)
    top_up(cast, tale)
    _abilities(cast, tale, buyer)
    order = place(cast, buyer, STORY.key, "training").expect(201).json
    amounts = f"{order['net']} + {order['tax']} = {order['gross']} {order['currency']}"
    tale.check(order["net"] == STORY.price, "按标价下单", "ordered at the list price", amounts)
    tasks = [
        task["code"] for task in buyer.get("/tasks").expect(200).json["items"] if task["subject_id"] == order["id"]
    ]
    tale.check(bool(tasks), "待办里出现这笔订单", "it stands on the buyer's desk", ", ".join(tasks))
    return dict(order)


def place(cast: Cast, buyer: Person, key: str, purpose: str, *, command_key: str = "") -> Reply:
    """Order a listing of the demonstration by its key."""
    listing_id = cast.listings[key]
    offer = buyer.get(f"/listings/{listing_id}").expect(200).json["offer"]
    body = {"listing_id": listing_id, "offer_id": offer["id"], "purpose": purpose, "accept_terms": True}
    return buyer.post("/orders", body, key=command_key)


def _search(cast: Cast, tale: Tale, buyer: Person) -> None:
    wanted = (cast.listings[STORY.key], cast.listings["weather"], cast.listings["registrations"])
    for words, listing_id in zip(_QUERIES, wanted, strict=True):
        for query in words:
            hits = buyer.get("/search", q=query).expect(200).json
            first = [hit["id"] for hit in hits["items"][:3]]
            title = hits["items"][0]["title"].get(tale.language, "") if hits["items"] else ""
            tale.check(listing_id in first, f"检索“{query}”", f"a search for “{query}”", f"{hits['total']}: {title}")


def _samples(cast: Cast, tale: Tale, buyer: Person) -> None:
    sample = buyer.get(f"/listings/{cast.listings[STORY.key]}/sample").expect(200).json
    tale.done("看到样例", "the sample is seen", str(sample)[:160] + "…")
    made_up = buyer.get(f"/listings/{cast.listings[PLANTED.key]}/sample").expect(200).json
    tale.check(
        made_up["kind"] == "synthetic", "L3 只展示合成行", "of the L3 listing only made-up rows are seen",
        str(made_up["rows"][:1]),
    )  # fmt: skip


def _refusals(cast: Cast, tale: Tale, buyer: Person) -> None:
    refused = place(cast, buyer, PLANTED.key, "training")
    tale.check(
        refused.status in (403, 409),
        "L3 不能直接下单",
        "an L3 listing is not simply ordered",
        f"{refused.code}: {refused.detail}",
    )
    outsider = cast.members["luren"]["lu"]
    refused = place(cast, outsider, "load", "training").expect(403, "qualification_needed")
    tale.done("未获资质的机构不能买 L2", "who is not qualified does not buy L2", refused.detail)
    own = place(cast, cast.members["tinglan"]["wen"], STORY.key, "training").expect(403, "own_listing")
    tale.done("不能买自己的条目", "nobody buys from themselves", own.detail)
    wrong = place(cast, buyer, STORY.key, "statistics").expect(422, "purpose_not_offered")
    tale.done("许可不含的用途被拒", "a purpose that is not offered is refused", wrong.detail)


def _abilities(cast: Cast, tale: Tale, buyer: Person) -> None:
    path = f"/listings/{cast.listings[STORY.key]}/abilities"
    allowed = buyer.get(path).expect(200).json["listing:order"]
    tale.check(
        allowed["effect"] == "permit", "下单前询问策略：可以，依据", "policy asked before: yes, by", allowed["rules"]
    )
    denied = cast.stranger.get(path).expect(200).json["listing:order"]
    needs = "; ".join(need[f"message_{tale.language}"] for need in denied["needs"])
    tale.check(denied["effect"] == "forbid", "未登录者询问：不可以，缺", "a stranger asks: no, for want of", needs)


def top_up(cast: Cast, tale: Tale) -> None:
    first, second = cast.staff["finance"], cast.staff["second_finance"]
    money = cast.members["yunfan"]["money"]
    organisation_id = money.get("/me").expect(200).json["organisation"]["id"]
    key = uuid.uuid4().hex
    body = {
        "organisation_id": organisation_id,
        "amount": TOP_UP,
        "currency": "CNY",
        "bank_reference": "ICBC20261124-0017",
    }
    topup = first.post("/topups", body, key=key).expect(201).json
    again = first.post("/topups", body, key=key).expect(201)
    tale.check(
        again.json["id"] == topup["id"],
        "财务甲登记到账；重发不会登记两次",
        "recorded by one; sent again, it is one",
        TOP_UP,
    )
    first.post("/topups", body | {"amount": "1.00"}, key=key).expect(422)
    tale.done("同一幂等键换内容被拒", "the same key with another body is refused")
    path = f"/topups/{topup['id']}/confirm"
    same = first.post(path).expect(403, "same_person")
    tale.done("登记人不能自己复核", "who recorded it does not confirm it", same.detail)
    second.post(path).expect(200)
    balance = money.get("/balance").expect(200).json
    tale.check(
        balance["available"] == TOP_UP,
        f"财务乙复核，{BUYER.name}余额",
        "another confirms; balance",
        balance["available"],
    )

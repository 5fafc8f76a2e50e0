"""23. What nobody has answered yet: whoever looks around finds something to do on each desk."""

from __future__ import annotations

import csv
import io
from typing import Any

from exchange.demo.elsewhere import UNCLAIMED
from exchange.demo.listings import PLANTED, WAITING
from exchange.demo.player.chapters.buying import place
from exchange.demo.player.chapters.negotiating import terms
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.joining import hand_in
from exchange.demo.player.mailbox import code
from exchange.demo.player.offering import draft
from exchange.demo.player.signing import lacking
from exchange.demo.player.tale import Tale

_QUESTION = "能否按路段增加夜间场景？/ Could night scenes be added, road by road?"
_LIMIT, _MONTHLY = "1000.00", "90000.00"
_COMPLAINT = "三道题的答案有误，见题号 17、80、203。/ Three answers are wrong: questions 17, 80 and 203."
_ANSWER = "题 80 确有误，其余两题请附算式。/ Question 80 is wrong indeed; please show the sums of the others."
_CLAIM = "该条目由我方受托运营，合同编号 NL-2026-204。/ We run it under contract NL-2026-204."
_VISITOR = "visitor@mail.example"


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("二十三、等待处理的事项", "23. What waits for somebody")
    _asked(cast, tale)
    _half_agreed(cast, tale)
    _above_the_limit(cast, tale)
    _disputed(cast, tale)
    _handed_in(cast, tale)
    _claimed(cast, tale)
    _transferred(cast, tale)
    _person_asks(cast, tale)
    _desks(cast, tale)


def _asked(cast: Cast, tale: Tale) -> None:
    body = {"listing_id": cast.listings["lanes"], "purpose": "training", "text": _QUESTION}
    order = cast.members["beichen"]["qin"].post("/orders/inquiries", body).expect(201).json
    tale.done("一笔询价等待供方答复", "an inquiry waits for the supplier", f"{order['state']}: {_QUESTION}")


def _half_agreed(cast: Cast, tale: Tale) -> None:
    """The terms are accepted; nobody has signed yet."""
    buyer, supplier = cast.members["beichen"]["qin"], cast.members["xingyuan"]["song"]
    body = {"listing_id": cast.listings["load"], "purpose": "training", "text": _QUESTION}
    order = buyer.post("/orders/inquiries", body).expect(201).json
    path = f"/orders/{order['id']}"
    offer = {"in_reply_to": order["head"], "terms": terms(order, "14200.00"), "text": ""}
    offered = supplier.post(f"{path}/terms", offer).expect(201).json
    buyer.post(f"{path}/agree", {"in_reply_to": offered["head"]}).expect(200)
    left = lacking(buyer, order["id"])
    tale.check("contract.buyer" in left, "条件谈妥，等待双方签约", "agreed; both sides' signatures are awaited", left)


def _above_the_limit(cast: Cast, tale: Tale) -> None:
    owner, buyer = cast.members["yunfan"]["shen"], cast.members["yunfan"]["jiang"]
    members = owner.get("/members").expect(200).json["items"]
    account_id = next(each["id"] for each in members if each["name"] == buyer.name)
    owner.put(f"/organisation/spending-limits/{account_id}", {"amount": _LIMIT, "monthly": _MONTHLY}).expect(200)
    order = place(cast, buyer, "pairs", "training").expect(201).json
    left = lacking(buyer, order["id"])
    tale.check(bool(left), "超出采购限额的订单等待审批", "an order above the buyer's limit awaits approval", left)


def _disputed(cast: Cast, tale: Tale) -> None:
    buyer, supplier = cast.members["yunfan"]["jiang"], cast.members["yixue"]["pan"]
    order = place(cast, buyer, "sums", "research").expect(201).json
    buyer.post(f"/orders/{order['id']}/pay", {}).expect(200)
    body = {"ground": "quality", "text": _COMPLAINT, "amount": order["gross"]}
    dispute = buyer.post(f"/orders/{order['id']}/disputes", body).expect(201).json
    answered = supplier.post(f"/disputes/{dispute['id']}/statements", {"text": _ANSWER}).expect(201).json
    tale.done(
        "一项异议双方已举证，等待裁定", "a dispute with evidence of both sides awaits its ruling", answered["state"]
    )


def _handed_in(cast: Cast, tale: Tale) -> None:
    """A listing for the reviewers, and the papers of an organisation for the officers."""
    supplier = cast.supplier_of(WAITING)
    listing_id = draft(supplier, WAITING)["id"]
    supplier.post(f"/listings/{listing_id}/submit", {}).expect(200)
    tale.done("一个条目等待审核", "a listing waits for its review", WAITING.title[tale.language == "en"])
    papers = hand_in(cast.members["luren"]["lu"], 2).expect(200).json
    tale.done("一家机构的资质等待核验", "an organisation's papers wait for an officer", papers["state"])


def _claimed(cast: Cast, tale: Tale) -> None:
    supplier = cast.members["xingyuan"]["song"]
    hits = supplier.get("/search", q=UNCLAIMED).expect(200).json["items"]
    reference = next(hit["id"] for hit in hits if hit["title"].get("zh") == UNCLAIMED)
    claim = supplier.post(f"/references/{reference}/claim", {"statement": _CLAIM}).expect(201).json
    tale.done("一项认领等待核准", "a claim waits for an officer", f"{UNCLAIMED}: {claim['match']}")


def _transferred(cast: Cast, tale: Tale) -> None:
    own = cast.members["beichen"]["bai"].get("/me").expect(200).json["organisation"]["id"]
    body = {"organisation_id": own, "amount": "20000.00", "currency": "CNY", "bank_reference": "BOC-0009"}
    topup = cast.staff["finance"].post("/topups", body).expect(201).json
    tale.done("一笔到账等待第二人复核", "a transfer waits for its second person", f"{topup['amount']} {topup['state']}")


def _person_asks(cast: Cast, tale: Tale) -> None:
    """Somebody whose number stands in a listing asks what is known; the supplier has to answer."""
    rows = list(csv.DictReader(io.StringIO(PLANTED.files()[0].content.decode())))
    told = {"kind": "access", "email": _VISITOR, "phone": rows[0]["contact_mobile"], "language": tale.language}
    request = cast.stranger.post("/privacy/requests", told).expect(201).json
    given = {"code": code(cast.world.letters, _VISITOR)}
    cast.stranger.post(f"/privacy/requests/{request['id']}/open", given).expect(200)
    tasks = cast.members["tinglan"]["tao"].get("/privacy/tasks").expect(200).json["items"]
    tale.check(bool(tasks), "个人信息请求到达供方", "a person's request has come to the supplier", len(tasks))


def _desks(cast: Cast, tale: Tale) -> None:
    people = (
        cast.members["xingyuan"]["song"], cast.members["beichen"]["bai"], cast.members["yunfan"]["shen"],
        cast.members["tinglan"]["tao"], cast.staff["officer"], cast.staff["reviewer"], cast.staff["second_finance"],
    )  # fmt: skip
    waiting = {person.name: _tasks(person) for person in people}
    tale.check(all(waiting.values()), "每个工作台都有待办", "something waits on each desk", waiting)


def _tasks(person: Person) -> list[Any]:
    return [task["code"] for task in person.get("/tasks").expect(200).json["items"]]

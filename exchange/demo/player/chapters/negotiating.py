"""16. From an inquiry to a signed contract: two people at each end, every version of the terms kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exchange.demo.listings import VOICES
from exchange.demo.player.chapters.qualifying import inquiry
from exchange.demo.player.client import Person, sha256
from exchange.demo.player.filling import Cast
from exchange.demo.player.signing import lacking, meet, meet_all
from exchange.demo.player.tale import Tale

ASKED, COUNTERED = "42000.00", "36000.00"
ROWS = 1500


def play(cast: Cast, tale: Tale) -> dict[str, Any]:
    """Answers the order, ready to be paid; leaves it with the cast."""
    tale.chapter("十六、询价、议价、签约", "16. Inquiry, offers, contract")
    buyer, supplier = cast.members["beichen"]["qin"], cast.members["qingyan"]["lin"]
    order = buyer.post("/orders/inquiries", inquiry(cast.listings[VOICES.key])).expect(201).json
    tale.done("买方询价，声明用途", "the buyer asks and declares its purpose", f"{order['state']}, {order['purpose']}")
    order = _bargain(cast, tale, buyer, supplier, order)
    order = _agree(cast, tale, order)
    _contract(cast, tale, buyer, order)
    cast.orders[VOICES.key] = order
    return order


def terms(order: dict[str, Any], amount: str) -> dict[str, Any]:
    return {
        "version": 1, "revision": order["revision_id"],
        "plan": {"version": 1, "kind": "one_off", "currency": "CNY", "amount": amount}, "limits": None,
        "purposes": ["training"], "territories": ["CN"], "recipients": [], "count": ROWS, "term_months": 12,
        "starts": None, "deliveries": ["api", "download"], "watermark": True, "contract": "provision", "nda": True,
        "clauses": {"withdrawal": "说话人撤回同意的，十日内删除。/ Withdrawn consents are deleted in ten days."},
    }  # fmt: skip


def _bargain(cast: Cast, tale: Tale, buyer: Person, supplier: Person, order: dict[str, Any]) -> dict[str, Any]:
    path = f"/orders/{order['id']}"
    stranger = cast.members["yunfan"]["jiang"].get(path).expect(404)
    tale.done("第三方看不到这笔询价", "nobody else knows of it", stranger.code)
    supplier.post(f"{path}/messages", {"text": "录音用途是否含商用产品？/ Is use in products included?"}).expect(201)
    buyer.post(f"{path}/messages", {"text": "仅用于训练。/ Training only."}).expect(201)
    head = buyer.get(path).expect(200).json["head"]
    below = {"in_reply_to": head, "terms": terms(order, ASKED) | {"watermark": False}, "text": ""}
    refused = supplier.post(f"{path}/terms", below).expect(422, "terms_below_tier")
    tale.done("等级要求的水印不能谈掉", "what the tier demands is not bargained away", refused.detail)
    offered = supplier.post(f"{path}/terms", {"in_reply_to": head, "terms": terms(order, ASKED), "text": ""})
    first = offered.expect(201).json
    tale.done("供方报价", "the supplier offers", f"{ASKED} CNY, {first['agreement_hash'][:12] or first['head']}")
    counter = {
        "in_reply_to": first["head"],
        "terms": terms(order, COUNTERED),
        "text": "预算有限。/ Our budget is small.",
    }
    second = buyer.post(f"{path}/terms", counter).expect(201).json
    tale.done("买方还价", "the buyer counters", f"{COUNTERED} CNY")
    late = buyer.post(f"{path}/agree", {"in_reply_to": first["head"]}).expect(409)
    tale.done("不能接受已被还价取代的版本", "terms that were answered are not accepted", late.detail)
    agreed: dict[str, Any] = supplier.post(f"{path}/agree", {"in_reply_to": second["head"]}).expect(200).json
    tale.check(agreed["state"] == "agreed", "供方接受", "the supplier accepts", f"{agreed['net']} + {agreed['tax']}")
    versions = [item for item in buyer.get(f"{path}/terms").expect(200).json["items"] if item["terms"]]
    kept = [Decimal(item["terms"]["plan"]["amount"]) for item in versions]
    told = ", ".join(map(str, kept))
    tale.check(kept == [Decimal(ASKED), Decimal(COUNTERED)], "每一版条件都保留", "every version is kept", told)
    return agreed


def _agree(cast: Cast, tale: Tale, order: dict[str, Any]) -> dict[str, Any]:
    """The second people, the signatures with the accounts' own keys, the supplier's approval."""
    order_id, owner, buyer = order["id"], cast.members["beichen"]["bai"], cast.members["beichen"]["qin"]
    seller, supplier = cast.members["qingyan"]["zhou"], cast.members["qingyan"]["lin"]
    tale.done("签约前还需", "before it is concluded it needs", ", ".join(lacking(buyer, order_id)))
    early = buyer.post(f"/orders/{order_id}/pay", {}).expect(409, "order_state")
    tale.done("条件未齐不能付款", "not paid before that", early.detail)
    alone = meet(buyer, order_id, "acceptance.buyer")
    tale.done("同一人不能充当第二人", "one person is not two", alone.expect(403, "same_person").detail)
    meet_all(owner, order_id, ["acceptance.buyer", "nda.buyer"])
    plain = buyer.post(f"/orders/{order_id}/requirements/contract.buyer", {"otp": "000000"}).expect(403)
    tale.done("签名须二次验证", "no signature without the second factor", plain.code)
    meet_all(buyer, order_id, ["contract.buyer"])
    meet_all(seller, order_id, ["acceptance.supplier", "nda.supplier"])
    meet_all(supplier, order_id, ["contract.supplier"])
    left = lacking(buyer, order_id)
    done = meet_all(supplier, order_id, left)
    tale.check(
        done["state"] == "placed", "两端各两人，保密与提供合同均已签署，供方批准", "two people at each end signed", left
    )
    return done


def _contract(cast: Cast, tale: Tale, buyer: Person, order: dict[str, Any]) -> None:
    papers = buyer.get(f"/orders/{order['id']}/contract").expect(200).json["items"]
    for paper in papers:
        right = sha256(paper["body"].encode()) == paper["sha256"] and paper["complete"]
        told = f"{paper['sha256'][:16]}… " + ", ".join(each["side"] for each in paper["signatures"])
        tale.check(right, f"合同 {paper['kind']}：散列相符", f"contract {paper['kind']}: its hash holds", told)
    same = cast.members["qingyan"]["lin"].get(f"/orders/{order['id']}/contract").expect(200).json["items"]
    tale.check(
        [p["sha256"] for p in same] == [p["sha256"] for p in papers], "两端所见为同一份", "both ends hold the same"
    )

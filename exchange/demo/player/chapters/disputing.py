"""19. The buyer disputes a delivery; evidence goes both ways; an officer rules that a part is paid back."""

from __future__ import annotations

from typing import Any

from exchange.demo.listings import VOICES
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.tale import Tale

_COMPLAINT = "约一成句子的信噪比低于约定。/ About a tenth of the sentences are noisier than agreed."
_ANSWER = "已复测，确有 9.6% 低于约定值。/ Measured again: 9.6 % are below what was agreed."
_RULING = "部分成立，按比例退款。/ Upheld in part: refunded in proportion."
_REFUND = "3816.00"


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("十九、争议与裁定", "19. A dispute, and its ruling")
    order, buyer = cast.orders[VOICES.key], cast.members["beichen"]["qin"]
    supplier, officer = cast.members["qingyan"]["lin"], cast.staff["officer"]
    dispute = _open(tale, buyer, order)
    path = f"/disputes/{dispute['id']}"
    _halted(cast, tale, buyer, order)
    supplier.post(f"{path}/statements", {"text": _ANSWER}).expect(201)
    measured = b"utterance,snr_db\nU00017,19.2\n"
    buyer.post_bytes(f"{path}/evidence", measured, name="snr.csv", text="复测结果 / measured again").expect(201)
    said = buyer.get(f"{path}/statements").expect(200).json["items"]
    tale.check(len(said) >= 3, "双方举证", "evidence from both sides", "; ".join(each["side"] for each in said))
    ruled = officer.post(f"{path}/ruling", {"outcome": "part", "amount": _REFUND, "reason": _RULING})
    tale.check(
        ruled.expect(200).json["refunded"] == _REFUND,
        "专员裁定部分退款",
        "an officer rules: a part is paid back",
        _REFUND,
    )
    after = buyer.get(f"/orders/{order['id']}").expect(200).json
    tale.check(
        after["state"] == "accepted",
        "裁定后订单了结，余款归供方",
        "the order is settled, the rest is the supplier's",
        after["state"],
    )
    books = cast.staff["operator"].get("/trial-balance").expect(200).json
    tale.check(books["balanced"], "试算平衡", "the books balance", books["totals"])


def _open(tale: Tale, buyer: Person, order: dict[str, Any]) -> dict[str, Any]:
    body = {"ground": "quality", "text": _COMPLAINT, "amount": _REFUND}
    dispute: dict[str, Any] = buyer.post(f"/orders/{order['id']}/disputes", body).expect(201).json
    tale.done("买方提出争议", "the buyer disputes it", f"{dispute['state']}: {_COMPLAINT}")
    return dispute


def _halted(cast: Cast, tale: Tale, buyer: Person, order: dict[str, Any]) -> None:
    refused = buyer.post(f"/orders/{order['id']}/accept", {})
    tale.check(refused.status in (403, 409), "争议未决不能验收", "nothing is accepted meanwhile", refused.code)

"""18. The licence in words, and enforced: purpose, country, recipient; a freeze of the order, and its release."""

from __future__ import annotations

from typing import Any

from exchange.demo.interfaces import IDENTITY
from exchange.demo.listings import VOICES
from exchange.demo.player.client import Person, Reply
from exchange.demo.player.filling import Cast
from exchange.demo.player.program import Program
from exchange.demo.player.tale import Tale

_TRIED = 6
"""So often on one day that the officers' watch finds it unusual."""
_REASON = "收到投诉，核查去向。/ A complaint came in; where the data went is looked into."


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("十八、许可的执行与冻结", "18. The licence enforced, and a freeze")
    order, buyer = cast.orders[VOICES.key], cast.members["beichen"]["qin"]
    _words(tale, buyer, order)
    _uses(tale, buyer, order)
    _gateway(cast, tale)
    _freeze(cast, tale, buyer, order)


def _words(tale: Tale, buyer: Person, order: dict[str, Any]) -> None:
    licence = buyer.get(f"/orders/{order['id']}/licence").expect(200).json
    for language, sentences in licence["words"].items():
        tale.done(f"许可以文字表述（{language}）", f"the licence in words ({language})", " ".join(sentences))
    told = f"{licence['policy']['@type']}, {licence['policy_hash'][:16]}…"
    tale.check(licence["policy"]["@type"] == "Agreement", "许可为 ODRL 协议", "it is an ODRL agreement", told)


def grant(buyer: Person, order: dict[str, Any], **headers: str) -> Reply:
    """Ask for an address of the order's file, saying what for."""
    file = buyer.get(f"/orders/{order['id']}/files").expect(200).json["items"][0]["file_id"]
    sent = {f"Data-{name.title()}": value for name, value in headers.items()}
    return buyer.post(f"/orders/{order['id']}/files/{file}/grant", headers=sent)


def _uses(tale: Tale, buyer: Person, order: dict[str, Any]) -> None:
    other = grant(buyer, order, purpose="product").expect(403, "purpose_not_declared")
    tale.done("换一个用途即被拒", "another purpose is refused", other.code)
    abroad = grant(buyer, order, purpose="training", territory="SG").expect(403, "territory_not_permitted")
    tale.done("换一个国家即被拒", "another country is refused", abroad.code)
    passed = grant(buyer, order, purpose="training", recipient=order["supplier_id"])
    passed.expect(403, "recipient_not_permitted")
    tale.done("交给别人即被拒", "to pass it on is refused", passed.code)


def _gateway(cast: Cast, tale: Tale) -> None:
    """The interface's licence is for products."""
    program = Program(cast.world.gateway, cast.listings[IDENTITY.key], cast.keys["live"]["key"], "training")
    for _ in range(_TRIED):
        call = program.call("POST", "/checks", {})
    program.close()
    told = f"{call.status} {call.code}"
    tale.check(
        call.code == "purpose_not_declared", f"网关上换用途的 {_TRIED} 次调用同样被拒",
        f"so are {_TRIED} calls at the gateway; an alert of it follows", told,
    )  # fmt: skip


def _freeze(cast: Cast, tale: Tale, buyer: Person, order: dict[str, Any]) -> None:
    officer = cast.staff["officer"]
    officer.post(f"/orders/{order['id']}/freeze", {"reason": _REASON}).expect(200)
    stopped = grant(buyer, order, purpose="training").expect(403, "order_frozen")
    tale.done("合规专员冻结订单，取数即停", "an officer freezes it; nothing is fetched", stopped.detail)
    standing = officer.get("/freezes").expect(200).json["items"]
    found = next(each for each in standing if each["object_id"] == order["id"])
    chain = officer.get(f"/freezes/{found['id']}").expect(200).json["links"]
    tale.check(len(chain) > 5, "专员查看该订单的审计链", "its chain of audit entries is looked at", len(chain))
    officer.post(f"/orders/{order['id']}/release", {}).expect(200)
    grant(buyer, order, purpose="training").expect(201)
    tale.done("核查后解冻", "it is released")

"""13. The buyer proves a single call offline; the bundle tells nothing of other buyers' calls."""

from __future__ import annotations

import tempfile
from pathlib import Path

from exchange.demo.interfaces import IDENTITY
from exchange.demo.player.chapters.evidence import Desk, fetch
from exchange.demo.player.chapters.usage import entitlement
from exchange.demo.player.filling import Cast
from exchange.demo.player.tale import Tale


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("十三、单次调用的证明", "13. Proof of a single call")
    developer, order = cast.members["yunfan"]["dev"], cast.orders[IDENTITY.key]
    calls = developer.get("/usage/calls", entitlement_id=entitlement(cast, IDENTITY.key), outcome="hit", limit=5)
    call = calls.expect(200).json["items"][0]
    bundle = fetch(cast.members["yunfan"]["jiang"], order["id"], call["call_id"])
    key = cast.stranger.get("/audit/key").expect(200).json["key"]
    with tempfile.TemporaryDirectory(prefix="piaohao-proof-") as folder:
        status, said = Desk(Path(folder), key).verify(bundle, tale.language)
    told = f"{call['call_id']} {call['outcome']} {call['status']}; {said}"
    tale.check(status == 0, "存证包离线证明单次调用", "the bundle proves a single call offline", told)
    _tells_nothing(cast, tale, bundle)
    hidden = cast.members["beichen"]["bai"].get(f"/usage/calls/{call['call_id']}").expect(404)
    tale.done("另一买方查不到这次调用", "another buyer finds no such call", hidden.code)


def _tells_nothing(cast: Cast, tale: Tale, bundle: bytes) -> None:
    other = cast.orders["other"]
    words = (other["id"], other["buyer_id"], other["entitlement"]["id"])
    clean = not any(word.encode() in bundle for word in words)
    tale.check(clean, "存证包里没有其他买方的痕迹", "nothing of the other buyer stands in it", f"{len(bundle)} B")

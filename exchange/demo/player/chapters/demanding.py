"""22. What is not on sale is asked for: a demand on the board, two answers, one of them taken up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from exchange.demo.player.chapters.claiming import TREES
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.offering import both
from exchange.demo.player.tale import Tale, eventually

_TITLE = ("各城区行道树与遮荫", "Street trees and shade by district")
_DETAILS = ("选址用：树种、株数、胸径，按路段。", "To choose sites: species, counts and diameters by section of road.")
_NEXT = ("商场客流的小时统计", "Footfall of malls by the hour")
_CALL_ME = ("请致电 13800138000。", "Call 13800138000.")
_OURS, _COULD = "按路段统计，已在售。/ By section of road, on sale.", "可采集后制作。/ We could collect it."
_DAYS = 60


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("二十二、需求板", "22. The board of demands")
    buyer, supplier, other = (
        cast.members["yunfan"]["jiang"],
        cast.members["lvye"]["shi"],
        cast.members["qingyan"]["lin"],
    )
    demand = _posted(tale, buyer)
    path = f"/demands/{demand['id']}"
    found = supplier.get("/demands", q="行道树").expect(200).json["items"]
    tale.check(
        demand["id"] in [each["id"] for each in found], "供方在需求板上检索到", "a supplier finds it on the board"
    )
    given = {"text": _OURS, "listing_id": cast.listings[TREES]}
    answer = supplier.post(f"{path}/answers", given).expect(201).json
    promise = other.post(f"{path}/answers", {"text": _COULD}).expect(201).json
    tale.done("一家以在售条目答复，另一家说明可以制作", "one answers with its listing, another could make it", _COULD)
    _seen(tale, path, buyer, other)
    taken = buyer.post(f"/demand-answers/{answer['id']}/take-up", {}).expect(200).json
    buyer.post(f"/demand-answers/{promise['id']}/decline", {"reason": "已有在售。/ It is on sale."}).expect(200)
    tale.done("买方采纳其一，婉拒其二", "the buyer takes up the one and declines the other", taken["state"])
    eventually(lambda: "demand:taken_up" in _told(supplier), "the supplier is told")
    tale.done("供方收到通知", "the supplier is told", "demand:taken_up")
    buyer.post(f"{path}/close", {}).expect(200)
    late = other.post(f"{path}/answers", {"text": _COULD}).expect(403)
    tale.done("需求结束后不再接受答复", "what is closed is not answered any more", late.detail)
    open_one = buyer.post("/demands", _demand(buyer, _NEXT)).expect(201).json
    tale.done("另一项需求等待答复", "another demand waits for answers", open_one["title"][tale.language])


def _posted(tale: Tale, buyer: Person) -> dict[str, Any]:
    wanted = _demand(buyer, _TITLE)
    refused = buyer.post("/demands", wanted | {"details": both(_CALL_ME)}).expect(422, "identifiers_in_text")
    tale.done("公开文字里不得有电话号码", "a public text holds no telephone number", refused.detail)
    body = wanted | {"details": both(_DETAILS), "lowest": "200.00", "highest": "500.00"}
    demand: dict[str, Any] = buyer.post("/demands", body).expect(201).json
    told = f"{demand['lowest']}–{demand['highest']} {demand['currency']}"
    tale.done("买方发布市场上没有找到的数据需求", "a buyer posts what it did not find on the market", told)
    return demand


def _demand(buyer: Person, title: tuple[str, str]) -> dict[str, Any]:
    now = datetime.fromisoformat(buyer.get("/clock").expect(200).json["now"])
    return {"title": both(title), "scene": "other", "until": (now + timedelta(days=_DAYS)).isoformat()}


def _seen(tale: Tale, path: str, buyer: Person, other: Person) -> None:
    """The buyer reads both answers, a supplier its own only."""
    counts = [len(person.get(f"{path}/answers").expect(200).json["items"]) for person in (buyer, other)]
    tale.check(counts == [2, 1], "买方看到全部，供方只看到自己的", "the buyer sees both, a supplier its own", counts)


def _told(person: Person) -> list[str]:
    return [each["code"] for each in person.get("/notices").expect(200).json["items"]]

"""20. The tier of a listing rises while it is sold: rights and links rest at once, and those concerned are told."""

from __future__ import annotations

from exchange.demo.listings import VOICES
from exchange.demo.player.chapters.limits import grant
from exchange.demo.player.client import Person, fetch
from exchange.demo.player.filling import Cast
from exchange.demo.player.tale import Tale, eventually

_TIER = 4


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("二十、在售条目升级", "20. A higher tier")
    order, buyer = cast.orders[VOICES.key], cast.members["beichen"]["qin"]
    officer, listing_id = cast.staff["officer"], cast.listings[VOICES.key]
    given = grant(buyer, order, purpose="training").expect(201).json["url"]
    officer.post(f"/listings/{listing_id}/tier", {"tier": _TIER}).expect(200)
    refused = grant(buyer, order, purpose="training")
    told = f"{refused.status} {refused.code}"
    tale.check(
        refused.status == 403,
        "升为 L4，已售的授权即刻停用",
        "raised to L4, the right that was sold rests at once",
        told,
    )
    eventually(lambda: fetch(given).status == 403, "the link that was given out")
    link = fetch(given)
    tale.done("已发出的链接同样失效", "so does a link that was given out", f"{link.status} {link.code}")
    eventually(lambda: "order:rest" in _notices(buyer, order["id"]), "a notice of the raised tier")
    tale.done("买方得到通知", "the buyer is told", ", ".join(_notices(buyer, order["id"])))


def _notices(person: Person, order_id: str) -> list[str]:
    items = person.get("/notices", limit=50).expect(200).json["items"]
    return [item["code"] for item in items if item["subject_id"] == order_id]

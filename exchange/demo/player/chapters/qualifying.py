"""15. A buyer that is not qualified in full is told what is missing, hands it in, and is qualified until a day."""

from __future__ import annotations

from exchange.demo.listings import VOICES
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.joining import hand_in
from exchange.demo.player.tale import Tale

_LEVEL, _MONTHS = 3, 6


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("十五、买方补齐资质", "15. The buyer's qualification")
    owner, buyer = cast.members["beichen"]["bai"], cast.members["beichen"]["qin"]
    listing_id = cast.listings[VOICES.key]
    _seen(cast, tale, buyer, listing_id)
    decision = buyer.get(f"/listings/{listing_id}/abilities").expect(200).json["listing:order"]
    needs = "; ".join(need[f"message_{tale.language}"] for need in decision["needs"])
    tale.check(decision["effect"] == "forbid", "二级资质不能购买 L3，差", "level 2 does not buy L3, for want of", needs)
    standing = owner.get("/qualification", level=_LEVEL).expect(200).json
    lacking = ", ".join(standing["missing"])
    tale.check(bool(lacking), "所缺文件逐项列出", "the missing documents are listed", lacking)
    handed_in = hand_in(owner, _LEVEL).expect(200).json
    path = f"/qualifications/{handed_in['id']}/approve"
    self_made = owner.post(path, {"level": _LEVEL, "months": _MONTHS}).expect(403)
    tale.done("机构不能自批", "nobody approves the own organisation", self_made.detail)
    approved = cast.staff["officer"].post(path, {"level": _LEVEL, "months": _MONTHS}).expect(200).json
    told = f"{approved['level']}, {str(approved['qualified_until'])[:10]}"
    tale.check(approved["level"] == _LEVEL, "合规专员核准等级与期限", "an officer approves level and expiry", told)


def inquiry(listing_id: str) -> dict[str, str]:
    text = "我们训练方言识别模型，需要逐句测量值与录音，贵方如何报价？/ We train dialect models: what would it cost?"
    return {"listing_id": listing_id, "purpose": "training", "text": text}


def _seen(cast: Cast, tale: Tale, buyer: Person, listing_id: str) -> None:
    cast.stranger.get(f"/listings/{listing_id}").expect(404)
    read = buyer.get(f"/listings/{listing_id}").expect(200).json
    title = read["title"][tale.language]
    tale.done("未登录者看不到；二级资质可看元数据", "a stranger sees nothing, level 2 its metadata", title)

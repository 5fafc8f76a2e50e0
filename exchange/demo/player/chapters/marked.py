"""17. Delivery as L3 allows: rows up to a quota, and a copy whose mark names the buyer when it leaks."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

from exchange.demo.listings import VOICES
from exchange.demo.player.chapters.negotiating import ROWS
from exchange.demo.player.client import Person, sha256
from exchange.demo.player.filling import Cast
from exchange.demo.player.tale import Tale, eventually

TRAINING = {"Data-Purpose": "training"}
_TOP_UP = "50000.00"
_LEAKED_SHARE = 0.3


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("十七、按行取数与带标记的副本", "17. Rows by quota, and a marked copy")
    order, buyer = cast.orders[VOICES.key], cast.members["beichen"]["qin"]
    _pay(cast, tale, buyer, order)
    path = f"/orders/{order['id']}/files"
    file = buyer.get(path).expect(200).json["items"][0]
    eventually(lambda: bool(buyer.get(path).expect(200).json["items"][0]["ready"]), "the marked copy")
    _rows(tale, buyer, f"{path}/{file['file_id']}/rows")
    key = cast.members["beichen"]["bai"].post("/keys", {"name": "downloads"}).expect(201).json["key"]
    copy = _download(tale, buyer, key, order, file)
    _trace(cast, tale, copy)


def _pay(cast: Cast, tale: Tale, buyer: Person, order: dict[str, Any]) -> None:
    first, second = cast.staff["finance"], cast.staff["second_finance"]
    body = {
        "organisation_id": order["buyer_id"], "amount": _TOP_UP, "currency": "CNY", "bank_reference": "BOC-0007",
    }  # fmt: skip
    topup = first.post("/topups", body).expect(201).json
    second.post(f"/topups/{topup['id']}/confirm").expect(200)
    paid = buyer.post(f"/orders/{order['id']}/pay", {}).expect(200).json
    told = f"{paid['gross']} {paid['currency']}"
    tale.check(
        paid["entitlement"]["state"] == "active", "签约后付款，授权生效", "signed and paid: the right is in force", told
    )


def _rows(tale: Tale, buyer: Person, path: str) -> None:
    page = buyer.get(path, TRAINING, limit=1000).expect(200).json
    told = f"{len(page['items'])}, {page['left']} / {ROWS}"
    tale.check(
        page["left"] == ROWS - 1000, "按行接口取一千行，余量相应减少", "a thousand rows, and so many are left", told
    )
    rest = buyer.get(path, TRAINING, limit=1000, after=page["next"]).expect(200).json
    tale.check(rest["left"] == 0, "再取只得余下的", "asked again, only what is left comes", len(rest["items"]))
    over = buyer.get(path, TRAINING, limit=1, after=rest["next"])
    tale.check(
        over.status == 429, "配额用尽后被拒", "when the quota is used up it is refused", f"{over.status} {over.code}"
    )


def _download(tale: Tale, buyer: Person, key: str, order: dict[str, Any], file: dict[str, Any]) -> bytes:
    path = f"/orders/{order['id']}/files/{file['file_id']}"
    without = buyer.get(path, TRAINING).expect(401, "credential_missing")
    tale.done("链接须配本机构密钥使用", "the link asks for a key of the organisation", without.detail)
    got = buyer.get(path, TRAINING | {"X-Api-Key": key}).expect(200)
    made = buyer.get(f"/orders/{order['id']}/copies").expect(200).json["items"][0]
    told = made["statement"]["tables"][0]
    tale.check(
        sha256(got.body) == made["sha256"], "下载为该买方专属副本", "the download is this buyer's own copy", told
    )
    return got.body


def _trace(cast: Cast, tale: Tale, copy: bytes) -> None:
    """Somebody put a third of the rows on the net, with the columns in another order."""
    rows = list(csv.reader(io.StringIO(copy.decode())))
    rng = random.Random(5)
    places = list(range(len(rows[0])))
    rng.shuffle(places)
    kept = [rows[0], *(row for row in rows[1:] if rng.random() < _LEAKED_SHARE)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[row[place] for place in places] for row in kept])
    officer = cast.staff["officer"]
    case = officer.post_bytes("/tracer", text.getvalue().encode(), name="found.csv").expect(202).json
    path = f"/tracer/{case['id']}"
    eventually(lambda: officer.get(path).expect(200).json["done_at"] is not None, "the tracer's answer")
    report = officer.get(path).expect(200).json["reports"][0]
    accused = [each for each in report["suspicions"] if each["accused"]]
    told = [(each["score"], each["threshold"], each["honeytokens"]) for each in accused]
    right = [each["buyer_id"] for each in accused] == [cast.orders[VOICES.key]["buyer_id"]]
    tale.check(right, f"泄露的 {len(kept) - 1} 行指认出买方", f"{len(kept) - 1} leaked rows name the buyer", told)

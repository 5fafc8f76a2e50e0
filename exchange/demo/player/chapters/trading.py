"""4. Decisions, payment, licence, download with resumption, acceptance by hand and by time."""

from __future__ import annotations

from typing import Any

from exchange.demo.player.chapters.buying import place
from exchange.demo.player.client import Person, sha256
from exchange.demo.player.filling import Cast
from exchange.demo.player.tale import Tale, eventually

_DAYS = 8


def play(cast: Cast, tale: Tale, order: dict[str, Any]) -> str:
    """Answers the id of the order that time accepted."""
    tale.chapter("四、付款、许可、交付与验收", "4. Paying, licence, delivery, acceptance")
    buyer = cast.members["yunfan"]["jiang"]
    path = f"/orders/{order['id']}"
    _too_early(tale, buyer, path)
    _pay(tale, cast.members["yunfan"]["money"], path)
    _strangers(cast, tale, path)
    if cast.world.gateway:
        _granted(cast, tale, path)
    download(tale, cast.members["yunfan"]["dev"], path)
    accepted = buyer.post(f"{path}/accept", {}).expect(200).json
    tale.check(accepted["state"] == "accepted", "买方验收", "the buyer accepts", accepted["state"])
    late = buyer.post(f"{path}/cancel", {"reason": "太晚了"}).expect(409)
    tale.done("验收后不能取消", "what is accepted is not cancelled", late.detail)
    _decisions(tale, buyer, path)
    _free(cast, tale)
    return _accepted_by_time(cast, tale)


def _too_early(tale: Tale, buyer: Person, path: str) -> None:
    files = buyer.get(f"{path}/files").expect(200).json["items"]
    refused = buyer.get(f"{path}/files/{files[0]['file_id']}").expect(403, "not_entitled")
    tale.done("付款前不能下载", "nothing is downloaded before payment", refused.detail)


def _pay(tale: Tale, payer: Person, path: str) -> None:
    paid = payer.post(f"{path}/pay", {}).expect(200).json
    tale.check(paid["state"] == "paid", "从余额付款", "paid from the balance", f"{paid['gross']} {paid['currency']}")
    licence = paid["licence"]
    told = f"{licence['id']} {licence['purpose']} {licence['starts_at'][:10]} – {licence['ends_at'][:10]}"
    tale.check(bool(licence["terms_hash"]), "许可成立：条款版本、用途、期限", "a licence: terms, purpose, period", told)
    entitlement = paid["entitlement"]
    tale.check(entitlement["state"] == "active", "授权生效", "an entitlement is in force", entitlement["id"])


def _strangers(cast: Cast, tale: Tale, path: str) -> None:
    other = cast.members["beichen"]["qin"]
    hidden = other.get(path).expect(404, "order_not_found")
    tale.done("第三方看不到订单", "a third party sees no order", hidden.code)
    file_id = cast.members["yunfan"]["jiang"].get(f"{path}/files").json["items"][0]["file_id"]
    other.get(f"{path}/files/{file_id}").expect(404)
    refused = cast.members["tinglan"]["tao"].get(f"{path}/files/{file_id}").expect(403, "not_the_buyer")
    tale.done("供方也不能代为下载", "the supplier does not download for the buyer", refused.detail)


def _granted(cast: Cast, tale: Tale, path: str) -> None:
    """A gateway hands the bytes out, to whoever holds a ticket for this file and these minutes."""
    developer = cast.members["yunfan"]["dev"]
    file = developer.get(f"{path}/files").expect(200).json["items"][0]
    granted = developer.post(f"{path}/files/{file['file_id']}/grant", {}).expect(201).json
    told = f"{granted['url'][:60]}…, {granted['expires_at']}"
    tale.check(granted["url"].startswith(cast.world.gateway), "网关交付凭票", "a ticket for the gateway", told)


def download(tale: Tale, person: Person, path: str) -> None:
    """Fetch every file in two ranges, as after a cut connection, and compare checksums."""
    for file in person.get(f"{path}/files").expect(200).json["items"]:
        where, half = f"{path}/files/{file['file_id']}", file["size"] // 2
        first = person.get(where, {"Range": f"bytes=0-{half - 1}"}).expect(206)
        headers = {"Range": f"bytes={half}-", "If-Range": first.etag}
        rest = person.get(where, headers).expect(206)
        whole = first.body + rest.body
        told = f"{len(first.body)} + {len(rest.body)} B, sha256 {sha256(whole)[:16]}…"
        tale.check(
            sha256(whole) == file["sha256"], f"断点续传 {file['name']}", f"{file['name']} resumed by range", told
        )
    eventually(lambda: person.get(path).expect(200).json["state"] != "paid", "the delivery of the last byte")
    receipts = person.get(f"{path}/receipts").expect(200).json["items"]
    state = person.get(path).expect(200).json["state"]
    tale.check(
        state == "delivered", "回执已记录，订单已交付", "receipts recorded, the order is delivered", len(receipts)
    )


def _decisions(tale: Tale, buyer: Person, path: str) -> None:
    steps = buyer.get(f"{path}/decisions").expect(200).json["items"]
    for step in steps:
        decision = step["decision"] or {}
        rules = ", ".join(decision.get("rules", [])) or "-"
        tale.done(
            f"第{steps.index(step) + 1}步 {step['action']}", f"step {step['action']}", f"{step['state']}; {rules}"
        )
    actions = [step["action"] for step in steps]
    tale.check(actions == ["place", "pay", "deliver", "accept"], "每一步都有决定与依据", "each step has its decision")


def _free(cast: Cast, tale: Tale) -> None:
    researcher = cast.members["beichen"]["qin"]
    order = place(cast, researcher, "weather", "research").expect(201).json
    path = f"/orders/{order['id']}"
    paid = researcher.post(f"{path}/pay", {}).expect(200).json
    right = paid["gross"] == "0.00" and paid["invoice_id"] is None and paid["licence"] is not None
    tale.check(right, "免费数据：有许可，无发票", "free data: a licence and no invoice", paid["licence"]["id"])
    download(tale, researcher, path)
    researcher.post(f"{path}/accept", {}).expect(200)


def _accepted_by_time(cast: Cast, tale: Tale) -> str:
    buyer = cast.members["yunfan"]["jiang"]
    order = place(cast, buyer, "receipts", "evaluation").expect(201).json
    path = f"/orders/{order['id']}"
    buyer.post(f"{path}/pay", {}).expect(200)
    moved = cast.staff["operator"].post("/clock/advance", {"hours": 24 * _DAYS}).expect(200).json
    tale.done(
        f"另一订单付款后，时钟拨快 {_DAYS} 天", f"another order is paid; the clock moves {_DAYS} days", moved["now"]
    )
    ended = buyer.get("/me").expect(401)
    tale.done("旧会话随时间结束，重新登录", "sessions have ended with time; all sign in again", ended.code)
    for person in cast.everybody():
        person.sign_in_again()
    eventually(lambda: buyer.get(path).expect(200).json["state"] == "accepted", "the acceptance by time")
    last = buyer.get(f"{path}/decisions").expect(200).json["items"][-1]
    tale.check(
        last["action"] == "accept_overdue", "验收期满，视为验收", "the period has run out: accepted", last["action"]
    )
    return str(order["id"])

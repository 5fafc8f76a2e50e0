"""12. The month ends: one invoice for each order, a signed statement that sums to it, the supplier's settlement."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from exchange.demo.interfaces import COMPANIES, DIGITS, IDENTITY
from exchange.demo.player.chapters.credentials import program
from exchange.demo.player.chapters.evidence import Desk
from exchange.demo.player.chapters.interfaces import open_firms, picture
from exchange.demo.player.chapters.usage import entitlement, outcomes, settled
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.program import shown
from exchange.demo.player.tale import Tale, eventually

_CENT = Decimal("0.01")
_SHANGHAI = timedelta(hours=8)
_SESSION_HOURS = 12
_STAFF = ("operator", "finance")
_MEMBERS = (("yunfan", "money"), ("yunfan", "jiang"), ("yunfan", "dev"), ("shujuju", "deng"), ("beichen", "bai"))


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("十二、月结、发票与结算", "12. The month is closed, invoiced, settled")
    money = cast.members["yunfan"]["money"]
    used = {key: settled(money, entitlement(cast, key)) for key in (IDENTITY.key, DIGITS.key)}
    next_month(cast, tale)
    for key, counts in used.items():
        units = counts["hit"] if key == IDENTITY.key else counts["hit"] + counts["miss"] - DIGITS.plan["free_quota"]
        price = Decimal((IDENTITY if key == IDENTITY.key else DIGITS).plan["price"])
        invoice = _invoiced(cast, tale, key, units * price, f"{units} × ¥{price}")
        _statement(cast, tale, money, invoice)
    _package(cast, tale, money)
    _later(cast, tale)
    _settlement(cast, tale)
    new_month(cast, tale)
    books = cast.staff["finance"].get("/trial-balance").expect(200).json
    tale.check(books["balanced"] is True, "试算平衡：合计为零", "the trial balance sums to zero", books["totals"])


def _move(cast: Cast, hours: int) -> datetime:
    """Move the exchange's clock. Sessions end with time: those who act from here on sign in again."""
    moved = cast.staff["operator"].post("/clock/advance", {"hours": hours}).expect(200).json["now"]
    if hours >= _SESSION_HOURS:
        for person in (*(cast.staff[key] for key in _STAFF), *(cast.members[of][key] for of, key in _MEMBERS)):
            person.sign_in_again()
    return datetime.fromisoformat(moved)


def next_month(cast: Cast, tale: Tale) -> None:
    """Those of this chapter sign in again."""
    here = _move(cast, 1) + _SHANGHAI
    first = (here.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0)
    moved = _move(cast, int((first - here).total_seconds() // 3600) + 2)
    tale.done(
        "时钟拨到买方时区的下月初", "the clock moves to the next month of the buyer's time zone", moved.isoformat()
    )


def _invoiced(cast: Cast, tale: Tale, key: str, exact: Decimal, told: str) -> dict[str, Any]:
    """The invoice of the month: what the calls cost by the own count, rounded once."""
    money, found = cast.members["yunfan"]["money"], list[dict[str, Any]]()

    def issued() -> bool:
        items = money.get("/invoices", order_id=cast.orders[key]["id"]).expect(200).json["items"]
        found.extend(item for item in items if item["period"])
        return bool(found)

    eventually(issued, f"the invoice of {key}", 30)
    invoice = found[0]
    net = exact.quantize(_CENT, ROUND_HALF_UP)
    title = cast.orders[key]["title"][tale.language]
    tale.check(
        Decimal(invoice["net"]) == net, f"{title} {invoice['period']['month']} 发票 {invoice['number']}",
        f"{title}: invoice {invoice['number']} of {invoice['period']['month']}",
        f"{told} = ¥{exact} → {invoice['net']} + {invoice['tax']} = {invoice['gross']}",
    )  # fmt: skip
    return invoice


def _statement(cast: Cast, tale: Tale, money: Person, invoice: dict[str, Any]) -> None:
    """Signed by the exchange, verified offline by the buyer."""
    raw = money.get(f"/invoices/{invoice['id']}/statement").expect(200).body
    key = cast.stranger.get("/audit/key").expect(200).json["key"]
    with tempfile.TemporaryDirectory(prefix="piaohao-statement-") as folder:
        status, said = Desk(Path(folder), key).verify(raw, tale.language, "statement.json")
    tale.check(
        status == 0, "签名对账单离线核验，合计等于发票", "the signed statement sums to the invoice, offline", said
    )


def _package(cast: Cast, tale: Tale, money: Person) -> None:
    standing = money.get(f"/entitlements/{entitlement(cast, COMPANIES.key)}/standing").expect(200).json
    tale.done("套餐剩余次数", "what is left of the package", f"{standing['units_left']} / {COMPANIES.plan['quantity']}")


def _later(cast: Cast, tale: Tale) -> None:
    """A month on: the licence that was for one month has ended, the supplier's money is released."""
    _move(cast, 24 * 31)
    calling = program(cast, COMPANIES.key, cast.keys["live"]["key"])
    path = f"/companies/{open_firms()[0]}"
    eventually(lambda: calling.call("GET", path).code == "licence_expired", "the end of the licence", 10)
    tale.done("一个月后：许可到期", "a month later: the licence has expired", shown(calling.call("GET", path)))


def _settlement(cast: Cast, tale: Tale) -> None:
    supplier = cast.members["shujuju"]["deng"]

    def released() -> bool:
        items = supplier.get("/payables").expect(200).json["items"]
        return all(item["state"] == "available" for item in items if item["period"])

    eventually(released, "the days of hold are over", 30)
    month = supplier.get("/settlements").expect(200).json["items"]
    for each in month:
        net, commission, share = (Decimal(each[name]) for name in ("net", "commission", "share"))
        told = f"{net} − {commission} = {share}; on hold {each['on_hold']}, available {each['available']}"
        tale.check(net - commission == share, f"供方结算 {each['month']}", f"the supplier's {each['month']}", told)


def new_month(cast: Cast, tale: Tale) -> None:
    """Calls of the new month: whoever looks around afterwards finds them on the pages."""
    right, developer = entitlement(cast, DIGITS.key), cast.members["yunfan"]["dev"]
    before = settled(developer, right)
    calling = program(cast, DIGITS.key, cast.keys["live"]["key"])
    for number in range(96):
        digit, status = (str(number % 10), 200) if number % 8 else ("", 422)
        calling.call("POST", "/digits/recognise", picture(digit)).expect(status)
    calling.close()
    eventually(lambda: outcomes(developer, right) - before == {"hit": 84, "miss": 12}, "the new month's calls", 30)
    tale.done("新的一月照常调用", "calls go on in the new month", "84 hit, 12 miss")

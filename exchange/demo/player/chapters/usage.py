"""11. Usage as it is recorded: own count and the exchange's agree; what it costs; a freeze in the middle of traffic."""

from __future__ import annotations

import time
from collections import Counter

from exchange.demo.interfaces import COMPANIES, DIGITS, IDENTITY
from exchange.demo.player.chapters.credentials import program
from exchange.demo.player.chapters.interfaces import picture
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.program import Traffic, shown
from exchange.demo.player.tale import Tale, eventually

_DIGITS, _BLANKS = 240, 60
_PATH = "/digits/recognise"
_REASON = "收到投诉，暂停核查"


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("十一、用量与冻结", "11. Usage, and a freeze")
    _counted(cast, tale)
    _outcomes(cast, tale)
    _standing(cast, tale)
    _hidden(cast, tale)
    _frozen(cast, tale)


def entitlement(cast: Cast, key: str) -> str:
    return str(cast.orders[key]["entitlement"]["id"])


def outcomes(person: Person, entitlement_id: str, mode: str = "live") -> Counter[str]:
    """Recorded calls by outcome."""
    found: Counter[str] = Counter()
    for row in person.get("/usage", entitlement_id=entitlement_id).expect(200).json["sums"]:
        if row["mode"] == mode:
            found[row["outcome"]] += row["calls"]
    return found


def settled(person: Person, entitlement_id: str) -> Counter[str]:
    """The same, once nothing more is being loaded."""
    before: list[Counter[str]] = []

    def still() -> bool:
        before.append(outcomes(person, entitlement_id))
        time.sleep(0.5)
        return len(before) > 1 and before[-1] == before[-2]

    eventually(still, "all calls are loaded", 30)
    return before[-1]


def _counted(cast: Cast, tale: Tale) -> None:
    developer, right = cast.members["yunfan"]["dev"], entitlement(cast, DIGITS.key)
    before = settled(developer, right)
    calling = program(cast, DIGITS.key, cast.keys["digits"]["key"])
    calling.burst(_DIGITS, "POST", _PATH, picture("8"))
    calling.burst(_BLANKS, "POST", _PATH, picture(""))
    own = Counter({"hit": calling.counts["200"], "miss": calling.counts["422"]})
    eventually(lambda: outcomes(developer, right) - before == +own, "every call that was answered is recorded", 30)
    told = f"{dict(own)}, {dict(calling.counts)}"
    tale.check(own["hit"] == _DIGITS, "自己数的与平台记录的一致", "own count and the exchange's record agree", told)


def _outcomes(cast: Cast, tale: Tale) -> None:
    """The upstream's error and the call that was hung up on stand there as what they were."""
    found = settled(cast.members["yunfan"]["dev"], entitlement(cast, COMPANIES.key))
    right = found["upstream_error"] == 1 and found["client_abort"] == 1
    tale.check(right, "上游故障与中途挂断如实记录", "an upstream error and a client's abort are recorded", dict(found))


def _standing(cast: Cast, tale: Tale) -> None:
    developer = cast.members["yunfan"]["dev"]
    for key in (DIGITS.key, IDENTITY.key):
        standing = developer.get(f"/entitlements/{entitlement(cast, key)}/standing").expect(200).json
        now = standing["now"] or {}
        told = (
            f"{now.get('quantity', 0)} {now.get('unit')} = ¥{now.get('rated', 0)}; "
            f"held {standing['held']}, available {standing['available']}; "
            f"quota left {standing['quota']['left']}, free left {standing['free_left']}"
        )
        title = cast.orders[key]["title"][tale.language]
        tale.done(f"{title}：至今费用、预留、余额、剩余", f"{title}: cost so far, held, balance, what is left", told)


def _hidden(cast: Cast, tale: Tale) -> None:
    right = entitlement(cast, IDENTITY.key)
    outsider = cast.members["beichen"]["bai"].get(f"/entitlements/{right}/standing").expect(404)
    tale.done("另一买方看不到", "another buyer sees nothing of it", outsider.code)
    supplier = outcomes(cast.members["shujuju"]["deng"], right)
    tale.check(sum(supplier.values()) > 0, "供方看到客户用量", "the supplier sees its customer's usage", dict(supplier))


def _frozen(cast: Cast, tale: Tale) -> None:
    officer = cast.staff["officer"]
    path = f"/orders/{cast.orders[DIGITS.key]['id']}"
    traffic = Traffic(program(cast, DIGITS.key, cast.keys["digits"]["key"]), "POST", _PATH, picture("1"))
    with traffic:
        eventually(lambda: traffic.codes["200"] > 20, "traffic", 10)
        officer.post(f"{path}/freeze", {"reason": _REASON}).expect(200)
        frozen_at = time.monotonic()
        eventually(lambda: traffic.codes["order_frozen"] > 20, "the freeze", 10)
        after = (traffic.first["order_frozen"] - frozen_at) * 1000
        tale.done(
            "专员在流量中冻结订单，调用停止", "the officer freezes it in mid-traffic: calls stop", f"{after:.0f} ms"
        )
        last = traffic.last["200"]
        tale.check(last < frozen_at + 1, "冻结后再无调用放行", "no call passes after that", dict(traffic.codes))
        seen = cast.members["yunfan"]["jiang"].get(path).expect(200).json["frozen_reason"]
        tale.check(seen == _REASON, "双方看得到理由", "the parties see why", seen)
        officer.post(f"{path}/release", {}).expect(200)
        eventually(lambda: traffic.last["200"] > last + 1, "the release", 10)
    tale.done("解冻后恢复", "released, calls go on", shown(traffic.program.call("POST", _PATH, picture("1"))))

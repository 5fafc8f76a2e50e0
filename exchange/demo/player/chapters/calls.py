"""10. Calls through the gateway: each outcome, and each refusal with its problem document and headers."""

from __future__ import annotations

from exchange.demo.interfaces import COMPANIES, DIGITS, IDENTITY
from exchange.demo.player.chapters.credentials import make_key, program, ready
from exchange.demo.player.chapters.interfaces import closed_firm, open_firms, person, picture
from exchange.demo.player.client import Reply
from exchange.demo.player.filling import Cast
from exchange.demo.player.program import Program, shown
from exchange.demo.player.tale import Tale, eventually

_VERIFY = "/identity/verify"
_NOBODY = {"id_number": "110101190001010000", "name": "查无此人"}


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("十、经网关调用", "10. Calls through the gateway")
    key = cast.keys["live"]["key"]
    identity = program(cast, IDENTITY.key, key)
    _outcomes(cast, tale, identity)
    _refusals(cast, tale, identity)
    _recognised(cast, tale)
    _balance(cast, tale)
    _rate(tale, identity)
    _quota(tale, identity)


def _outcomes(cast: Cast, tale: Tale, identity: Program) -> None:
    hit = identity.call("POST", _VERIFY, person(1)).expect(200)
    tale.check("call-id" in hit.headers, "命中", "a hit", f"{hit.json['result']['verdict']}; {shown(hit)}")
    miss = identity.call("POST", _VERIFY, _NOBODY).expect(200)
    tale.check(miss.json["result"]["verdict"] == "not_found", "未命中，不计费", "a miss costs nothing", shown(miss))
    companies = program(cast, COMPANIES.key, cast.keys["live"]["key"])
    failed = companies.call("GET", f"/companies/{closed_firm()}")
    tale.check(failed.status == 503, "上游故障，不计费", "an upstream error costs nothing", shown(failed))
    companies.abandon("GET", f"/companies/{open_firms()[3]}/filings")
    tale.done("调用方中途挂断", "the client hangs up in the middle")


def _refusals(cast: Cast, tale: Tale, identity: Program) -> None:
    key = identity.credential
    wrong_key = "ph_live_" + "a" * 8 + "_" + "A" * 43
    someone = Program(identity.gateway, identity.listing_id, wrong_key, identity.purpose)
    nobody = Program(identity.gateway, identity.listing_id, "", identity.purpose)
    other = Program(identity.gateway, identity.listing_id, key, "training")
    silent = Program(identity.gateway, identity.listing_id, key)
    nowhere = Program(identity.gateway, "lst_01jc9x2m5t7rqk8v4e6b0wz3np", key, identity.purpose)
    asked = (
        ("没有凭据", "without a credential", nobody, "POST", _VERIFY, 401, "credential_missing"),
        ("错误的密钥", "a bad key", someone, "POST", _VERIFY, 401, "credential_unknown"),
        ("未声明的用途", "another purpose", other, "POST", _VERIFY, 403, "purpose_not_declared"),
        ("L2 须声明用途", "L2 needs the purpose", silent, "POST", _VERIFY, 403, "purpose_needed"),
        ("没有这样的接口", "no such interface", nowhere, "POST", _VERIFY, 404, "interface_not_found"),
        ("没有这样的操作", "no such operation", identity, "POST", "/identity/guess", 404, "operation_not_found"),
        ("方法不对", "another method", identity, "DELETE", _VERIFY, 405, "method_not_allowed"),
    )
    for zh, en, calling, method, path, status, code in asked:
        refused = calling.call(method, path, person(1)).expect(status, code)
        tale.done(zh, en, _told(refused))
        calling.close()


def _told(refused: Reply) -> str:
    return f"{shown(refused)} {refused.json.get('detail') or refused.json['title']}"


def _recognised(cast: Cast, tale: Tale) -> None:
    calling = program(cast, DIGITS.key, cast.keys["digits"]["key"])
    seen = "".join(calling.call("POST", "/digits/recognise", picture(d)).expect(200).json["digit"] for d in "20260801")
    tale.check(seen == "20260801", "数字识别接口真的认得", "the digits are really recognised", seen)
    blank = calling.call("POST", "/digits/recognise", picture("")).expect(422)
    tale.done("空白图：未命中", "a blank picture: a miss", shown(blank))


def _balance(cast: Cast, tale: Tale) -> None:
    made = make_key(cast.members["beichen"]["bai"], "research")
    cast.keys["other"] = made
    calling = program(cast, IDENTITY.key, made["key"])
    ready(calling, "POST", _VERIFY, person(5)).expect(200)
    calling.call("POST", _VERIFY, person(6)).expect(200)
    refused = calling.call("POST", _VERIFY, person(7))
    tale.check(refused.status == 402, "余额用完", "the balance is spent", _told(refused))


def _rate(tale: Tale, identity: Program) -> None:
    found = identity.burst(48, "POST", _VERIFY, person(2))
    told = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
    tale.check(found["rate_limited"] > 0, "超过限速", "over the rate", told)


def _quota(tale: Tale, identity: Program) -> None:
    """The rest of the day's quota, slowly enough for the rate."""
    answers: list[Reply] = []

    def exhausted() -> bool:
        answers.append(identity.call("POST", _VERIFY, _NOBODY))
        return answers[-1].code == "quota_exhausted"

    eventually(exhausted, "the quota of the day", 30)
    tale.done("超过当日配额", "over the quota of the day", _told(answers[-1]))

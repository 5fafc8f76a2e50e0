"""1. A supplier registers, is returned with a reason, mends it, is approved."""

from __future__ import annotations

from exchange.demo.people import NEWCOMER, PASSWORD
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.joining import STATEMENT, hand_in, invite, registration
from exchange.demo.player.tale import Tale

_SHORT_NAME = "听澜声学"
_REASON = "登记名称与营业执照不一致：执照上为“听澜声学有限公司”。"


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("一、供方注册与资质", "1. A supplier registers")
    owner = _register(cast, tale)
    _qualify(cast, tale, owner)
    letters = cast.world.letters
    members = {member.email.partition("@")[0]: invite(owner, member, letters) for member in NEWCOMER.members[1:]}
    cast.members[NEWCOMER.key] = {"wen": owner} | members
    tale.done(
        "负责人以邮件邀请供方与财务同事，各自设定口令",
        "the owner invites a supplier and a finance person by mail; each chooses a password",
        ", ".join(members),
    )


def _register(cast: Cast, tale: Tale) -> Person:
    stranger = cast.stranger
    wrong = NEWCOMER.credit_code[:-1] + ("0" if NEWCOMER.credit_code[-1] != "0" else "1")
    refused = stranger.post("/registrations", registration(NEWCOMER, credit_code=wrong))
    refused.expect(422, "credit_code_invalid")
    tale.done(
        "统一社会信用代码校验位不符，拒绝注册", "a credit code with a wrong check digit is refused", refused.detail
    )
    made = stranger.post("/registrations", registration(NEWCOMER, name=_SHORT_NAME)).expect(201).json
    tale.done("以正确代码注册", "registered with the right code", f"{made['id']} {made['credit_code']} {made['state']}")
    again = stranger.post("/registrations", registration(NEWCOMER)).expect(409, "credit_code_taken")
    tale.done("同一代码不能注册两次", "the same code does not register twice", again.detail)
    return Person(cast.door, NEWCOMER.owner.name).sign_in(NEWCOMER.owner.email, PASSWORD)


def _qualify(cast: Cast, tale: Tale, owner: Person) -> None:
    officer = cast.staff["officer"]
    bare = owner.post("/qualification", {"statement": STATEMENT, "level": NEWCOMER.level})
    bare.expect(422, "documents_missing")
    tale.done("没有证明文件不能提交，缺什么一一列出", "without documents it is refused, naming each", bare.detail)
    handed_in = hand_in(owner, NEWCOMER.level).expect(200).json
    path = f"/qualifications/{handed_in['id']}"
    waiting = officer.get("/qualifications").expect(200).json["items"]
    tale.check(
        any(each["id"] == handed_in["id"] for each in waiting), "合规专员看到待审机构", "an officer sees it waiting"
    )
    officer.post(f"{path}/return", {"reason": _REASON}).expect(200)
    read = owner.get(f"/organisations/{handed_in['id']}").expect(200)
    tale.check(read.json["reason"] == _REASON, "专员退回并说明理由", "the officer returns it with a reason", _REASON)
    _mend(tale, owner, handed_in["id"], read.etag)
    hand_in(owner, NEWCOMER.level).expect(200)
    refused = owner.post(f"{path}/approve", {"level": 3, "months": 12}).expect(403)
    tale.done("机构不能自己批准自己", "an organisation does not approve itself", refused.detail)
    approved = officer.post(f"{path}/approve", {"level": NEWCOMER.level, "months": 12}).expect(200).json
    answer = f"{approved['state']}, L{approved['level']}, {approved['qualified_until']}"
    tale.check(approved["level"] == NEWCOMER.level, "改正后获批准", "mended, it is approved", answer)


def _mend(tale: Tale, owner: Person, organisation_id: str, etag: str) -> None:
    right = {"name": NEWCOMER.name, "name_en": NEWCOMER.name_en, "credit_code": NEWCOMER.credit_code}
    mended = owner.patch(f"/organisations/{organisation_id}", right, etag).expect(200)
    tale.done("负责人改正名称", "the owner mends the name", mended.json["name"])
    stale = owner.patch(f"/organisations/{organisation_id}", right, etag).expect(412, "stale_version")
    tale.done("用旧版本再改会被告知", "an edit of the old version is told so", stale.json["title"])

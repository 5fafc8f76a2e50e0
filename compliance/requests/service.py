"""A person asks what is known of it: the address is confirmed, suppliers are asked, an officer answers.

Nothing personal enters the audit log. What was told is sealed under a key of the request's own, which is destroyed some
time after the answer, or soon when the address was never confirmed.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select

from compliance.audit.service import record
from compliance.exports import queries as exports
from compliance.exports.persons import hash_of
from compliance.exports.sets import PersonSets, SetMissing
from compliance.identity import forgetting, throttle
from compliance.identity import queries as identity
from compliance.policy import Resource, require
from compliance.requests import queries, rules
from compliance.requests.errors import CodeExpired, CodeWrong, RequestNotFound, RequestStateConflict, TasksOpen
from compliance.requests.events import RequestChanged, TaskOpened
from compliance.requests.models import SubjectRequest, SubjectTask
from compliance.requests.types import RequestBrief, RequestSnapshot, RequestState, TaskSnapshot, words
from compliance.retention import queries as retention
from compliance.subjects import service as subjects
from core import mail
from core.actor import ANONYMOUS, SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.problems import Sentence

_ALLOWED = 5
_ALLOWED_FROM_A_PLACE = 50
_DUE_AT_ONCE = 50
_LOOKED_AT_AGAIN = timedelta(days=30)


def open_request(
    uow: Uow, *, kind: str, particulars: Mapping[str, str], language: str, peer: str
) -> RequestBrief:  # fmt: skip
    """Take a request from anybody; a letter with a code goes to the address, and until it comes back nothing happens.

    Raises EmailInvalid, ParticularsInvalid, and TooManyAttempts when too many come from one place or for one address.
    """
    told = rules.particulars(particulars)
    address = subjects.mark(uow.house.keyring, "privacy", told["email"])[:40]
    keys = {f"privacy:{address}": _ALLOWED, _place(uow.house, "privacy", peer): _ALLOWED_FROM_A_PLACE}
    throttle.check(uow, keys)
    for key, allowed in keys.items():
        throttle.count_failure(uow, key, allowed=allowed)
    code, request_id = rules.new_code(), new_id("dsr")
    row = SubjectRequest(
        id=request_id, kind=words().kinds[kind].id, state=RequestState.UNCONFIRMED, language=language,
        subject_id=subjects.create(uow, **told), code_hash=_code_hash(uow.house, request_id, code),
        created_at=uow.now(), forget_at=uow.now() + timedelta(hours=words().code_hours), version=1,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    record(uow, ANONYMOUS, action="request:open", object_id=request_id, data={"kind": kind})
    _write(uow, row, "code", told["email"], code=code)
    return row.brief(uow.now())


def _place(house: House, what: str, peer: str) -> str:
    """Many people may share a place."""
    return f"{what}-peer:{subjects.mark(house.keyring, 'peer', peer)[:40]}"


def open_with_code(house: House, request_id: str, code: str, *, peer: str = "") -> RequestSnapshot:
    """Confirm the address, the first time, and read how the request stands, every time.

    Raises CodeWrong, CodeExpired, and TooManyAttempts after wrong codes in a row, for one request or from one place.
    """
    given, keys = rules.typed_code(code), {f"privacy-code:{request_id}"[:100]: _ALLOWED}
    if peer:
        keys[_place(house, "privacy-code", peer)] = _ALLOWED_FROM_A_PLACE
    found = house.db.write(lambda uow: _opened(uow, request_id, given, keys))
    if found is None:
        raise CodeWrong("Look at the newest letter.", field="code")
    return found


def _opened(uow: Uow, request_id: str, code: str, keys: Mapping[str, int]) -> RequestSnapshot | None:
    """The request; None, counted, for a wrong code."""
    throttle.check(uow, keys)
    row = uow.session.get(SubjectRequest, request_id, with_for_update=True)
    if row is None or not hmac.compare_digest(row.code_hash, _code_hash(uow.house, request_id, code)):
        for key, allowed in keys.items():
            throttle.count_failure(uow, key, allowed=allowed)
        return None
    throttle.forget(uow, next(iter(keys)))
    if row.state == RequestState.LAPSED or _too_late(uow, row):
        raise CodeExpired("Nothing was passed on.")
    if row.state == RequestState.UNCONFIRMED:
        _confirm(uow, row)
    return queries.own(uow, row)


def _too_late(uow: Uow, row: SubjectRequest) -> bool:
    return row.state == RequestState.UNCONFIRMED and row.forget_at is not None and row.forget_at <= uow.now()


def _confirm(uow: Uow, row: SubjectRequest) -> None:
    """From here the time runs: every supplier in whose data the person is found gets a task."""
    told = queries.told_by(uow, row)
    row.step("confirm")
    row.confirmed_at, row.forget_at = uow.now(), None
    row.due_at = uow.now() + timedelta(days=words().kinds[row.kind].days)
    account = identity.account_by_address(uow, told["email"])
    row.account_id = account.id if account else None
    for organisation_id, file_ids in _found(uow, told).items():
        uow.session.add(
            SubjectTask(
                request_id=row.id, organisation_id=organisation_id, file_ids=json.dumps(file_ids),
                state=RequestState.OPEN,
            )
        )  # fmt: skip
        record(
            uow, SYSTEM, action="request:ask", object_id=row.id, concerns=[organisation_id],
            data={"supplier": organisation_id, "files": str(len(file_ids))},
        )  # fmt: skip
        uow.emit(TaskOpened(request_id=row.id, organisation_id=organisation_id, due_at=row.due_at.isoformat()))
    uow.session.flush()
    record(uow, ANONYMOUS, action="request:confirm", object_id=row.id, data={"due": row.due_at.isoformat()})
    _all_answered(uow, row)
    uow.emit(RequestChanged(request_id=row.id, state=row.state))


def _found(uow: Uow, told: Mapping[str, str]) -> dict[str, list[str]]:
    """The files that hold one of the person's identifiers, by supplier."""
    wanted = [
        hash_of(lambda data: uow.house.keyring.mac("person-sets", data), kind, told[kind])
        for kind in rules.IDENTIFYING if kind in told
    ]  # fmt: skip
    store, seen = exports.store(uow.house), dict[str, bool]()
    found: dict[str, list[str]] = {}
    for known in exports.files_with_identifiers(uow):
        if known.sha256 not in seen:
            seen[known.sha256] = _holds(store, known.sha256, wanted)
        if seen[known.sha256]:
            found.setdefault(known.owner_id, []).append(known.file_id)
    return found


def _holds(store: PersonSets, name: str, wanted: Sequence[bytes]) -> bool:
    """Whose set cannot be read is asked too: nobody is told to be in no data because a file is lost."""
    try:
        return store.holding(name, wanted)
    except SetMissing:
        return True


def answer(uow: Uow, actor: Actor, request_id: str, *, outcome: str, text: str) -> TaskSnapshot:
    """The supplier says what it did, or why not; once. Raises RequestNotFound, PolicyRefused, RequestStateConflict."""
    row, request = queries.load_task(uow, actor, request_id)
    rules.follow(row.state, "answer")
    rules.follow(request.state, "answer")
    row.state, row.outcome, row.answered_at = RequestState.ANSWERED, outcome, uow.now()
    subjects.put(uow, request.subject_id, queries.answer_field(row.organisation_id), text)
    uow.session.flush()
    record(
        uow, actor, action="request:answer", object_id=request_id, data={"outcome": outcome},
        concerns=[row.organisation_id],
    )  # fmt: skip
    if _all_answered(uow, request):
        uow.emit(RequestChanged(request_id=request_id, state=request.state))
    return queries.task(uow, actor, request_id)


def _all_answered(uow: Uow, row: SubjectRequest) -> bool:
    if any(task.state == RequestState.OPEN for task in queries.tasks_of(uow, row.id)):
        return False
    row.step("answer")
    uow.session.flush()
    return True


def close(uow: Uow, actor: Actor, request_id: str, *, outcome: str, text: str) -> RequestSnapshot:
    """The officer answers the person: with what suppliers said, or without those that let the time pass.

    Raises PolicyRefused, RequestNotFound, RequestStateConflict, TasksOpen before the time is over.
    """
    decision = require(actor, "request:close", Resource("request", request_id))
    row = uow.session.get(SubjectRequest, request_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        raise RequestNotFound()
    if row.state == RequestState.OPEN and not row.overdue(uow.now()):
        waiting = [task.organisation_id for task in queries.tasks_of(uow, row.id) if task.state == RequestState.OPEN]
        raise TasksOpen(Sentence("%(count)s have time until the day that is due.", count=len(waiting)), waiting=waiting)
    row.step("close")
    row.outcome, row.closed_at = outcome, uow.now()
    row.forget_at = uow.now() + timedelta(days=words().forget_days)
    told = queries.told_by(uow, row)
    email = told["email"]
    subjects.put(uow, row.subject_id, queries.ANSWER, "\n\n".join([text, *filter(None, [told.get(queries.KEPT)])]))
    uow.session.flush()
    record(uow, actor, action="request:close", object_id=request_id, decision=decision, data={"outcome": outcome})
    _write(uow, row, "closed", email)
    uow.emit(RequestChanged(request_id=request_id, state=row.state))
    return queries.shown(uow, row)


def erase_account(uow: Uow, actor: Actor, request_id: str, *, otp: str) -> RequestSnapshot:
    """Whoever asked to be deleted signs in here with that address: an officer erases the account.

    The answer to the person will say what the law keeps of it, and which law.

    Raises PolicyRefused, RequestNotFound, RequestStateConflict, LastOwner, MustBeKept, SecondFactorNeeded,
    SecondFactorWrong.
    """
    decision = require(actor, "request:close", Resource("request", request_id))
    row = uow.session.get(SubjectRequest, request_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        raise RequestNotFound()
    rules.follow(row.state, "close")
    if row.kind != "delete" or row.account_id is None:
        raise RequestStateConflict("It asks for no account to be deleted.", state=row.state)
    kept = forgetting.forget_account(uow, actor, row.account_id, otp=otp)
    if kept:
        subjects.put(uow, row.subject_id, queries.KEPT, rules.said_of_kept(kept, row.language))
    row.account_id = None
    row.version += 1
    uow.session.flush()
    record(uow, actor, action="request:erase_account", object_id=request_id, decision=decision)
    return queries.shown(uow, row)


def tick(house: House) -> int:
    """Let lapse what was never confirmed, and forget what people told once its time is over; answers how many."""
    due = house.db.read(_due)
    for request_id in due:
        house.db.write(lambda uow, request_id=request_id: _forget(uow, request_id))  # type: ignore[misc]
    return len(due)


def _due(uow: Uow) -> list[str]:
    statement = select(SubjectRequest.id).where(SubjectRequest.forget_at <= uow.now())
    return list(uow.session.execute(statement.order_by(SubjectRequest.forget_at).limit(_DUE_AT_ONCE)).scalars())


def _forget(uow: Uow, request_id: str) -> None:
    row = uow.session.get_one(SubjectRequest, request_id, with_for_update=True)
    if row.forget_at is None or row.forget_at > uow.now():
        return  # confirmed in between
    kept = retention.must_keep(uow, request_id)
    if kept is not None:
        row.forget_at = kept.until or uow.now() + _LOOKED_AT_AGAIN
        return
    if row.state == RequestState.UNCONFIRMED:
        row.step("lapse")
    row.forget_at = None
    subjects.forget(uow, row.subject_id)
    record(uow, SYSTEM, action="request:forget", object_id=request_id)


def _code_hash(house: House, request_id: str, code: str) -> str:
    return house.keyring.mac("privacy-codes", f"{request_id}\n{code}".encode()).hex()


def _write(uow: Uow, row: SubjectRequest, letter: str, address: str, *, code: str = "") -> None:
    """A letter to the person, in its language."""
    known, language = words(), row.language if row.language in ("zh", "en") else "zh"
    texts = {part: each[language] for part, each in known.letters[letter].items()}
    values: dict[str, object] = {
        "id": row.id, "kind": known.kinds[row.kind].names[language], "hours": known.code_hours, "code": code,
        "link": f"{uow.house.settings.web_address}/privacy/{row.id}",
    }  # fmt: skip
    mail.send(uow, address, texts["subject"].format(**values), texts["body"].format(**values))

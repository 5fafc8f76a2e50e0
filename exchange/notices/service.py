"""Telling people: each fact once, and what they have read of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.rows import insert_missing
from exchange.notices import queries
from exchange.notices.errors import NoticeNotFound
from exchange.notices.models import NoticeAudience, NoticePreference, NoticeRead, NoticeRow
from exchange.notices.types import Audience, Preferences


def tell(
    uow: Uow, *, key: str, code: str, topic: str, to: Sequence[Audience], subject_id: str,
    subject: Mapping[str, str], address: str, note: str = "", due_at: datetime | None = None,
) -> bool:  # fmt: skip
    """Tell those people of a fact; False when that key was told before. ``key`` names the fact for ever."""
    pairs = dict.fromkeys(pair for audience in to for pair in audience.pairs())
    if not pairs:
        return False
    row = {
        "id": new_id("ntc"), "key": key, "code": code, "topic": topic, "subject_id": subject_id,
        "subject": json.dumps(dict(subject), ensure_ascii=False), "address": address, "note": note[:500],
        "due_at": due_at, "created_at": uow.now(),
    }  # fmt: skip
    if not insert_missing(uow, NoticeRow, [row]):
        return False
    told = [{"notice_id": row["id"], "organisation_id": own, "role": role} for own, role in pairs]
    insert_missing(uow, NoticeAudience, told)
    return True


def read(uow: Uow, actor: Actor, notice_id: str) -> None:
    """The actor has read it. Idempotent. Raises NoticeNotFound, also for one that others are told."""
    if not queries.exists_for(uow, actor, notice_id):
        raise NoticeNotFound()
    _mark(uow, actor, [notice_id])


def read_all(uow: Uow, actor: Actor) -> int:
    """The actor has read all that was there; answers how many were new."""
    return _mark(uow, actor, queries.unread_ids(uow, actor))


def prefer(uow: Uow, actor: Actor, *, digest: str, muted: Sequence[str]) -> Preferences:
    """How this account wants to be told from now on."""
    assert actor.account_id is not None
    row = uow.session.get(NoticePreference, actor.account_id)
    if row is None:
        row = NoticePreference(account_id=actor.account_id)
        uow.session.add(row)
    row.digest, row.muted = digest, json.dumps(sorted(set(muted)))
    uow.session.flush()
    return queries.preferences(uow, actor.account_id)


def digested(uow: Uow, account_id: str) -> None:
    """A letter told this account of everything up to now."""
    known = {"account_id": account_id, "digest": "daily", "muted": "[]", "digested_at": uow.now()}
    if not insert_missing(uow, NoticePreference, [known]):
        uow.session.get_one(NoticePreference, account_id).digested_at = uow.now()


def forget_account(uow: Uow, account_id: str) -> None:
    """What an account has read and prefers is nobody's business any more."""
    for model in (NoticeRead, NoticePreference):
        uow.session.execute(delete(model).where(model.account_id == account_id))


def forget_old(uow: Uow) -> int:
    """Remove notices that are shown no longer, some at once; answers how many."""
    old = select(NoticeRow.id).where(NoticeRow.created_at < uow.now() - queries.SHOWN).limit(200)
    ids = list(uow.session.execute(old).scalars())
    for model in (NoticeRead, NoticeAudience):
        uow.session.execute(delete(model).where(model.notice_id.in_(ids)))
    uow.session.execute(delete(NoticeRow).where(NoticeRow.id.in_(ids)))
    return len(ids)


def _mark(uow: Uow, actor: Actor, ids: Sequence[str]) -> int:
    rows = [{"notice_id": each, "account_id": actor.account_id, "read_at": uow.now()} for each in ids]
    return insert_missing(uow, NoticeRead, rows)

"""Idempotency keys: (actor, key) → the hash of the request and its stored answer, in the change's own unit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, Text, bindparam, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from core.actor import Actor
from core.db import Base, Id, Uow, UtcDateTime
from core.problems import Invalid, Sentence

LONGEST_KEY = 200
KEPT = timedelta(days=30)
"""So long a repeated request is known; later it is a new one."""
_FORGOTTEN_AT_ONCE = 500


class IdempotencyKeyReused(Invalid):
    code, title = "idempotency_key_reused", "This idempotency key was used for another request"


class StoredAnswer(Base):
    __tablename__ = "idempotency"

    actor: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(default=0)
    answer: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def request_hash(method: str, path: str, body: bytes) -> str:
    return hashlib.sha256(b"\x00".join((method.encode(), path.encode(), body))).hexdigest()


def check_key(key: str) -> str:
    """Raises Invalid unless the key is 1 to 200 printable ASCII characters."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            Sentence("An Idempotency-Key has 1 to %(longest)s printable characters.", longest=LONGEST_KEY),
            field="Idempotency-Key",
        )
    return key


def amend(uow: Uow, actor: Actor, key: str, body: Any) -> None:
    """Keep an answer that was known only after the unit of its change, for whoever repeats the request."""
    stored = uow.session.get(StoredAnswer, (actor.account_id or "anonymous", key))
    if stored is not None:
        stored.answer = json.dumps(body, ensure_ascii=False)


def once(uow: Uow, actor: Actor, key: str, digest: str, work: Callable[[], tuple[int, Any]]) -> tuple[int, Any, bool]:
    """Run ``work`` once for this actor and key; answers (status, body, replayed).

    Where units run side by side (PostgreSQL) the row is inserted first, so that two at the same moment
    meet at its primary key: the second waits, its unit is run again, and it finds the first one's answer.
    """
    scope = actor.account_id or "anonymous"
    stored = uow.session.get(StoredAnswer, (scope, key))
    if stored is not None:
        if stored.request_hash != digest:
            raise IdempotencyKeyReused(
                "Nothing was changed.", field="Idempotency-Key", hint="Use a fresh key for a new request."
            )
        return stored.status, json.loads(stored.answer), True
    row = StoredAnswer(actor=scope, key=key, request_hash=digest, created_at=uow.now())
    if not uow.house.db.sqlite:
        uow.session.add(row)
        uow.session.flush()
    row.status, body = work()
    row.answer = json.dumps(body, ensure_ascii=False)
    uow.session.add(row)
    return row.status, body, False


def forget(uow: Uow) -> int:
    """Forget answers that were kept long enough, some at once; answers how many."""
    key = (StoredAnswer.actor, StoredAnswer.key)
    old = select(*key).where(StoredAnswer.created_at < uow.now() - KEPT).limit(_FORGOTTEN_AT_ONCE)
    found = uow.session.execute(old).all()
    one = delete(StoredAnswer).where(StoredAnswer.actor == bindparam("of"), StoredAnswer.key == bindparam("named"))
    if found:
        uow.connection.execute(one, [{"of": actor, "named": named} for actor, named in found])
    return len(found)

"""Who signed what must be kept: while its term runs the name outlives the account, sealed under a key of its own.

The law that keeps records of provision wins over erasure (PIPL 47, second paragraph): what is kept is stored, and used
for nothing else. Once the last term is over the key is destroyed like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from compliance.audit.service import record
from compliance.identity.models import Account, KeptSigner
from compliance.policy import Resource, require
from compliance.retention import queries as retention
from compliance.subjects import service as subjects
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.rows import insert_missing

BASIS = "PIPL 47; Data Security Law 33; Network Data Security Regulation 12"
_AT_ONCE = 500
_AGAIN = timedelta(hours=20)


@dataclass(frozen=True)
class KeptRecord:
    """What stays of somebody who is forgotten: the name beside a signature, by which law, and until when.

    ``until`` is None while nobody knows: what was signed has not ended, or a legal hold stands on it.
    """

    object_id: str
    basis: str
    until: datetime | None


@dataclass(frozen=True)
class Signer:
    """Who signed for a thing. ``name`` is empty once it need not be kept any more."""

    pseudonym: str
    name: str
    signed_at: datetime
    account_erased: bool


def keep(uow: Uow, actor: Actor, object_id: str) -> None:
    """The actor has signed for this thing, whose records must be kept. For services; again, it changes nothing."""
    row = {
        "account_id": actor.account_id, "object_id": object_id, "subject_id": None, "signed_at": uow.now(),
        "looked_at": uow.now(),
    }  # fmt: skip
    insert_missing(uow, KeptSigner, [row])


def outlive(uow: Uow, account: Account) -> list[KeptRecord]:
    """The account is about to be forgotten: its name goes under a key of its own where it must be kept.

    Answers what is kept, and why; nothing of somebody who signed nothing that must be kept still.
    """
    rows = _of_account(uow, account.id)
    kept = {row.object_id: each for row in rows if (each := _kept(uow, row.object_id)) is not None}
    fresh = [row for row in rows if row.subject_id is None]  # forgotten again, the others lie where they shall
    for row in fresh:
        if row.object_id not in kept:
            uow.session.delete(row)
    _seal(uow, account, [row for row in fresh if row.object_id in kept])
    return list(kept.values())


def _seal(uow: Uow, account: Account, rows: Sequence[KeptSigner]) -> None:
    name = subjects.value(uow, account.subject_id, "name") if rows else None
    if name is not None:
        subject_id = subjects.create(uow, name=name)
        for row in rows:
            row.subject_id = subject_id
    uow.session.flush()


def of_thing(uow: Uow, actor: Actor, object_id: str) -> list[Signer]:
    """Who signed for a thing, also who was forgotten since, for officers; it is recorded. Raises PolicyRefused."""
    decision = require(actor, "hold:see", Resource("hold", object_id))
    rows = uow.session.execute(
        select(KeptSigner, Account)
        .join(Account, Account.id == KeptSigner.account_id)
        .where(KeptSigner.object_id == object_id)
        .order_by(KeptSigner.signed_at)
    ).all()
    record(uow, actor, action="record:signers", object_id=object_id, decision=decision)
    names = subjects.people(uow, [row.subject_id or account.subject_id for row, account in rows])
    return [
        Signer(
            account.pseudonym, names.get(row.subject_id or account.subject_id, {}).get("name", ""), row.signed_at,
            row.subject_id is not None,
        )
        for row, account in rows
    ]  # fmt: skip


def forget_due(uow: Uow) -> int:
    """Forget names whose last term is over; answers how many were looked at, some at once and each once a day."""
    due = select(KeptSigner).where(KeptSigner.subject_id.is_not(None), KeptSigner.looked_at <= uow.now() - _AGAIN)
    rows = uow.session.execute(due.order_by(KeptSigner.looked_at).limit(_AT_ONCE)).scalars().all()
    for row in rows:
        row.looked_at = uow.now()
        if _kept(uow, row.object_id) is None:
            _let_go(uow, row)
    return len(rows)


def _let_go(uow: Uow, row: KeptSigner) -> None:
    subject_id = row.subject_id
    assert subject_id is not None
    uow.session.delete(row)
    uow.session.flush()
    others = select(func.count()).select_from(KeptSigner).where(KeptSigner.subject_id == subject_id)
    if not uow.session.execute(others).scalar_one():
        subjects.forget(uow, subject_id)
        record(uow, SYSTEM, action="record:forget", object_id=subject_id)


def _of_account(uow: Uow, account_id: str) -> Sequence[KeptSigner]:
    chosen = select(KeptSigner).where(KeptSigner.account_id == account_id).with_for_update()
    return uow.session.execute(chosen.order_by(KeptSigner.object_id)).scalars().all()


def _kept(uow: Uow, object_id: str) -> KeptRecord | None:
    """Until its end is known, and then until its term is over; a legal hold has no end."""
    found = retention.must_keep(uow, object_id)
    if found is not None:
        return KeptRecord(object_id, BASIS if found.until else retention.LEGAL_HOLD, found.until)
    return None if retention.keepings(uow, object_id) else KeptRecord(object_id, BASIS, None)


def described(kept: Iterable[KeptRecord]) -> dict[str, str]:
    """The same for the log: which things, at most what an entry holds."""
    ids = [each.object_id for each in kept]
    return {"kept": str(len(ids)), "things": ",".join(ids[:50])} if ids else {}

"""Reads of documents: an organisation sees its own, the people who judge see what they judge by."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from compliance.documents.errors import DocumentNotFound
from compliance.documents.models import Document
from compliance.documents.types import DocumentSnapshot
from compliance.policy import Resource, decide
from core.actor import Actor
from core.db import Uow


def get(uow: Uow, actor: Actor, document_id: str) -> DocumentSnapshot:
    """Raises DocumentNotFound, also for one that the actor may not see."""
    row = uow.session.get(Document, document_id)
    if row is None or not decide(actor, "document:see", resource(row.owner_id, row.id)).permitted:
        raise DocumentNotFound()
    return row.snapshot()


def own(uow: Uow, actor: Actor, document_ids: Iterable[str]) -> list[DocumentSnapshot]:
    """Documents that the actor's own side handed in, in the order asked for. Raises DocumentNotFound."""
    found = [get(uow, actor, document_id) for document_id in document_ids]
    if any(each.owner_id != actor.organisation_id for each in found):
        raise DocumentNotFound()
    return found


def handed_in(uow: Uow, owner_id: str) -> tuple[int, int]:
    """How many documents an organisation has handed in, and their bytes. Asks no policy: for services."""
    statement = select(func.count(), func.coalesce(func.sum(Document.size), 0)).where(Document.owner_id == owner_id)
    number, size = uow.session.execute(statement).one()
    return int(number), int(size)


def many(uow: Uow, document_ids: Iterable[str]) -> dict[str, DocumentSnapshot]:
    """Documents by id, for those who have decided already that they may be shown."""
    rows = uow.session.execute(select(Document).where(Document.id.in_(set(document_ids)))).scalars()
    return {row.id: row.snapshot() for row in rows}


def ids(uow: Uow) -> list[str]:
    """Those of all documents. Asks no policy: for who looks after the store."""
    return list(uow.session.execute(select(Document.id)).scalars())


def resource(owner_id: str | None, document_id: str) -> Resource:
    return Resource("document", document_id, {"owner": owner_id})

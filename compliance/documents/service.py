"""Handing in a document, and reading it."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from pathlib import PurePath

from compliance.audit.service import record
from compliance.documents import queries, store
from compliance.documents.errors import DocumentInvalid, DocumentQuotaReached, DocumentTooLarge
from compliance.documents.models import Document
from compliance.documents.types import MOST_BYTES, MOST_BYTES_TOGETHER, MOST_DOCUMENTS, DocumentSnapshot
from compliance.identity import queries as identity
from compliance.policy import require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.problems import Sentence

_UNSHOWN = re.compile(r"[\x00-\x1f\x7f/\\]")
_TYPES = {".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".txt", ".md", ".json", ".csv", ".docx", ".xlsx", ".zip"}


def hand_in(house: House, actor: Actor, *, name: str, content: bytes) -> DocumentSnapshot:
    """Keep a document of the own organisation, or of the platform. Opens its own unit.

    Raises PolicyRefused, DocumentInvalid, DocumentTooLarge, DocumentQuotaReached.
    """
    decision = require(actor, "document:create", queries.resource(actor.organisation_id, "new"))
    shown, ending = _checked(name), PurePath(name).suffix.lower()
    if len(content) > MOST_BYTES:
        raise DocumentTooLarge(Sentence("At most %(most)s bytes.", most=MOST_BYTES), most_bytes=MOST_BYTES)
    if not content:
        raise DocumentInvalid("The document is empty.", field="content")
    house.db.read(lambda uow: _check_quota(uow, actor, len(content)))
    row = Document(
        id=new_id("doc"), owner_id=actor.organisation_id, name=shown, size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        media_type=mimetypes.types_map.get(ending, "application/octet-stream"), created_at=house.clock.now(),
    )  # fmt: skip
    store.keep(house, row.id, content)

    def work(uow: Uow) -> DocumentSnapshot:
        _check_quota(uow, actor, len(content))
        uow.session.merge(row)
        uow.session.flush()
        record(
            uow, actor, action="document:create", object_id=row.id, decision=decision,
            data={"sha256": row.sha256, "size": str(row.size)}, concerns=[row.owner_id or ""],
        )  # fmt: skip
        return row.snapshot()

    try:
        return house.db.write(work)
    except BaseException:
        store.erase(house, row.id)
        raise


def read(house: House, actor: Actor, document_id: str) -> tuple[DocumentSnapshot, bytes]:
    """The document with its bytes; that somebody read it is recorded. Raises DocumentNotFound."""

    def work(uow: Uow) -> DocumentSnapshot:
        found = queries.get(uow, actor, document_id)
        record(uow, actor, action="document:read", object_id=found.id, concerns=[found.owner_id or ""])
        return found

    found = house.db.write(work)
    return found, store.content(house, document_id)


def _check_quota(uow: Uow, actor: Actor, size: int) -> None:
    """In a unit that writes, one document of an organisation after the other. The platform's own are not counted."""
    if actor.organisation_id is None:
        return
    if uow.writes:
        identity.hold(uow, actor.organisation_id)
    number, together = queries.handed_in(uow, actor.organisation_id)
    if number >= MOST_DOCUMENTS or together + size > MOST_BYTES_TOGETHER:
        raise DocumentQuotaReached(
            Sentence(
                "%(number)s documents of %(bytes)s bytes stand there; at most %(most)s, of %(most_bytes)s bytes.",
                number=number, bytes=together, most=MOST_DOCUMENTS, most_bytes=MOST_BYTES_TOGETHER,
            ),
            most_documents=MOST_DOCUMENTS, most_bytes=MOST_BYTES_TOGETHER,
        )  # fmt: skip


def _checked(name: str) -> str:
    shown = _UNSHOWN.sub("_", PurePath(name.replace("\\", "/")).name).strip(" .")[-200:]
    if PurePath(shown).suffix.lower() not in _TYPES:
        raise DocumentInvalid(
            Sentence("Its name must end in one of %(names)s.", names=" ".join(sorted(_TYPES))), field="name"
        )  # fmt: skip
    return shown

"""Reads of disputes: for the order's two parties and the officers; what was charged, for who may see the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true

from compliance.policy import Resource, decide
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from exchange.disputes.errors import DisputeNotFound, EvidenceNotFound
from exchange.disputes.models import Dispute, DisputeStatement
from exchange.disputes.types import DisputeSnapshot, DisputeState, Statement


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Which disputes an actor may know of."""
    if actor.platform("officer"):
        return true()
    own = actor.organisation_id or ""
    return or_(Dispute.buyer_id == own, Dispute.supplier_id == own)


def load(uow: Uow, actor: Actor, dispute_id: str, *, lock: bool = False) -> Dispute:
    """The dispute's row. Raises DisputeNotFound when there is none, or none that the actor may know of."""
    chosen = select(Dispute).where(Dispute.id == dispute_id, visible_to(actor))
    if lock:
        chosen = chosen.with_for_update(of=Dispute).execution_options(populate_existing=True)
    found = uow.session.execute(chosen).scalar_one_or_none()
    if found is None or not decide(actor, "dispute:see", resource_of(found)).permitted:
        raise DisputeNotFound()
    return found


def resource_of(dispute: Dispute | DisputeSnapshot) -> Resource:
    """What policy may know of a dispute."""
    parties = {"buyer": dispute.buyer_id, "supplier": dispute.supplier_id, "state": str(dispute.state)}
    return Resource("dispute", dispute.id, parties)


def get(uow: Uow, actor: Actor, dispute_id: str) -> DisputeSnapshot:
    """Without its invoices for who may not see the books. Raises DisputeNotFound."""
    return _shown(actor, load(uow, actor, dispute_id))


def sees_charges(actor: Actor, order_id: str) -> bool:
    """Whether the invoices of an order that the actor knows of are for its eyes too."""
    return decide(actor, "ledger:see", Resource("invoice", order_id, {"owner": actor.organisation_id})).permitted


def _shown(actor: Actor, found: Dispute) -> DisputeSnapshot:
    shown = found.snapshot()
    return shown if sees_charges(actor, found.order_id) else replace(shown, concerns=())


def disputes(
    uow: Uow, actor: Actor, *, order_id: str | None = None, cursor: str | None = None, limit: int = 25
) -> Page[DisputeSnapshot]:
    """The disputes an actor may see, as ``get`` shows them, newest first; those of one order, if it is named."""
    chosen = select(Dispute).where(visible_to(actor))
    if order_id is not None:
        chosen = chosen.where(Dispute.order_id == order_id)
    page = newest_first(uow, chosen, key=Dispute.id, purpose="disputes", cursor=cursor, limit=limit)
    return convert(page, lambda found: _shown(actor, found))


def statements(uow: Uow, actor: Actor, dispute_id: str) -> list[Statement]:
    """What was said, in order. Raises DisputeNotFound."""
    load(uow, actor, dispute_id)
    chosen = select(DisputeStatement).where(DisputeStatement.dispute_id == dispute_id)
    return [row.snapshot() for row in uow.session.execute(chosen.order_by(DisputeStatement.number)).scalars()]


def evidence(uow: Uow, actor: Actor, dispute_id: str, number: int) -> Statement:
    """A statement that came with a file. Raises DisputeNotFound, EvidenceNotFound."""
    load(uow, actor, dispute_id)
    found = uow.session.get(DisputeStatement, (dispute_id, number))
    if found is None or not found.sha256:
        raise EvidenceNotFound()
    return found.snapshot()


def present(uow: Uow, dispute_id: str) -> DisputeSnapshot | None:
    """A dispute as it is now. Asks no policy: for notices and webhooks."""
    found = uow.session.get(Dispute, dispute_id)
    return found.snapshot() if found else None


def going_on(
    uow: Uow, *, state: DisputeState | None = None, supplier_id: str | None = None,
    answer_before: datetime | None = None, limit: int = 100,
) -> list[DisputeSnapshot]:  # fmt: skip
    """The disputes that have not ended, the oldest first. Asks no policy: for tasks and reminders."""
    chosen = select(Dispute).where(Dispute.ended_at.is_(None))
    if state is not None:
        chosen = chosen.where(Dispute.state == str(state))
    if supplier_id is not None:
        chosen = chosen.where(Dispute.supplier_id == supplier_id)
    if answer_before is not None:
        chosen = chosen.where(Dispute.answer_by <= answer_before)
    return [row.snapshot() for row in uow.session.execute(chosen.order_by(Dispute.id).limit(limit)).scalars()]


def exhibited_bytes(uow: Uow) -> dict[str, int]:
    """Size by SHA-256 of all evidence. Asks no policy: for who looks after the store."""
    shown = select(DisputeStatement.sha256, DisputeStatement.size).where(DisputeStatement.sha256 != "")
    return dict(uow.session.execute(shown).tuples().all())

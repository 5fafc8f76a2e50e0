"""Reads of payments."""

from __future__ import annotations

from sqlalchemy import func, select

from billing.ledger.queries import kind_totals
from billing.ledger.types import AccountKind, Discrepancy
from billing.payments.errors import TopUpNotFound
from billing.payments.models import TopUpRow
from billing.payments.types import TopUp, TopUpState
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from core.problems import Invalid, Sentence


def get(uow: Uow, actor: Actor, topup_id: str) -> TopUp:
    """Raises TopUpNotFound, also for one that the actor may not see."""
    row = uow.session.get(TopUpRow, topup_id)
    if row is None or not decide(actor, "ledger:see", _resource(row.organisation_id)).permitted:
        raise TopUpNotFound()
    return row.snapshot()


def listed(
    uow: Uow, actor: Actor, *, state: str | None = None, cursor: str | None = None, limit: int = 25
) -> Page[TopUp]:
    """Top-ups of the own organisation, or of all for finance of the platform; newest first."""
    own = actor.organisation_id
    require(actor, "ledger:see", _resource(own))
    chosen = select(TopUpRow)
    if own is not None:
        chosen = chosen.where(TopUpRow.organisation_id == own)
    if state is not None:
        chosen = chosen.where(TopUpRow.state == _state(state))
    page = newest_first(uow, chosen, key=TopUpRow.id, purpose=f"topups:{own}:{state}", cursor=cursor, limit=limit)
    return convert(page, TopUpRow.snapshot)


def waiting(uow: Uow, limit: int = 100) -> list[TopUp]:
    """Recorded top-ups that wait for a second person, oldest first. Asks no policy: for the desk of finance."""
    chosen = select(TopUpRow).where(TopUpRow.state == str(TopUpState.RECORDED)).order_by(TopUpRow.id).limit(limit)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def check(uow: Uow) -> list[Discrepancy]:
    """Currencies whose account at the bank differs from the confirmed top-ups; none is expected."""
    chosen = select(TopUpRow.currency, func.sum(TopUpRow.amount)).where(TopUpRow.state == str(TopUpState.CONFIRMED))
    arrived = {currency: int(total) for currency, total in uow.session.execute(chosen.group_by(TopUpRow.currency))}
    kept = {row.currency: row.balance for row in kind_totals(uow) if row.kind == AccountKind.BANK_CLEARING}
    pairs = {currency: (arrived.get(currency, 0), kept.get(currency, 0)) for currency in sorted({*arrived, *kept})}
    return [
        Discrepancy(f"bank_clearing {currency}", f"the top-ups say {said}, the ledger {posted}")
        for currency, (said, posted) in pairs.items()
        if said != posted
    ]


def _resource(organisation_id: str | None) -> Resource:
    return Resource("ledger", organisation_id or "platform", {"owner": organisation_id})


def _state(text: str) -> str:
    if text not in {str(state) for state in TopUpState}:
        raise Invalid(Sentence("Choose one of %(names)s.", names=", ".join(TopUpState)), field="state")
    return text

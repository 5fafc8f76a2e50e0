"""Reads of dunning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Select, func, select

from billing.dunning import rules
from billing.dunning.models import DunningPause, DunningStep, OverdueBuyer
from billing.dunning.types import Step, StepTaken
from billing.invoices import queries as invoices
from core.db import Uow


def steps_of(uow: Uow, invoice_ids: Iterable[str]) -> dict[str, list[StepTaken]]:
    """The steps taken for invoices, each in its order. Asks no policy: for pages that asked."""
    found: dict[str, list[StepTaken]] = {}
    chosen = select(DunningStep).where(DunningStep.invoice_id.in_(set(invoice_ids)))
    for row in uow.session.execute(chosen.order_by(DunningStep.at)).scalars():
        taken = StepTaken(row.invoice_id, Step(row.step), row.at, row.outstanding, row.payment_id)
        found.setdefault(row.invoice_id, []).append(taken)
    return found


def due_steps(uow: Uow) -> list[str]:
    """Open invoices whose newest step was not taken yet. Asks no policy: for the worker."""
    resting = paused(uow)
    waiting = [each for each in invoices.open_invoices(uow) if each.invoice_id not in resting]
    taken = steps_of(uow, (each.invoice_id for each in waiting))
    found = []
    for each in waiting:
        step = rules.step_at(rules.due_at(each, uow.house.settings), uow.now())
        if step is not None and step not in {one.step for one in taken.get(each.invoice_id, [])}:
            found.append(each.invoice_id)
    return found


def overdue(uow: Uow, buyer_ids: Iterable[str]) -> set[str]:
    """Those of these buyers whose rights by usage rest. Asks no policy: for services."""
    chosen = select(OverdueBuyer.buyer_id).where(OverdueBuyer.buyer_id.in_(set(buyer_ids)))
    return set(uow.session.execute(chosen).scalars())


def to_judge(uow: Uow) -> list[str]:
    """Buyers whose rights begin to rest, or go on again. Asks no policy: for the worker."""
    return sorted(owing(uow) ^ set(uow.session.execute(select(OverdueBuyer.buyer_id)).scalars()))


def owing(uow: Uow, buyer_id: str | None = None) -> set[str]:
    """Buyers with an open invoice whose last step was taken long enough ago; of one buyer, if one is named."""
    resting, ended = paused(uow), _pauses_ended(uow)
    waiting = [each for each in invoices.open_invoices(uow, buyer_id) if each.invoice_id not in resting]
    taken = steps_of(uow, (each.invoice_id for each in waiting))
    last = {invoice_id: steps[-1] for invoice_id, steps in taken.items()}
    return {
        each.buyer_id
        for each in waiting
        if rules.is_overdue(last.get(each.invoice_id), ended.get(each.invoice_id), uow.now())
    }


def pauses() -> Select[str]:
    """The ids of invoices that nothing is told of at this moment, for the queries of others."""
    return select(DunningPause.invoice_id).where(DunningPause.ended_at.is_(None))


def paused(uow: Uow) -> set[str]:
    """The same ids. Asks no policy: for services."""
    return set(uow.session.execute(pauses()).scalars())


def _pauses_ended(uow: Uow) -> dict[str, datetime]:
    """When the last pause of an invoice ended."""
    chosen = select(DunningPause.invoice_id, func.max(DunningPause.ended_at)).group_by(DunningPause.invoice_id)
    return {invoice_id: ended_at for invoice_id, ended_at in uow.session.execute(chosen) if ended_at is not None}

"""Reads of contracts, for whoever was allowed to see their order. They ask no policy themselves."""

from __future__ import annotations

from sqlalchemy import select

from core.db import Uow
from exchange.contracts.models import Contract
from exchange.contracts.types import ContractSnapshot


def of_order(uow: Uow, order_id: str) -> list[ContractSnapshot]:
    """The order's contracts, the oldest first: an agreement of confidentiality comes before what it led to."""
    chosen = select(Contract).where(Contract.order_id == order_id).order_by(Contract.id)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def find(uow: Uow, order_id: str, *kinds: str) -> ContractSnapshot | None:
    """The newest of these kinds."""
    found = [each for each in of_order(uow, order_id) if each.kind in kinds]
    return found[-1] if found else None

"""Reactions of the ledger to what happens to organisations."""

from __future__ import annotations

from sqlalchemy import or_, select

from billing.ledger.errors import MoneyLeft
from billing.ledger.models import LedgerAccount, LedgerBalance
from compliance.identity.events import OrganisationClosing
from core.db import Uow


def refuse_while_money_is_left(uow: Uow, event: OrganisationClosing) -> None:
    """Raises MoneyLeft while an organisation has, holds, owes or is owed anything."""
    left = (
        select(LedgerAccount.kind)
        .join(LedgerBalance, LedgerBalance.account == LedgerAccount.key)
        .where(
            LedgerAccount.organisation_id == event.organisation_id,
            or_(LedgerBalance.balance != 0, LedgerBalance.held != 0),
        )
    )
    kinds = sorted(set(uow.session.execute(left).scalars()))
    if kinds:
        raise MoneyLeft(hint="Have it paid out or settled first.", accounts=kinds)

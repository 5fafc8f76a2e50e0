"""Payouts follow the processor: in the unit in which its answer is written down."""

from __future__ import annotations

from billing.payouts import accounts, arrivals, queries, reversals, service
from billing.payouts.errors import PayoutUnderWay
from billing.processor.events import AttemptDone, AttemptRefused, ProcessorTold
from billing.processor.types import Kind
from compliance.identity.events import OrganisationClosing
from core.db import Uow
from core.house import House

_TOLD = {Kind.ACCOUNT: accounts.told, Kind.PAYOUT: arrivals.told}


def _told(uow: Uow, event: ProcessorTold) -> None:
    if event.told.kind in _TOLD:
        _TOLD[event.told.kind](uow, event.told)


def refuse_while_under_way(uow: Uow, event: OrganisationClosing) -> None:
    """Raises PayoutUnderWay: what is on its way to a supplier may come back."""
    if queries.is_under_way(uow, event.organisation_id):
        raise PayoutUnderWay(hint="Wait until it has ended.")


def listen(house: House) -> None:
    for feature in (accounts, service, reversals):
        house.registry.inline(AttemptDone, feature.done)
        house.registry.inline(AttemptRefused, feature.refused)
    house.registry.inline(ProcessorTold, _told)
    house.registry.inline(OrganisationClosing, refuse_while_under_way)

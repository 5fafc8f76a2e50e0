"""The place of ledger in the house."""

from __future__ import annotations

from billing.ledger.handlers import refuse_while_money_is_left
from billing.ledger.views import api
from compliance.identity.events import OrganisationClosing
from core.house import House


def include(house: House) -> None:
    house.registry.inline(OrganisationClosing, refuse_while_money_is_left)
    house.add_api(api)

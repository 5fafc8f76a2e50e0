"""The place of payouts in the house."""

from __future__ import annotations

from billing.payouts import handlers
from billing.payouts.run_views import api as runs
from billing.payouts.views import api
from core.house import House


def include(house: House) -> None:
    handlers.listen(house)
    house.add_api(api)
    house.add_api(runs)

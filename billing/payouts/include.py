"""The place of payouts in the house."""

from __future__ import annotations

from billing.payouts import handlers
from billing.payouts.banks import SEALED_BY
from billing.payouts.models import BankAccountRow
from billing.payouts.run_views import api as runs
from billing.payouts.views import api
from core.house import House
from core.sealing import SealedColumn


def include(house: House) -> None:
    handlers.listen(house)
    house.sealed.append(SealedColumn(SEALED_BY, BankAccountRow.sealed, BankAccountRow.id))
    house.add_api(api)
    house.add_api(runs)

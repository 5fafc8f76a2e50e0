"""The platform's public figures, counted when asked."""

from __future__ import annotations

from typing import Any

from catalog.listings import queries as listings
from compliance.identity import queries as identity
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.money import format_amount
from exchange.trading import queries as trading

api = http.Api("figures")


def collect(uow: Uow) -> dict[str, Any]:
    """Counts of what is public: organisations, listings on sale, orders paid and their gross."""
    traded = trading.figures(uow)
    currency = uow.house.settings.currency
    return {
        "as_of": uow.now().isoformat().replace("+00:00", "Z"),
        "organisations": identity.organisation_count(uow),
        "listings": listings.figures(uow),
        "orders_paid": traded["orders"],
        "traded": format_amount(traded["gross"], currency),
        "currency": currency,
    }


@api.get("/figures", who=http.ANYONE, summary="Public figures of the platform")
def figures(uow: Uow, actor: Actor) -> Any:
    return collect(uow)


def include(house: House) -> None:
    house.add_api(api)

"""How a person fetches a file whose tier gives no plain link: with a key of the organisation, from a command line."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from core.house import House
from exchange.delivery import links, tickets
from exchange.delivery.errors import LinkNotBuilt
from exchange.delivery.links import Link
from exchange.gateway import tickets as sealed
from exchange.gateway import tries
from exchange.trading.types import OrderSnapshot


@dataclass(frozen=True)
class Fetching:
    """A link that was given out, ready to be copied; ``left`` of ``tries`` downloads can still begin."""

    file_id: str
    name: str
    url: str
    curl: str
    until: datetime
    tries: int
    left: int


def strict(house: House, order: OrderSnapshot) -> Link | None:
    """What a link to the order's files asks for; None where a browser follows it just so."""
    if order.entitlement is None or house.settings.gateway_workers == 0:
        return None
    try:
        link = links.of_tier(house, order.entitlement.tier)
    except LinkNotBuilt:
        return None
    return link if link.own_key or link.tries or link.second_factor else None


def downloads(order: OrderSnapshot) -> bool:
    """Whether files may be fetched at all: terms that were agreed may give rows by the API only."""
    return order.agreement is None or "download" in order.agreement.get("deliveries", ())


def of_link(house: House, order_id: str, url: str) -> Fetching | None:
    """What is left of a link; None for what is no link to a file of this order."""
    text = urlsplit(url).path.removeprefix("/files/")
    try:
        ticket = sealed.open_ticket(text.encode(), house.keyring.secrets(tickets.KEY_NAME))
    except sealed.TicketUnknown:
        return None
    if ticket.order_id != order_id:
        return None
    address = f"{house.settings.gateway_address}/files/{text}"
    key = '-H "X-Api-Key: $PIAOHAO_KEY" ' if ticket.holder else ""
    return Fetching(
        ticket.file_id, ticket.name, address, f"curl -sS -f {key}-o {shlex.quote(ticket.name)} {shlex.quote(address)}",
        datetime.fromtimestamp(ticket.expires_at, UTC), ticket.tries, tries.left(house.settings.data, ticket),
    )  # fmt: skip

"""How far a right goes at this moment: what the licence says, what the listing's tier asks for, and who holds it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from compliance.identity.types import OrganisationSnapshot
from compliance.policy import Decision, Resource, decide
from compliance.tiers import profile
from compliance.tiers.types import TierRow
from core.actor import Actor
from core.house import House
from exchange import licences
from exchange.licences.types import UNREADABLE, Channel
from exchange.trading.models import Entitlement, Order
from exchange.trading.terms import asks_nda

UNPAID = "subscription_unpaid"
OVERDUE = "invoice_overdue"
_FETCHER = frozenset({"developer"})
_DECLARES_FROM = "signed_licence"


@dataclass(frozen=True)
class Standing:
    """A right as it may be used now. ``lacking`` is the code of what the tier asks for and is not there, or empty.

    No ``territories``: everywhere. ``declares``: the purpose has to be said at each use. ``count``: uses in the term.
    """

    purposes: tuple[str, ...]
    territories: tuple[str, ...]
    recipients: tuple[str, ...]
    country: str
    declares: bool
    count: int | None
    lacking: str


@dataclass(frozen=True)
class Bound:
    """Whether the holder has signed the order's contract, and an agreement of confidentiality for the listing.

    ``stopped``: an officer stopped the listing, and with it every right in it. ``abroad``: why its data may not leave
    the country since its tier rose, a code. ``unpaid``: a fee of its subscription is, for too long.
    ``overdue``: an invoice of its buyer is, and the right is paid by usage.
    """

    contract: bool
    nda: bool
    stopped: bool = False
    abroad: str = ""
    unpaid: bool = False
    overdue: bool = False


def standing(house: House, right: Entitlement, order: Order, holder: OrganisationSnapshot, bound: Bound) -> Standing:
    """What may be done with the right.

    A licence without territories is for the holder's own country where data of the tier does not go everywhere.
    """
    row = profile(house.settings.tier_profile).row(right.tier)
    try:
        said = licences.limits(order.licence.document if order.licence else {})
    except ValueError:
        return Standing((), (), (), holder.country, True, 0, UNREADABLE)
    channel = Channel.API if right.interface_id else Channel.DOWNLOAD
    answer = _decision(house, right, order, holder, signed=bound.contract)
    lacking = "" if answer.permitted else answer.needs[0].code or "tier_not_permitted"
    if not lacking and asks_nda(row) and not bound.nda:
        lacking = "nda_needed"
    lacking = lacking or bound.abroad
    if said.deliveries and right.interface_id and channel not in said.deliveries:
        lacking = "delivery_not_permitted"
    if bound.unpaid and not lacking:
        lacking = UNPAID
    if bound.overdue and not lacking:
        lacking = OVERDUE
    if bound.stopped:
        lacking = "listing_stopped"
    everywhere = row.export == "allowed"
    return Standing(
        said.purposes, said.territories or (() if everywhere else (holder.country,)), said.recipients, holder.country,
        declares(house, row), said.count, lacking,
    )  # fmt: skip


def declares(house: House, row: TierRow) -> bool:
    """Whether each use says its purpose: where the tier asks for a licence that is signed."""
    contracts = profile(house.settings.tier_profile).orders["contract"]
    return contracts.index(row.contract) >= contracts.index(_DECLARES_FROM)


def facts(house: House, order: Order, tier: int) -> dict[str, Any]:
    """What policy may know of an order whose right is made use of, at the tier that holds for it now."""
    row = profile(house.settings.tier_profile).row(tier)
    limits = json.loads(order.limits) if order.limits else {}
    agreed = json.loads(order.agreement) if order.agreement else {}
    counted = limits.get("quota") is not None or agreed.get("count") is not None
    return {"tier": tier, "not_built": row.not_built, "home": house.settings.home_country, "quota": counted}


def _decision(
    house: House, right: Entitlement, order: Order, holder: OrganisationSnapshot, *, signed: bool
) -> Decision:
    """Policy's answer for the holder as an organisation, whoever of its people or programs acts."""
    action = "order:call" if right.interface_id else "order:download"
    actor = Actor(organisation_id=holder.id, qualification=holder.level, country=holder.country, roles=_FETCHER)
    about: dict[str, Any] = {
        "buyer": order.buyer_id, "supplier": order.supplier_id, "state": order.state, "purpose": order.purpose,
        "frozen": False,
    }  # fmt: skip
    context = {
        "contract": "signed" if signed else "none", "purpose": order.purpose, "territory": holder.country,
        "entitled": True,
    }  # fmt: skip
    return decide(actor, action, Resource("order", order.id, about | facts(house, order, right.tier)), context)

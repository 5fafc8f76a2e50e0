"""What the page of an order shows of its negotiation: words, terms as differences, requirements, contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.listings import queries as listings
from catalog.listings.types import ListingSnapshot
from compliance.policy import decide
from compliance.tiers import profile
from core.db import Uow
from exchange.contracts.types import ContractSnapshot
from exchange.trading import papers, queries, requirements, terms
from exchange.trading.types import MessageSnapshot, OrderSnapshot, OrderState, RequirementSnapshot
from exchange.web.session import actor, house
from exchange.web.terms import Row, rows, typed

_TALKING = (OrderState.INQUIRED, OrderState.OFFERED)


@dataclass
class Talk:
    """A negotiation as one of its parties sees it."""

    messages: Mapping[int, MessageSnapshot]
    rows: Mapping[int, list[Row]]
    requirements: list[RequirementSnapshot]
    contracts: list[ContractSnapshot]
    open: bool = False
    may: bool = False
    mine: str = ""
    head_side: str = ""
    form: Mapping[str, Any] = field(default_factory=dict)
    purposes: tuple[str, ...] = ()
    nda: bool = False

    @property
    def left(self) -> list[RequirementSnapshot]:
        return [each for each in self.requirements if each.met_at is None]

    def asks_me(self, each: RequirementSnapshot) -> bool:
        """Whether this side can meet it; who of that side may, the service says."""
        return each.met_at is None and each.side == self.mine


def talk(uow: Uow, order: OrderSnapshot, side: str, sent: Mapping[str, Any]) -> Talk:
    """Everything said so far; with the form for new terms while they can still be put."""
    who = actor()
    found = queries.messages(uow, who, order.id)
    made = Talk(
        messages={each.number: each for each in found},
        rows=_compared(found),
        requirements=requirements.of_order(uow, who, order.id),
        contracts=papers.of_order(uow, who, order.id),
        mine="officer" if side == "platform" else side,
    )
    head = next((each for each in found if each.id == order.head), None)
    made.head_side = head.side if head else ""
    made.open = order.state in _TALKING
    row = queries.load(uow, who, order.id)
    made.may = decide(who, "order:negotiate", queries.resource_of(row)).permitted
    if made.open and made.may:
        _add_form(uow, made, order, head, sent)
    return made


def private_offer(listing: ListingSnapshot) -> Mapping[str, Any] | None:
    """The fields of an offer to one buyer, beginning with the listing's own terms."""
    if listing.offer is None or listing.revision is None:
        return None
    row = profile(house().settings.tier_profile).row(listing.tier)
    home = house().settings.home_country
    return typed(terms.at_list_price(listing, row, listing.offer.purposes[0], home), {})


def _add_form(
    uow: Uow, made: Talk, order: OrderSnapshot, head: MessageSnapshot | None, sent: Mapping[str, Any]
) -> None:
    listing = listings.many(uow, [order.listing_id])[order.listing_id]
    if listing.offer is None or listing.revision is None:
        return
    made.purposes = listing.offer.purposes
    row = requirements.tier_row(uow, listing.tier)
    where = requirements.country_of(uow, order.buyer_id)
    standing = head.terms if head and head.terms else terms.at_list_price(listing, row, order.purpose, where)
    made.form = typed(standing, sent)
    made.nda = not any(each.kind == "nda" and each.side == made.mine and each.met_at for each in made.requirements)


def _compared(found: list[MessageSnapshot]) -> dict[int, list[Row]]:
    """Of each version of the terms what changed against the one before; of the first, all of it."""
    compared: dict[int, list[Row]] = {}
    before: Mapping[str, Any] | None = None
    for each in found:
        if each.terms is not None:
            compared[each.number] = rows(each.terms, before, only_changed=before is not None)
            before = each.terms
    return compared

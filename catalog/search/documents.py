"""From listings and references to what the index holds and what a hit shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from catalog.listings.queries import names_masked
from catalog.listings.types import ListingBrief, ListingSnapshot
from catalog.references import price
from catalog.references.types import ReferenceSnapshot
from catalog.search import analysis, quality
from catalog.search.types import REFERENCE, SearchDocument, SearchHit
from compliance.identity.types import OrganisationSnapshot
from core import money, plans
from core.house import House

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SELLABLE_STATES = frozenset({"listed"})


def of_listing(
    house: House, listing: ListingSnapshot, supplier: OrganisationSnapshot | None, buyers: int = 0
) -> SearchDocument:
    """A listing with the attributes that policy sees, whatever its state: the owner finds drafts too."""
    plan = plans.parse(listing.offer.plan) if listing.offer is not None else None
    return SearchDocument(
        id=listing.id, kind=str(listing.kind), title=listing.title, summary=listing.summary,
        description=listing.description, tags=tuple(listing.tags), scene=listing.scene or "",
        origin=str(listing.origin or ""), tier=listing.tier, state=str(listing.state), owner=listing.supplier_id,
        owner_name=" ".join(filter(None, [supplier.name, supplier.name_en])) if supplier else "",
        price_kind=str(plan.kind) if plan else price.UNSTATED, price=_listing_price(plan, house.settings.currency),
        updated_at=listing.updated_at, orderable=_orderable(str(listing.state), listing.kind, plan),
        operations=_operations(house, listing), popularity=buyers, quality=quality.of_listing(listing),
    )  # fmt: skip


def of_reference(reference: ReferenceSnapshot, currency: str) -> SearchDocument:
    """A reference that everybody may find. Only a price that was read, in our currency, takes part in the order."""
    return SearchDocument(
        id=reference.id, kind=reference.kind, title=reference.title, summary=reference.summary,
        description=reference.description, tags=reference.tags, scene=reference.scene, origin=reference.origin,
        tier=0, state=REFERENCE, owner="", owner_name=reference.supplier, price_kind=reference.price_kind,
        price=_reference_price(reference, currency), updated_at=_changed_at(reference),
        source=reference.source, quality=quality.of_reference(reference),
    )  # fmt: skip


def hit_of_listing(
    listing: ListingBrief, supplier: Mapping[str, str], currency: str, wanted: Sequence[str]
) -> SearchHit:
    plan = plans.parse(listing.plan) if listing.plan is not None else None
    return SearchHit(
        id=listing.id, what="listing", kind=listing.kind, title=listing.title,
        marked_title=_marked(listing.title, wanted),
        marked_excerpt=_excerpts(listing.summary, listing.description, wanted), tags=listing.tags,
        scene=listing.scene, origin=listing.origin, tier=listing.tier, state=listing.state,
        supplier_id=listing.supplier_id, supplier=supplier,
        price_kind=str(plan.kind) if plan else price.UNSTATED, price_text="", currency=currency,
        amount=_amount(plan, currency), unit_price=_listing_price(plan, currency), price_per=1,
        updated_at=listing.updated_at, source="", source_title={}, address="",
        orderable=_orderable(listing.state, listing.kind, plan),
    )  # fmt: skip


def hit_of_reference(reference: ReferenceSnapshot, wanted: Sequence[str]) -> SearchHit:
    whole = reference.unit_price is not None and reference.unit_price % money.UNITS_PER_MINOR == 0
    amount = reference.unit_price // money.UNITS_PER_MINOR if whole and reference.unit_price is not None else None
    return SearchHit(
        id=reference.id, what="reference", kind=reference.kind, title=reference.title,
        marked_title=_marked(reference.title, wanted),
        marked_excerpt=_excerpts(reference.summary, reference.description, wanted),
        tags=reference.tags, scene=reference.scene, origin=reference.origin, tier=None, state=reference.state,
        supplier_id=None, supplier={"zh": reference.supplier} if reference.supplier else {},
        price_kind=reference.price_kind, price_text=reference.price_text, currency=reference.currency,
        amount=amount, unit_price=reference.unit_price, price_per=reference.price_per,
        updated_at=_changed_at(reference), source=reference.source, source_title=reference.source_title,
        address=reference.address, orderable=False,
    )  # fmt: skip


def _operations(house: House, listing: ListingSnapshot) -> tuple[str, ...]:
    """Name, its words and summary of each operation; nothing at a tier that hides the names of fields."""
    if listing.revision is None or listing.revision.interface is None or names_masked(house, listing.tier):
        return ()
    operations = listing.revision.interface.operations
    return tuple(f"{each['id']} {_HUMP.sub(' ', each['id'])} {each['summary']}" for each in operations)


def _listing_price(plan: plans.PricePlan | None, currency: str) -> int | None:
    """What one order or one unit costs, so that lists sort by it."""
    if plan is not None and plan.by_usage:
        return plan.price // (plan.per or 1) if plan.price is not None and plan.currency == currency else None
    amount = _amount(plan, currency)
    return None if amount is None else amount * money.UNITS_PER_MINOR


def _amount(plan: plans.PricePlan | None, currency: str) -> int | None:
    """The price of an order; what is paid by usage has none."""
    return plan.list_price(currency) if plan is not None and not plan.by_usage else None


def _changed_at(reference: ReferenceSnapshot) -> datetime:
    return reference.source_updated_at or reference.imported_at


def _reference_price(reference: ReferenceSnapshot, currency: str) -> int | None:
    if reference.price_kind == price.FREE:
        return 0
    if reference.unit_price is None or reference.currency != currency:
        return None
    return reference.unit_price // reference.price_per


def _orderable(state: str, kind: str, plan: plans.PricePlan | None) -> bool:
    """Whether something is on offer; whether this actor may order it is policy's to say."""
    return state in _SELLABLE_STATES and plan is not None and plan.sellable_now(kind)


def _marked(texts: Mapping[str, str], wanted: Sequence[str]) -> dict[str, tuple[analysis.Piece, ...]]:
    return {language: analysis.highlight(text, wanted) for language, text in texts.items() if text}


def _excerpts(
    summary: Mapping[str, str], description: Mapping[str, str], wanted: Sequence[str]
) -> dict[str, tuple[analysis.Piece, ...]]:
    """The summary, unless the description answers the query and the summary does not."""
    found = {}
    for language in {**summary, **description}:
        short, long = summary.get(language, ""), description.get(language, "")
        fits = not wanted or not long or analysis.holds_any(short, wanted)
        text = short if short and fits else long or short
        found[language] = analysis.highlight(analysis.excerpt(text, wanted), wanted)
    return found

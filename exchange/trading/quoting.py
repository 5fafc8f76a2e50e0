"""What so much usage would cost by a listing's plan: the lines as rating gives them, rounded and taxed like one."""

from __future__ import annotations

from dataclasses import dataclass

from billing import rating
from billing.rating import RatedLine
from billing.taxes import queries as taxes
from catalog.listings import queries as listings
from core import plans
from core.actor import Actor
from core.db import Uow
from core.money import add_tax, format_price, round_units, rounding_of
from core.plans import Kind, PricePlan
from core.problems import Conflict, Invalid, Sentence


class NoPrice(Conflict):
    code, title = "no_list_price", "There is no list price to reckon with"


class UnitsInvalid(Invalid):
    code, title = "units_invalid", "This is not a number of calls"


MOST = 10**12


@dataclass(frozen=True)
class QuoteLine:
    """``price`` for each ``per`` of ``quantity`` units; amounts are exact."""

    kind: str
    quantity: int
    unit: str | None
    price: str
    per: int
    amount: str


@dataclass(frozen=True)
class Quote:
    """What ``units`` of one period cost: exact by line, then net, tax and gross in minor units."""

    listing_id: str
    units: int
    unit: str | None
    period: str
    currency: str
    lines: tuple[QuoteLine, ...]
    exact: str
    net: int
    tax_rate_bp: int
    tax: int
    gross: int
    rounding: str


def units_from(text: str) -> int:
    """The number that somebody typed into a form. Raises UnitsInvalid."""
    kept = text.strip().replace(",", "")
    if not (kept.isascii() and kept.isdigit() and len(kept) <= 13 and int(kept) <= MOST):
        raise UnitsInvalid(Sentence("Write a whole number from 0 to %(most)s.", most=MOST), field="calls")
    return int(kept)


def quote(uow: Uow, actor: Actor, listing_id: str, *, calls: int) -> Quote:
    """What so many units (calls, hits, records or bytes, as the plan counts) would cost in one whole period.

    Packages are bought as many as they need. Raises ListingNotFound, and NoPrice without an offer or for a quote.
    """
    listing = listings.get(uow, actor, listing_id)
    if listing.offer is None:
        raise NoPrice(hint="Nothing is on offer.")
    plan, settings = plans.parse(listing.offer.plan), uow.house.settings
    if plan.kind is Kind.NEGOTIATED:
        raise NoPrice(hint="Ask for a quote.")
    lines = lines_of(plan, calls)
    rounding, exact = rounding_of(settings.tier_profile), rating.total(lines)
    rate_bp = taxes.rate_bp(uow, actor.organisation_id)
    split = add_tax(round_units(exact, rounding), rate_bp, rounding)
    unit, currency = rating.unit_of(plan), plan.currency or settings.currency
    shown = (
        QuoteLine(
            str(line.kind), line.quantity, line.unit, format_price(line.price, currency), line.per,
            format_price(line.amount, currency),
        )
        for line in lines
    )  # fmt: skip
    return Quote(
        listing.id, calls, str(unit) if unit else None, _period(plan), currency, tuple(shown),
        format_price(exact, currency), split.net, rate_bp, split.tax, split.gross, str(rounding),
    )  # fmt: skip


def lines_of(plan: PricePlan, units: int) -> list[RatedLine]:
    """The lines of so many units in one whole period: what is paid in advance first."""
    if plan.kind is Kind.PACKAGE and plan.quantity:
        packages = -(-units // plan.quantity)
        bought = [line for line in rating.fee(plan) if packages]
        return [_times(line, packages) for line in bought] + [
            line for line in rating.rate_quantity(plan, min(units, plan.quantity)) if line.amount
        ]
    return [*rating.fee(plan), *rating.rate_quantity(plan, units)]


def _times(line: RatedLine, number: int) -> RatedLine:
    return RatedLine(line.kind, number, line.unit, line.price, line.per, line.amount * number)


def _period(plan: PricePlan) -> str:
    """What the lines are for: a month unless the plan says another period; a package as long as it is good for."""
    period = plan.period or (plan.usage.period if plan.usage else None)
    return "once" if plan.kind in (Kind.PACKAGE, Kind.ONE_OFF) else str(period or plans.Period.MONTH)

"""Reads of tax details, and how somebody is taxed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from billing.taxes import rules
from billing.taxes.errors import TaxDetailsNotFound
from billing.taxes.models import TaxDetailsRow
from billing.taxes.profiles import profile
from billing.taxes.types import TaxDecision, TaxDetails, TaxProfile
from compliance.identity.queries import organisations
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def profile_now(uow: Uow) -> TaxProfile:
    """The rules that hold today, by the calendar of the exchange."""
    settings = uow.house.settings
    return profile(
        settings.tax_profile or settings.tier_profile, uow.now().astimezone(ZoneInfo(settings.timezone)).date()
    )


def decision(uow: Uow, organisation_id: str | None) -> TaxDecision:
    """How somebody is taxed now; without one, as a buyer of this country is. Asks no policy: for services."""
    settings, rulebook = uow.house.settings, profile_now(uow)
    found = details(uow, organisation_id or "")
    country = _country(uow, organisation_id) if rulebook.countries or rulebook.reverse_charge else ""
    return rules.decide(
        rulebook, found, country, home=settings.home_country, payer=settings.tax_payer,
        standard_bp=settings.tax_rate_bp, now=uow.now(),
    )  # fmt: skip


def rate_bp(uow: Uow, organisation_id: str | None) -> int:
    """The rate alone, in basis points."""
    return decision(uow, organisation_id).rate_bp


def details(uow: Uow, organisation_id: str) -> TaxDetails:
    """What an organisation says of itself; empty when it said nothing. Asks no policy: for services."""
    row = uow.session.get(TaxDetailsRow, organisation_id) if organisation_id else None
    return row.snapshot() if row else TaxDetails(organisation_id)


def own(uow: Uow, actor: Actor, organisation_id: str | None = None) -> TaxDetails:
    """The own tax details; people of the platform name an organisation. Raises TaxDetailsNotFound for strangers."""
    wanted = organisation_id or actor.organisation_id or ""
    resource = Resource("tax", wanted, {"owner": wanted or None})
    if wanted == actor.organisation_id:
        require(actor, "tax:see", resource)
    elif not decide(actor, "tax:see", resource).permitted or not organisations(uow, {wanted}):
        raise TaxDetailsNotFound()
    return details(uow, wanted)


def to_confirm(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[TaxDetails]:
    """Whoever gave a VAT number or is exempt, for finance of the platform."""
    require(actor, "tax:confirm", Resource("tax", "platform", {"owner": None}))
    chosen = select(TaxDetailsRow).where(
        or_(TaxDetailsRow.vat_number != "", TaxDetailsRow.exempt_until.is_not(None))
    )  # fmt: skip
    page = newest_first(
        uow, chosen, key=TaxDetailsRow.organisation_id, purpose="tax-details", cursor=cursor, limit=limit
    )  # fmt: skip
    return convert(page, TaxDetailsRow.snapshot)


def _country(uow: Uow, organisation_id: str | None) -> str:
    found = organisations(uow, {organisation_id}) if organisation_id else {}
    return found[organisation_id].country if organisation_id in found else uow.house.settings.home_country

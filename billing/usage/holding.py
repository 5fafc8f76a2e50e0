"""One entitlement's meter: opening it, counting its windows, and holding the money that its calls may cost.

Whoever changes a meter locks its row first, then the windows follow it, then the buyer's balance: one order
everywhere. What is held covers, with tax, every open window's cost rounded up on its own, the calls given
out being counted into the present window at the most they can cost there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from billing import rating
from billing.ledger.service import available, change_held
from billing.ledger.types import Account, AccountKind
from billing.rating import UsageCount
from billing.usage.models import UsageHold, UsagePlan, UsageRollup, UsageWindow
from billing.usage.types import QUARTER_S, Metered, Parties
from core import plans
from core.db import Uow
from core.money import MOST_UNITS, UNITS_PER_MINOR, add_tax, rounding_of
from core.months import Months, ZoneChange
from core.plans import PricePlan
from core.rows import insert_missing


class Calendar:
    """The months that moments lie in for their organisations; each is asked once."""

    def __init__(self, uow: Uow) -> None:
        self._uow = uow
        self._months: dict[str, Months] = {}
        self._labels: dict[tuple[str, int], str] = {}

    def month(self, organisation_id: str, quarter: int) -> str:
        known = self._labels.get((organisation_id, quarter))
        if known is None:
            moment = datetime.fromtimestamp(quarter * QUARTER_S, UTC)
            known = self._labels[organisation_id, quarter] = self.of(organisation_id).period_of(moment).label
        return known

    def of(self, organisation_id: str) -> Months:
        if organisation_id not in self._months:
            start = datetime.fromtimestamp(0, UTC)
            self._months[organisation_id] = Months([ZoneChange(start, self._uow.house.settings.timezone)])
        return self._months[organisation_id]


def opened(uow: Uow, entitlement: Metered) -> UsageHold:
    """The meter, locked, with the entitlement's plan and limits as they are now."""
    limits = json.dumps(dict(entitlement.limits), sort_keys=True)
    hold = locked(uow, entitlement.id)
    if hold is not None and (hold.plan_hash, hold.limits) == (entitlement.plan_hash, limits):
        return hold
    plan = plans.parse(entitlement.plan)
    document = json.dumps(plan.document(), ensure_ascii=False, sort_keys=True)
    insert_missing(uow, UsagePlan, [{"hash": entitlement.plan_hash, "document": document}])
    if hold is None:
        hold = locked_all(uow, {entitlement.id: entitlement})[entitlement.id]
    fresh = hold.plan_hash != entitlement.plan_hash
    hold.plan_hash, hold.limits = entitlement.plan_hash, limits
    hold.currency = plan.currency or entitlement.currency or uow.house.settings.currency
    uow.session.flush()
    if fresh:
        _count_again(uow, hold, plan)
    return hold


def locked(uow: Uow, entitlement_id: str) -> UsageHold | None:
    """The meter, which nobody else changes until this unit ends; None when there is none."""
    return _locked(uow, [entitlement_id]).get(entitlement_id)


def locked_all(uow: Uow, parties: Mapping[str, Parties | None]) -> dict[str, UsageHold]:
    """The meters of these entitlements, locked in one order; those that are not there are made for their parties."""
    found = _locked(uow, parties)
    missing = [_meter(uow, each, of) for each, of in sorted(parties.items()) if each not in found and of is not None]
    if missing:
        insert_missing(uow, UsageHold, missing)
        found = _locked(uow, parties)
    return found


def _locked(uow: Uow, entitlement_ids: Iterable[str]) -> dict[str, UsageHold]:
    chosen = select(UsageHold).where(UsageHold.entitlement_id.in_(list(entitlement_ids)))
    ordered = chosen.order_by(UsageHold.entitlement_id).with_for_update()
    rows = uow.session.execute(ordered, execution_options={"populate_existing": True}).scalars()
    return {hold.entitlement_id: hold for hold in rows}


def _meter(uow: Uow, entitlement_id: str, of: Parties) -> dict[str, object]:
    return {
        "entitlement_id": entitlement_id, "order_id": of.order_id, "organisation_id": of.organisation_id,
        "supplier_id": of.supplier_id, "listing_id": of.listing_id, "leased": 0, "held": 0, "opened_at": uow.now(),
    }  # fmt: skip


def plan_of(uow: Uow, plan_hash: str | None) -> PricePlan | None:
    """The plan of a hash; None when no entitlement was opened with it yet."""
    row = uow.session.get(UsagePlan, plan_hash) if plan_hash else None
    return plans.parse(json.loads(row.document)) if row else None


def add_units(uow: Uow, hold: UsageHold, plan_hash: str, plan: PricePlan, units: dict[str, int]) -> None:
    """So many more (or, negative, fewer) units in the plan's windows of these labels."""
    for label, more in units.items():
        window = window_of(uow, hold, plan_hash, label)
        window.quantity += more
        window.rated = min(rating.total(rating.rate_quantity(plan, window.quantity)), MOST_UNITS)
    uow.session.flush()


def window_of(uow: Uow, hold: UsageHold, plan_hash: str, label: str) -> UsageWindow:
    """The window of a locked meter, made when it is not there."""
    key = (hold.entitlement_id, plan_hash, label)
    found = uow.session.get(UsageWindow, key, populate_existing=True)
    if found is None:
        found = UsageWindow(
            entitlement_id=hold.entitlement_id, plan_hash=plan_hash, label=label, quantity=0, rated=0, invoiced=0
        )
        uow.session.add(found)
    return found


def _count_again(uow: Uow, hold: UsageHold, plan: PricePlan) -> None:
    """Count what came before anybody knew the plan of its hash."""
    mine = (UsageWindow.entitlement_id == hold.entitlement_id, UsageWindow.plan_hash == hold.plan_hash)
    if uow.session.execute(select(UsageWindow.label).where(*mine).limit(1)).first():
        return
    chosen = select(UsageRollup).where(
        UsageRollup.entitlement_id == hold.entitlement_id, UsageRollup.plan_hash == hold.plan_hash
    )
    counts = [(row.quarter, row.count()) for row in uow.session.execute(chosen).scalars()]
    add_units(uow, hold, str(hold.plan_hash), plan, units_by_label(Calendar(uow), hold.organisation_id, plan, counts))


def units_by_label(
    calendar: Calendar, organisation_id: str, plan: PricePlan, counts: Iterable[tuple[int, UsageCount]]
) -> dict[str, int]:
    """The units that count, by the window of the plan that their quarter of an hour lies in."""
    units: dict[str, int] = {}
    for quarter, count in counts:
        if more := rating.quantity(plan, [count]):
            label = rating.window_label(plan, calendar.month(organisation_id, quarter))
            units[label] = units.get(label, 0) + more
    return units


@dataclass(frozen=True)
class Cost:
    """What a meter must hold, as a function of the calls given out. Minor units, with tax."""

    plan: PricePlan
    rest: int
    quantity: int
    invoiced: int
    used: bool
    tax_rate_bp: int
    tier_profile: str

    def has_units_for(self, leased: int) -> bool:
        """Whether what was bought, when it is a number of units, has so many calls left."""
        limit = rating.capacity(self.plan)
        return limit is None or self.quantity + rating.units_of_calls(self.plan, leased) <= limit

    def of(self, leased: int) -> int:
        """What must be held with so many calls given out."""
        if not leased and not self.used:
            return self.rest
        last = self.quantity + rating.units_of_calls(self.plan, leased)
        return self.rest + self.gross(rating.most(self.plan, self.quantity, last) - self.invoiced)

    def gross(self, units: int) -> int:
        return gross_of(units, self.tax_rate_bp, self.tier_profile)


def gross_of(units: int, tax_rate_bp: int, tier_profile: str) -> int:
    """The most that an invoice line of so many rated units can be, with its tax."""
    net = -(-max(0, units) // UNITS_PER_MINOR)
    return add_tax(net, tax_rate_bp, rounding_of(tier_profile)).gross


def cost_of(uow: Uow, hold: UsageHold, plan: PricePlan) -> Cost:
    settings = uow.house.settings
    label = rating.window_label(
        plan, Calendar(uow).month(hold.organisation_id, int(uow.now().timestamp()) // QUARTER_S)
    )
    rest, quantity, invoiced, used = 0, 0, 0, False
    for window in windows_of(uow, hold.entitlement_id):
        if (window.plan_hash, window.label) == (hold.plan_hash, label):
            quantity, invoiced, used = window.quantity, window.invoiced, True
        else:
            rest += gross_of(window.rated - window.invoiced, settings.tax_rate_bp, settings.tier_profile)
    return Cost(plan, rest, quantity, invoiced, used, settings.tax_rate_bp, settings.tier_profile)


def windows_of(uow: Uow, entitlement_id: str) -> list[UsageWindow]:
    chosen = select(UsageWindow).where(UsageWindow.entitlement_id == entitlement_id).order_by(UsageWindow.label)
    return list(uow.session.execute(chosen, execution_options={"populate_existing": True}).scalars())


def account_of(hold: UsageHold) -> Account:
    return Account(AccountKind.BUYER_PREPAID, hold.organisation_id, str(hold.currency))


def hold_again(uow: Uow, hold: UsageHold) -> None:
    """Hold what the meter's calls cost now: exactly, or as much of it as the balance has."""
    plan = plan_of(uow, hold.plan_hash)
    if plan is None:
        return
    set_held(uow, hold, cost_of(uow, hold, plan).of(hold.leased))


def set_held(uow: Uow, hold: UsageHold, wanted: int) -> None:
    change = wanted - hold.held
    if change > 0:
        change = min(change, available(uow, account_of(hold)))
    if change:
        change_held(uow, account_of(hold), change)
        hold.held += change
    uow.session.flush()

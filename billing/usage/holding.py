"""One entitlement's meter: opening it, counting its windows, and holding the money that its calls may cost.

Whoever changes a meter locks its row first, then its windows follow, then the buyer's balance: one order
everywhere. What is held covers, with tax, the cost of every window that is not billed, each rounded up by
itself; the calls given out are counted into the present window at the most they can cost there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from weakref import WeakKeyDictionary

from sqlalchemy import select

from billing import rating
from billing.ledger.queries import owed_by
from billing.ledger.service import available, hold_up_to
from billing.ledger.types import Account, AccountKind
from billing.rating import UsageCount
from billing.taxes import queries as taxes
from billing.usage.models import UsageHold, UsagePlan, UsageRollup, UsageWindow
from billing.usage.types import QUARTER_S, Metered, Parties
from compliance.identity.errors import OrganisationNotFound
from compliance.identity.queries import months_of
from core import plans
from core.db import Database, Uow
from core.money import MOST_UNITS, UNITS_PER_MINOR, add_tax, rounding_of
from core.months import Months, ZoneChange
from core.plans import PricePlan
from core.rows import insert_missing

_plans: WeakKeyDictionary[Database, dict[str, PricePlan]] = WeakKeyDictionary()
"""Plans that were read of each database. A hash names one document for ever."""


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
            try:
                self._months[organisation_id] = months_of(self._uow, organisation_id)
            except OrganisationNotFound:  # a record is taken whoever it names
                start = datetime.fromtimestamp(0, UTC)
                self._months[organisation_id] = Months([ZoneChange(start, self._uow.house.settings.timezone)])
        return self._months[organisation_id]


@dataclass
class Meter:
    """A locked meter: its row, its windows by plan and label."""

    uow: Uow
    hold: UsageHold
    windows: dict[tuple[str, str], UsageWindow] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        return Account(AccountKind.BUYER_PREPAID, self.hold.organisation_id, str(self.hold.currency))

    @property
    def plan(self) -> PricePlan | None:
        return plan_of(self.uow, self.hold.plan_hash)

    def window(self, plan_hash: str, label: str) -> UsageWindow:
        """The window, made when it is not there."""
        found = self.windows.get((plan_hash, label))
        if found is None:
            entitlement_id = self.hold.entitlement_id
            found = self.windows[plan_hash, label] = UsageWindow(
                entitlement_id=entitlement_id, plan_hash=plan_hash, label=label, quantity=0, rated=0, invoiced=0
            )
            self.uow.session.add(found)
        return found

    def add_units(self, plan_hash: str, plan: PricePlan, units: Mapping[str, int]) -> None:
        """So many more (or, negative, fewer) units in the plan's windows of these labels."""
        for label, more in units.items():
            window = self.window(plan_hash, label)
            window.quantity += more
            window.rated = min(rating.total(rating.rate_metered(plan_in(window, plan), window.quantity)), MOST_UNITS)

    def cost(self, plan: PricePlan, calendar: Calendar) -> Cost:
        """What must be held of the balance, as a function of the calls given out."""
        settings = self.uow.house.settings
        tax = Tax(taxes.rate_bp(self.uow, self.hold.organisation_id), settings.tier_profile)
        quarter = int(self.uow.now().timestamp()) // QUARTER_S
        label = rating.window_label(plan, calendar.month(self.hold.organisation_id, quarter))
        now = self.windows.get((str(self.hold.plan_hash), label))
        others = (each for each in self.windows.values() if each is not now and each.rated > each.invoiced)
        rest = sum(tax.gross(each.rated - each.invoiced) for each in others)
        if now is None:
            return Cost(plan, tax, rest, quantity=0, invoiced=0, used=False)
        return Cost(plan_in(now, plan), tax, rest, quantity=now.quantity, invoiced=now.invoiced, used=True)

    def hold_again(self, calendar: Calendar) -> None:
        """Hold what the meter's calls cost now: exactly, or as much of it as the balance has."""
        plan = self.plan
        if plan is not None:
            self.hold_minor(self.cost(plan, calendar).of(self.hold.leased))

    def hold_minor(self, wanted: int) -> None:
        if wanted != self.hold.held:
            self.hold.held += hold_up_to(self.uow, self.account, wanted - self.hold.held)

    def most_to_hold(self) -> int:
        """What this meter could hold of the balance at most. Nobody else changes that until the unit ends.

        No more than it does while its buyer has an invoice that is not paid in full.
        """
        if owed_by(self.uow, self.account):
            return self.hold.held
        return self.hold.held + available(self.uow, self.account)


@dataclass(frozen=True)
class Tax:
    rate_bp: int
    profile: str

    def gross(self, units: int) -> int:
        """The most that an invoice line of so many rated units can be, with its tax, in minor units."""
        net = -(-max(0, units) // UNITS_PER_MINOR)
        return add_tax(net, self.rate_bp, rounding_of(self.profile)).gross


@dataclass(frozen=True)
class Cost:
    """What a meter must hold, as a function of the calls given out."""

    plan: PricePlan
    tax: Tax
    rest: int
    quantity: int
    invoiced: int
    used: bool

    def has_units_for(self, leased: int) -> bool:
        """Whether what was bought, when it is a number of units, has so many calls left."""
        limit = rating.capacity(self.plan)
        return limit is None or self.quantity + leased <= limit

    def of(self, leased: int) -> int:
        """What must be held with so many calls given out, in minor units."""
        if not leased and not self.used:
            return self.rest
        most = rating.most(self.plan, self.quantity, self.quantity + leased)
        return self.rest + self.tax.gross(most - self.invoiced)


def opened(uow: Uow, entitlement: Metered) -> Meter:
    """The meter, locked, with the entitlement's plan and limits as they are now."""
    limits = _written(tuple(sorted(entitlement.limits.items())))
    meter = locked(uow, entitlement.id)
    if meter is not None and (meter.hold.plan_hash, meter.hold.limits) == (entitlement.plan_hash, limits):
        return meter
    plan = plans.parse(entitlement.plan)
    document = json.dumps(plan.document(), ensure_ascii=False, sort_keys=True)
    insert_missing(uow, UsagePlan, [{"hash": entitlement.plan_hash, "document": document}])
    meter = meter or locked_all(uow, {entitlement.id: entitlement})[entitlement.id]
    meter.hold.plan_hash, meter.hold.limits = entitlement.plan_hash, limits
    meter.hold.currency = plan.currency or entitlement.currency or uow.house.settings.currency
    if not any(plan_hash == entitlement.plan_hash for plan_hash, _ in meter.windows):
        _count_again(meter, entitlement.plan_hash, plan)
    uow.session.flush()
    return meter


@lru_cache(maxsize=1024)
def _written(limits: tuple[tuple[str, object], ...]) -> str:
    return json.dumps(dict(limits), sort_keys=True)


def locked(uow: Uow, entitlement_id: str) -> Meter | None:
    """The meter, which nobody else changes until this unit ends; None when there is none."""
    return locked_all(uow, {entitlement_id: None}).get(entitlement_id)


def locked_all(uow: Uow, parties: Mapping[str, Parties | None]) -> dict[str, Meter]:
    """The meters of these entitlements, locked in one order; those that are not there are made for their parties."""
    found = _locked(uow, parties)
    missing = [_meter(uow, each, of) for each, of in sorted(parties.items()) if each not in found and of is not None]
    if missing:
        insert_missing(uow, UsageHold, missing)
        found = _locked(uow, parties)
    if found:
        chosen = select(UsageWindow).where(UsageWindow.entitlement_id.in_(found))
        for window in uow.session.execute(chosen, execution_options={"populate_existing": True}).scalars():
            found[window.entitlement_id].windows[window.plan_hash, window.label] = window
    return found


def _locked(uow: Uow, entitlement_ids: Iterable[str]) -> dict[str, Meter]:
    chosen = select(UsageHold).where(UsageHold.entitlement_id.in_(list(entitlement_ids)))
    ordered = chosen.order_by(UsageHold.entitlement_id).with_for_update()
    rows = uow.session.execute(ordered, execution_options={"populate_existing": True}).scalars()
    return {hold.entitlement_id: Meter(uow, hold) for hold in rows}


def _meter(uow: Uow, entitlement_id: str, of: Parties) -> dict[str, object]:
    return {
        "entitlement_id": entitlement_id, "order_id": of.order_id, "organisation_id": of.organisation_id,
        "supplier_id": of.supplier_id, "listing_id": of.listing_id, "leased": 0, "held": 0, "opened_at": uow.now(),
    }  # fmt: skip


def plan_of(uow: Uow, plan_hash: str | None) -> PricePlan | None:
    """The plan of a hash; None when no entitlement was opened with it yet."""
    known = _plans.setdefault(uow.house.db, {})
    if plan_hash and plan_hash not in known:
        row = uow.session.get(UsagePlan, plan_hash)
        if row is not None:
            known[plan_hash] = plans.parse(json.loads(row.document))
    return known.get(plan_hash or "")


def plan_in(window: UsageWindow | None, plan: PricePlan) -> PricePlan:
    """The plan as it is for a window: for a part of a period it includes, or asks for, its part."""
    if window is None or (window.included is None and window.amount is None):
        return plan
    included = plan.included if window.included is None else window.included
    return replace(plan, included=included, amount=plan.amount if window.amount is None else window.amount)


def parts_of(meter: Meter, plan_hash: str, label: str, *, included: int | None, amount: int | None) -> None:
    """From now on a window that was not invoiced yet is of a part of a period; what it cost so far is counted again."""
    window, plan = meter.window(plan_hash, label), plan_of(meter.uow, plan_hash)
    if plan is None or window.billed is not None:
        return
    window.included, window.amount = included, amount
    meter.add_units(plan_hash, plan, {label: 0})


def _count_again(meter: Meter, plan_hash: str, plan: PricePlan) -> None:
    """Count what came before anybody knew the plan of its hash."""
    chosen = select(UsageRollup).where(
        UsageRollup.entitlement_id == meter.hold.entitlement_id, UsageRollup.plan_hash == plan_hash
    )
    counts = [(row.quarter, row.count()) for row in meter.uow.session.execute(chosen).scalars()]
    units = units_by_label(Calendar(meter.uow), meter.hold.organisation_id, plan, counts)
    meter.add_units(plan_hash, plan, units)


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

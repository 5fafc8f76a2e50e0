"""The price plan: one versioned document that offers keep, orders copy and billing rates.

The set of kinds is closed, and a field that a kind does not have is refused: what is signed must not
say more than what is billed. Two documents that mean the same have the same canonical form and hash.
``docs/formats/price-plan.md`` is the reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast

import rfc8785

from core import money
from core.problems import Invalid, Sentence

VERSION = 1
MOST_COUNT = 2**53 - 1
MOST_STEPS = 50
E = TypeVar("E", bound=StrEnum)


class PlanInvalid(Invalid):
    code, title = "plan_invalid", "This is not a price plan"


class Kind(StrEnum):
    """Every way of pricing there is."""

    FREE = "free"
    ONE_OFF = "one_off"
    SUBSCRIPTION = "subscription"
    PER_CALL = "per_call"
    PER_HIT = "per_hit"
    PER_RECORD = "per_record"
    PER_BYTE = "per_byte"
    GRADUATED = "graduated"
    VOLUME = "volume"
    PACKAGE = "package"
    MINIMUM = "minimum"
    NEGOTIATED = "negotiated"


class Unit(StrEnum):
    """What usage is counted in."""

    CALL = "call"
    HIT = "hit"
    RECORD = "record"
    BYTE = "byte"


class Period(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


SELLABLE_NOW = {
    "dataset": frozenset({Kind.FREE, Kind.ONE_OFF}),
    "interface": frozenset(
        {
            Kind.FREE, Kind.PER_CALL, Kind.PER_HIT, Kind.PACKAGE, Kind.GRADUATED, Kind.VOLUME, Kind.SUBSCRIPTION,
            Kind.MINIMUM,
        }
    ),
}  # fmt: skip
"""By the kind of listing: what can be ordered at the list price. Others are refused by name until they are built.

Nothing that counts records or bytes is among them: what a call costs must be known before it is made. Files are handed
over once, so there is nothing that a period of theirs could go on with.
"""
_ONE_A_CALL = frozenset({Unit.CALL, Unit.HIT})
_BY_UNITS = frozenset({Kind.PACKAGE, Kind.GRADUATED, Kind.VOLUME, Kind.SUBSCRIPTION})
USAGE_KINDS = frozenset(
    {Kind.PER_CALL, Kind.PER_HIT, Kind.PER_RECORD, Kind.PER_BYTE, Kind.GRADUATED, Kind.VOLUME},
)


@dataclass(frozen=True)
class Step:
    """One step of a graduated or volume price: up to and including ``up_to`` units, None for all beyond."""

    up_to: int | None
    price: int


@dataclass(frozen=True)
class PricePlan:
    """A plan that was checked. Amounts are minor units, prices 10⁻⁷ of them; what its kind lacks is None."""

    kind: Kind
    currency: str | None = None
    amount: int | None = None
    period: Period | None = None
    unit: Unit | None = None
    price: int | None = None
    per: int | None = None
    included: int | None = None
    overage: int | None = None
    free_quota: int | None = None
    quantity: int | None = None
    valid_days: int | None = None
    steps: tuple[Step, ...] | None = None
    usage: PricePlan | None = None

    @property
    def by_usage(self) -> bool:
        """Whether it is priced by what is used, afterwards."""
        return self.kind in USAGE_KINDS or self.kind is Kind.MINIMUM

    @property
    def by_period(self) -> bool:
        """Whether each of its periods costs something, whatever is used in it."""
        return self.kind in (Kind.SUBSCRIPTION, Kind.MINIMUM)

    def sellable_now(self, listing_kind: str) -> bool:
        """Whether an order at the list price is possible today for such a listing.

        What counts records or bytes is not, wherever in the plan it stands.
        """
        sold = SELLABLE_NOW.get(listing_kind, frozenset())
        return self.kind in sold and self._bounded and (self.usage is None or self.usage.sellable_now(listing_kind))

    @property
    def _bounded(self) -> bool:
        """Whether a call counts one unit at most; a subscription may count nothing at all."""
        flat = self.kind is Kind.SUBSCRIPTION and self.unit is None
        return flat or self.kind not in _BY_UNITS or self.unit in _ONE_A_CALL

    def list_price(self, currency: str) -> int | None:
        """What one order costs when it is paid, net, in minor units: 0 for what is paid by usage.

        Of a subscription it is the fee of a whole period. None when the plan has no such price in ``currency``.
        """
        if self.kind is Kind.FREE:
            return 0
        if self.currency != currency:
            return None
        if self.by_usage:
            return 0
        return self.amount if self.kind in (Kind.ONE_OFF, Kind.PACKAGE, Kind.SUBSCRIPTION) else None

    def document(self) -> dict[str, Any]:
        """The canonical document, ready for JSON."""
        parts = {name: getattr(self, name) for name in _order_of_parts(self.kind)}
        written = {name: _PARTS[name].write(value, self) for name, value in parts.items() if value is not None}
        return {"version": VERSION, "kind": str(self.kind)} | written

    def hash(self) -> str:
        """SHA-256 in hex over the canonical JSON (RFC 8785) of the document."""
        return hashlib.sha256(rfc8785.dumps(self.document())).hexdigest()


def free() -> dict[str, Any]:
    """The document of what costs nothing."""
    return PricePlan(Kind.FREE).document()


def one_off(amount: str, currency: str) -> dict[str, Any]:
    """The document of one payment for one order. Raises Invalid as ``parse`` does."""
    return parse({"version": VERSION, "kind": "one_off", "currency": currency, "amount": amount}).document()


def negotiated() -> dict[str, Any]:
    """The document of a price that is agreed by quote."""
    return PricePlan(Kind.NEGOTIATED).document()


def parse(document: object, *, at: str = "plan") -> PricePlan:
    """Check a document. Raises Invalid naming the first wrong field, its path beginning with ``at``."""
    if not isinstance(document, Mapping):
        raise PlanInvalid("A price plan is an object with version and kind.", field=at)
    if document.get("version") != VERSION or isinstance(document.get("version"), bool):
        raise PlanInvalid(Sentence("The version must be %(version)s.", version=VERSION), field=f"{at}.version")
    kind = _choice(document.get("kind"), Kind, f"{at}.kind")
    _refuse_strangers(document, {"version", "kind", *_order_of_parts(kind)}, at)
    plan = PricePlan(kind, **_read_parts(document, kind, at))
    _check_whole(plan, at)
    return plan


def plan_hash(document: object) -> str:
    """The hash of a document's canonical form. Raises Invalid as ``parse`` does."""
    return parse(document).hash()


@dataclass(frozen=True)
class _Part:
    read: Callable[[Any, str | None, str], Any]
    write: Callable[[Any, PricePlan], Any]


def _read_parts(document: Mapping[str, Any], kind: Kind, at: str) -> dict[str, Any]:
    required, optional = _SHAPES[kind]
    found: dict[str, Any] = {}
    for name in (*required, *optional):
        if name in document:
            found[name] = _PARTS[name].read(document[name], found.get("currency"), f"{at}.{name}")
        elif name in required:
            raise PlanInvalid(
                Sentence("A plan of kind %(kind)s needs %(name)s.", kind=kind, name=name), field=f"{at}.{name}"
            )
    return found


def _check_whole(plan: PricePlan, at: str) -> None:
    if plan.kind is Kind.SUBSCRIPTION and plan.included is not None and plan.unit is None:
        raise PlanInvalid("Say the unit of what is included.", field=f"{at}.unit")
    if plan.kind is Kind.SUBSCRIPTION and plan.overage is not None and plan.included is None:
        raise PlanInvalid("Overage needs to know what is included.", field=f"{at}.included")
    if plan.free_quota is not None and plan.period is None:
        raise PlanInvalid("Say for which period the free quota is.", field=f"{at}.period")
    if plan.usage is not None and plan.usage.currency != plan.currency:
        raise PlanInvalid("Both plans need the same currency.", field=f"{at}.usage.currency")


def _refuse_strangers(document: Mapping[Any, Any], allowed: set[str], at: str) -> None:
    for name in document:
        if name not in allowed:
            shown = str(name)[:40]
            raise PlanInvalid(Sentence("A plan of this kind has no %(name)s.", name=shown), field=f"{at}.{shown}")


def _choice(value: object, kinds: type[E], field: str) -> E:
    if isinstance(value, str):
        with suppress(ValueError):
            return kinds(value)
    raise PlanInvalid(Sentence("Choose one of %(names)s.", names=", ".join(kinds)), field=field)


def _count(least: int, most: int = MOST_COUNT) -> _Part:
    def read(value: Any, _currency: str | None, field: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise PlanInvalid(
                Sentence("This must be a whole number from %(least)s to %(most)s.", least=least, most=most), field=field
            )
        return value

    return _Part(read, lambda value, _plan: value)


def _one_of(kinds: type[StrEnum]) -> _Part:
    return _Part(lambda value, _currency, field: _choice(value, kinds, field), lambda value, _plan: str(value))


def _read_currency(value: Any, _currency: str | None, field: str) -> str:
    money.exponent(value, field=field)
    return cast(str, value)


def _read_steps(value: Any, currency: str | None, at: str) -> tuple[Step, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_STEPS:
        raise PlanInvalid(Sentence("Give between 1 and %(most)s steps.", most=MOST_STEPS), field=at)
    steps = tuple(_read_step(step, str(currency), f"{at}.{position}") for position, step in enumerate(value))
    _check_ascending(steps, at)
    return steps


def _read_step(value: Any, currency: str, at: str) -> Step:
    if not isinstance(value, Mapping) or "price" not in value or "up_to" not in value:
        raise PlanInvalid("A step has up_to and price.", field=at)
    _refuse_strangers(value, {"up_to", "price"}, at)
    up_to = None if value["up_to"] is None else _count(1).read(value["up_to"], None, f"{at}.up_to")
    return Step(up_to, money.parse_price(value["price"], currency, field=f"{at}.price", zero=True))


def _check_ascending(steps: tuple[Step, ...], at: str) -> None:
    bounds = [step.up_to for step in steps]
    if bounds[-1] is not None:
        raise PlanInvalid("The last step must be open: up_to null.", field=f"{at}.{len(steps) - 1}.up_to")
    before = 0
    for position, bound in enumerate(bounds[:-1]):
        if bound is None or bound <= before:
            raise PlanInvalid("Steps must ascend.", field=f"{at}.{position}.up_to")
        before = bound


def _write_steps(steps: tuple[Step, ...], plan: PricePlan) -> list[dict[str, Any]]:
    return [{"up_to": step.up_to, "price": money.format_price(step.price, str(plan.currency))} for step in steps]


def _read_usage(value: Any, _currency: str | None, at: str) -> PricePlan:
    plan = parse(value, at=at) if _is_usage(value) else None
    if plan is None:
        raise PlanInvalid("A minimum stands on a plan by usage.", field=f"{at}.kind")
    return plan


def _is_usage(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("kind") in {str(kind) for kind in USAGE_KINDS}


def _amount_part() -> _Part:
    return _Part(
        lambda value, currency, field: money.parse_amount(value, str(currency), field=field, zero=False),
        lambda value, plan: money.format_amount(value, str(plan.currency)),
    )


def _price_part() -> _Part:
    return _Part(
        lambda value, currency, field: money.parse_price(value, str(currency), field=field),
        lambda value, plan: money.format_price(value, str(plan.currency)),
    )


_PARTS: dict[str, _Part] = {
    "currency": _Part(_read_currency, lambda value, _plan: value),
    "amount": _amount_part(),
    "period": _one_of(Period),
    "unit": _one_of(Unit),
    "price": _price_part(),
    "per": _count(1),
    "included": _count(1),
    "overage": _price_part(),
    "free_quota": _count(1),
    "quantity": _count(1),
    "valid_days": _count(1, 3660),
    "steps": _Part(_read_steps, _write_steps),
    "usage": _Part(_read_usage, lambda value, _plan: value.document()),
}

_BY_UNIT = (("currency", "price"), ("per", "free_quota", "period"))
_BY_STEPS = (("currency", "unit", "steps"), ("free_quota", "period"))
_SHAPES: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.FREE: ((), ()),
    Kind.ONE_OFF: (("currency", "amount"), ()),
    Kind.SUBSCRIPTION: (("currency", "amount", "period"), ("unit", "included", "overage")),
    Kind.PER_CALL: _BY_UNIT,
    Kind.PER_HIT: _BY_UNIT,
    Kind.PER_RECORD: _BY_UNIT,
    Kind.PER_BYTE: _BY_UNIT,
    Kind.GRADUATED: _BY_STEPS,
    Kind.VOLUME: _BY_STEPS,
    Kind.PACKAGE: (("currency", "amount", "unit", "quantity"), ("valid_days",)),
    Kind.MINIMUM: (("currency", "amount", "period", "usage"), ()),
    Kind.NEGOTIATED: ((), ()),
}
"""Of each kind: the fields it must have and those it may have, the currency first."""


def _order_of_parts(kind: Kind) -> tuple[str, ...]:
    required, optional = _SHAPES[kind]
    return required + optional

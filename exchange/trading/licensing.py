"""An order's licence: as a document, in words, as far as it goes now; and whether it covers one use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from billing.usage import service as usage
from compliance.identity import queries as identity
from core.actor import Actor
from core.db import Uow
from exchange import licences
from exchange.trading import queries
from exchange.trading.errors import LicenceNotFound, LicenceRefuses
from exchange.trading.models import Order
from exchange.trading.standing import Standing, standing
from exchange.trading.types import RightState

Claim = Mapping[str, str | None]
"""What the asker says of the use: ``purpose``, ``territory``, ``recipient``; what is missing is the holder's own."""
NOTHING_CLAIMED: Claim = {}


@dataclass(frozen=True)
class LicenceView:
    """The ODRL policy with its hash, its sentences by language, and whether it can be used at this moment.

    ``code`` is why it cannot, empty when it can. ``used`` are uses of ``count`` in the whole term.
    """

    id: str
    order_id: str
    policy: Mapping[str, Any]
    policy_hash: str
    words: Mapping[str, tuple[str, ...]]
    starts_at: datetime
    ends_at: datetime | None
    tier: int
    code: str
    purposes: tuple[str, ...]
    territories: tuple[str, ...]
    recipients: tuple[str, ...]
    count: int | None
    used: int


def of_order(uow: Uow, actor: Actor, order_id: str, zone: tzinfo = UTC) -> LicenceView:
    """In words that tell times in ``zone``. Raises OrderNotFound, and LicenceNotFound before it was granted."""
    order = queries.load(uow, actor, order_id)
    licence, right = order.licence, order.entitlement
    if licence is None or right is None:
        raise LicenceNotFound(hint="A licence begins when the order is paid.")
    now = _standing(uow, order)
    names = _names(uow, order, now)
    return LicenceView(
        licence.id, order.id, licence.document, licence.policy_hash,
        {language: licences.words(licence.document, language, names[language], zone) for language in names},
        licence.starts_at, licence.ends_at, right.tier, _code(uow, order, now), now.purposes, now.territories,
        now.recipients, now.count, usage.taken_in_term(uow, right.id),
    )  # fmt: skip


def require_use(uow: Uow, actor: Actor, order_id: str, channel: str, claim: Claim) -> None:
    """That the order's licence covers this use at this moment.

    Raises OrderNotFound, LicenceNotFound, LicenceRefuses.
    """
    order = queries.load(uow, actor, order_id)
    if order.licence is None or order.entitlement is None:
        raise LicenceNotFound(hint="A licence begins when the order is paid.")
    holder = identity.organisation(uow, order.buyer_id)
    use = licences.Use(
        uow.now(), claim.get("purpose") or order.purpose, claim.get("territory") or holder.country,
        claim.get("recipient") or holder.id, channel,
    )  # fmt: skip
    found = licences.evaluate(order.licence.document, use)
    code, now = found.code, _standing(uow, order)
    if not code and now.territories and use.territory not in now.territories:
        code = "territory_not_permitted"  # the tier keeps at home what the licence did not
    code = code or now.lacking
    if code:
        raise LicenceRefuses(code, actor=actor, order_id=order_id, needed=found.needed, actual=found.actual)


def _standing(uow: Uow, order: Order) -> Standing:
    assert order.entitlement is not None
    holder = identity.organisation(uow, order.buyer_id)
    return standing(uow.house, order.entitlement, order, holder, queries.bonds(uow, [order])[order.id])


def _code(uow: Uow, order: Order, now: Standing) -> str:
    """Why the right cannot be used at this moment, in the order in which a gateway says it."""
    right = order.entitlement
    assert right is not None
    if right.state == RightState.REVOKED:
        return "licence_revoked"
    if order.frozen_at is not None:
        return "order_frozen"
    if right.ends_at is not None and right.ends_at <= uow.now():
        return "licence_expired"
    return "licence_not_started" if right.starts_at > uow.now() else now.lacking


def _names(uow: Uow, order: Order, now: Standing) -> Mapping[str, dict[str, str]]:
    """What ids are called in each language."""
    found = identity.organisations(uow, {order.supplier_id, order.buyer_id, *now.recipients})
    title = order.snapshot().title
    names = {
        "zh": {each.id: each.name for each in found.values()},
        "en": {each.id: each.name_en or each.name for each in found.values()},
    }
    for language, other in (("zh", "en"), ("en", "zh")):
        called = title.get(language) or title.get(other) or order.revision_id
        names[language][order.revision_id] = f"“{called}” r{order.revision_number}"
    return names

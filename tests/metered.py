"""A metered trade, built by services: an interface on a fast upstream, ordered and paid, and a key to call it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.interfaces import service as interfaces
from catalog.listings import service as listings
from catalog.listings.types import DECLARATIONS, ListingSnapshot
from compliance.keys import service as keys
from core.db import Uow
from core.house import House
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.servers.fast_upstream import FastUpstream

PER_HIT = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.04"}
FAST: Mapping[str, Any] = {"rate_per_second": 100_000, "burst": 100_000, "concurrency": 10_000, "trial_calls": 1000}


@dataclass(frozen=True)
class Trade:
    """Who trades what, and the key in clear."""

    supplier: Built
    buyer: Built
    interface_id: str
    listing: ListingSnapshot
    order: OrderSnapshot
    key_id: str
    key: str

    @property
    def entitlement_id(self) -> str:
        assert self.order.entitlement is not None
        return self.order.entitlement.id

    def path(self, name: str) -> str:
        return f"/i/{self.listing.id}/answer/{name}"


def trade(
    house: House,
    upstream: FastUpstream,
    *,
    plan: Mapping[str, Any] = PER_HIT,
    balance: str = "100000.00",
    **limits: Any,
) -> Trade:
    """The house must allow the upstream's address; ``limits`` change those of ``FAST``."""
    supplier, buyer = build.organisation(house, level=2), build.organisation(house, level=2)
    if float(balance):
        build.funded(house, buyer, balance)
    interface_id = _interface(house, supplier, upstream)
    listing = _listed(house, supplier, interface_id, plan, {**FAST, **limits})
    order = build.paid(house, buyer, listing)
    made = house.db.write(lambda uow: keys.create(uow, buyer.actor, name="bench", mode="live"))
    return Trade(supplier, buyer, interface_id, listing, order, made.snapshot.id, made.key)


def _interface(house: House, supplier: Built, upstream: FastUpstream) -> str:
    actor = supplier.actor
    check = interfaces.check(house, actor, upstream.document())
    picked = [{"operation": "answer", "outcome": {"statuses": {"200": "hit", "404": "miss"}}}]
    made = house.db.write(
        lambda uow: interfaces.create(
            uow, actor, openapi_check_id=check.id, title=None,
            upstream={"base_url": upstream.url, "timeout_ms": 10_000, "connect_timeout_ms": 2_000},
            credential={"kind": "header", "name": "X-Secret"}, operations=picked,
        )
    )  # fmt: skip
    interface_id = made.interface.id
    house.db.write(lambda uow: interfaces.set_credential(uow, actor, interface_id, value="the secret"))
    interfaces.try_operation(house, actor, interface_id, operation="answer", values={"name": "hit-0"}, body=None)
    return interface_id


def _listed(
    house: House, supplier: Built, interface_id: str, plan: Mapping[str, Any], limits: Mapping[str, Any]
) -> ListingSnapshot:
    texts = {"zh": "快速应答接口", "en": "Fast answers"}
    given = {
        "kind": "interface", "title": texts, "summary": texts, "licence_terms": {"en": "For the licensee only."},
        "scene": "other", "declarations": dict.fromkeys(DECLARATIONS, "as stated in the contract"),
    }  # fmt: skip

    def draft(uow: Uow) -> str:
        made = listings.create(uow, supplier.actor, fields=given)
        listings.add_revision(uow, supplier.actor, made.id, interface_id=interface_id)
        listings.set_offer(
            uow, supplier.actor, made.id, plan=plan, purposes=["product"], term_months=12, limits=dict(limits)
        )
        return listings.submit(uow, supplier.actor, made.id).id

    return build.approved(house, supplier, house.db.write(draft))

"""An order's contracts: which are drawn up from its terms, who signs them, and what follows from the signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compliance.identity import queries as identity
from compliance.policy import relations
from compliance.tiers import profile
from core.actor import Actor
from core.db import Uow
from exchange.contracts import queries as contracts
from exchange.contracts import service
from exchange.contracts.types import ContractKind, ContractSnapshot, Party, Price, Subject
from exchange.trading import queries
from exchange.trading.types import OrderSnapshot, Side

_NDA = "nda"
_MAIN = (ContractKind.LICENCE, ContractKind.PROVISION, ContractKind.ENTRUSTED)


def draw_up(
    uow: Uow, actor: Actor, order: OrderSnapshot, kind: str, terms: Mapping[str, Any] | None
) -> ContractSnapshot:
    """The document between the order's parties, over these terms."""
    provider, recipient = parties(uow, order)
    price = Price(order.currency, order.net, order.tax, order.gross) if terms else None
    return service.draw_up(
        uow, actor, kind, provider=provider, recipient=recipient, subject=_subject(uow, order), terms=terms,
        price=price,
    )  # fmt: skip


def sign(
    uow: Uow, actor: Actor, order: OrderSnapshot, kind: str, side: Side, *, otp: str, signature: str
) -> ContractSnapshot:
    """Sign the order's NDA, drawn up when the first side signs it, or its contract.

    When the buyer and whoever else has to have signed, policy learns of it: the relation is written down.
    """
    wanted = (ContractKind.NDA,) if kind == _NDA else _MAIN
    found = contracts.find(uow, order.id, *wanted) or draw_up(uow, actor, order, ContractKind.NDA, None)
    signed = service.sign(
        uow, actor, found.id, side, otp=otp, signature=signature, concerns=[order.buyer_id, order.supplier_id]
    )
    if complete(signed):
        relation, about = ("nda", order.listing_id) if kind == _NDA else ("contract", order.id)
        relations.grant(uow, relation, order.buyer_id, about)
    return signed


def complete(contract: ContractSnapshot) -> bool:
    """Whether everybody has signed whom it binds: a licence is the buyer's alone to sign."""
    sides = (Side.BUYER,) if contract.kind == ContractKind.LICENCE else (Side.BUYER, Side.SUPPLIER)
    return all(contract.signed_by(side) for side in sides)


def of_order(uow: Uow, actor: Actor, order_id: str) -> list[ContractSnapshot]:
    """The contracts of an order that the actor may see. Raises OrderNotFound."""
    queries.load(uow, actor, order_id)
    return contracts.of_order(uow, order_id)


def parties(uow: Uow, order: OrderSnapshot) -> tuple[Party, Party]:
    found = identity.organisations(uow, [order.supplier_id, order.buyer_id])
    supplier, buyer = (found[each] for each in (order.supplier_id, order.buyer_id))
    return tuple(  # type: ignore[return-value]
        Party(each.id, each.name, each.name_en, each.credit_code, each.country) for each in (supplier, buyer)
    )


def _subject(uow: Uow, order: OrderSnapshot) -> Subject:
    row = profile(uow.house.settings.tier_profile).row(order.tier)
    return Subject(
        order.id, order.listing_id, order.revision_id, order.kind, dict(order.title), order.tier, row.contract
    )  # fmt: skip

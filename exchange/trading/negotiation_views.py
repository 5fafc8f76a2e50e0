"""HTTP routes of a negotiation: words, terms, what agreed terms need, and the contract."""

from __future__ import annotations

import json
from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from exchange.contracts.types import ContractSnapshot
from exchange.trading import negotiating, papers, queries, requirements, spending
from exchange.trading.negotiation_schemas import (
    AgreementIn,
    ContractsOut,
    InquiryIn,
    LimitIn,
    LimitsOut,
    MeetIn,
    MessageIn,
    NegotiationDeclineIn,
    OfferTermsIn,
    PrivateOfferIn,
    RequirementsOut,
    ThreadOut,
)
from exchange.trading.schemas import OrderOut

api = http.Api("negotiations")


@api.post("/orders/inquiries", body=InquiryIn, answer=OrderOut, status=201, idempotent=True, summary="Ask for a quote")
def inquire(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return negotiating.inquire(uow, actor, **body)


@api.post(
    "/orders/offers", body=PrivateOfferIn, answer=OrderOut, status=201, idempotent=True,
    summary="Offer a listing of your own to one buyer, at terms that nobody else sees",
)  # fmt: skip
def offer(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return negotiating.offer(
        uow, actor, listing_id=body["listing_id"], buyer_id=body["buyer_id"], given=body["terms"], text=body["text"]
    )


@api.post("/orders/<order_id>/messages", body=MessageIn, answer=OrderOut, status=201, summary="A question or an answer")
def say(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return negotiating.say(uow, actor, order_id, **body)


@api.post("/orders/<order_id>/terms", body=OfferTermsIn, answer=OrderOut, status=201, summary="Offer, or counter-offer")
def propose(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return negotiating.propose(
        uow, actor, order_id, in_reply_to=body["in_reply_to"], given=body["terms"], text=body["text"]
    )


@api.get(
    "/orders/<order_id>/terms", answer=ThreadOut, summary="Everything that was said and offered, every version kept"
)
def thread(uow: Uow, actor: Actor, order_id: str) -> Any:
    return {"items": queries.messages(uow, actor, order_id)}


@api.post("/orders/<order_id>/agree", body=AgreementIn, answer=OrderOut, summary="Accept the terms on the table")
def agree(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return negotiating.agree(uow, actor, order_id, in_reply_to=body["in_reply_to"])


@api.post(
    "/orders/<order_id>/decline",
    body=NegotiationDeclineIn,
    answer=OrderOut,
    summary="End it before there is anything to pay",
)
def decline(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return negotiating.decline(uow, actor, order_id, **body)


@api.get(
    "/orders/<order_id>/requirements", answer=RequirementsOut, summary="What the agreed terms need, and who met it"
)
def needed(uow: Uow, actor: Actor, order_id: str) -> Any:
    return {"items": requirements.of_order(uow, actor, order_id)}


@api.post(
    "/orders/<order_id>/requirements/<name>", body=MeetIn, answer=OrderOut,
    summary="Sign, approve, or accept as the second person: kind.side, such as contract.buyer",
)  # fmt: skip
def meet(uow: Uow, actor: Actor, order_id: str, name: str, body: dict[str, Any]) -> Any:
    return requirements.meet(uow, actor, order_id, name, **body)


@api.get("/orders/<order_id>/contract", answer=ContractsOut, summary="The contracts of an order, with their signatures")
def contract(uow: Uow, actor: Actor, order_id: str) -> Any:
    return {"items": [_shown(each) for each in papers.of_order(uow, actor, order_id)]}


@api.get("/organisation/spending-limits", answer=LimitsOut, summary="What members may order alone")
def limits(uow: Uow, actor: Actor) -> Any:
    return {"items": spending.limits(uow, actor)}


@api.put(
    "/organisation/spending-limits/<account_id>", body=LimitIn, answer=LimitsOut,
    summary="An owner says what a member may order alone, by one order and in a month; null: without limit",
)  # fmt: skip
def limit(uow: Uow, actor: Actor, account_id: str, body: dict[str, Any]) -> Any:
    spending.limit(uow, actor, account_id, body["amount"], body["monthly"])
    return {"items": spending.limits(uow, actor)}


def _shown(each: ContractSnapshot) -> dict[str, Any]:
    """``body`` is exactly what was signed; ``document`` the same, parsed."""
    return {
        "id": each.id, "kind": each.kind, "sha256": each.sha256, "made_at": each.made_at, "body": each.body,
        "document": json.loads(each.body), "complete": papers.complete(each), "signatures": each.signatures,
    }  # fmt: skip

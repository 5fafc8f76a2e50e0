"""HTTP routes of suppliers: where their money goes, and what went there."""

from __future__ import annotations

from typing import Any

import flask

from billing.payouts import accounts, banks, queries, reversals, transfers
from billing.payouts.schemas import (
    ArrivalsOut,
    BankAccountIn,
    BankAccountOut,
    ConnectedAccountOut,
    DestinationOut,
    PayoutLinkOut,
    PayoutOut,
    PayoutPageOut,
    PayoutReturnIn,
    PayoutWholeOut,
    ReversalIn,
    ReversalOut,
)
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import PageQuery
from core.house import House

api = http.Api("payouts")


@api.get("/payout-account", answer=DestinationOut, summary="Where your money goes")
def show_account(uow: Uow, actor: Actor) -> Any:
    return {"account": queries.own_account(uow, actor), "bank_account": queries.own_bank_account(uow, actor)}


@api.post(
    "/payout-account", answer=ConnectedAccountOut, idempotent=True,
    summary="Begin your account with the payment processor (owner or finance)",
)  # fmt: skip
def begin_account(uow: Uow, actor: Actor) -> Any:
    return accounts.begin(uow, actor)


@api.raw(
    "POST", "/payout-account/link", answer=PayoutLinkOut,
    summary="A fresh address where it is filled in; it works once (owner or finance)",
)  # fmt: skip
def link_account(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    return http.respond(200, {"url": accounts.link(house, actor)})


@api.post(
    "/payout-account/bank", body=BankAccountIn, answer=BankAccountOut, idempotent=True,
    summary="Give a bank account; used some days later (owner, with a one-time code)",
)  # fmt: skip
def change_bank_account(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return banks.change(uow, actor, **body)


@api.get("/payout-arrivals", answer=ArrivalsOut, summary="What the processor paid out to your own bank, newest first")
def list_arrivals(uow: Uow, actor: Actor) -> Any:
    return {"items": queries.arrivals(uow, actor)}


@api.get("/payouts", query=PageQuery, answer=PayoutPageOut, summary="Payouts, newest first")
def list_payouts(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.payouts(uow, actor, **query)


@api.get("/payouts/<payout_id>", answer=PayoutWholeOut, summary="One payout, its lines, and what was taken back")
def show_payout(uow: Uow, actor: Actor, payout_id: str) -> Any:
    found = queries.payout(uow, actor, payout_id)
    reversed_of = queries.reversals_of(uow, [found.id])
    return {"payout": found, "lines": queries.lines_of(uow, found.id), "reversals": reversed_of}


@api.post(
    "/payouts/<payout_id>/reversals", body=ReversalIn, answer=ReversalOut, status=201, idempotent=True,
    summary="Take a transfer back, as far as its supplier owes (finance)",
)  # fmt: skip
def reverse(uow: Uow, actor: Actor, payout_id: str, body: dict[str, Any]) -> Any:
    return reversals.reverse(uow, actor, payout_id, **body)


@api.post(
    "/payouts/<payout_id>/return", body=PayoutReturnIn, answer=PayoutOut, idempotent=True,
    summary="A bank transfer came back, or is stopped before the file (finance)",
)  # fmt: skip
def give_back(uow: Uow, actor: Actor, payout_id: str, body: dict[str, Any]) -> Any:
    return transfers.give_back(uow, actor, payout_id, **body)

"""Orders: the list, and one order with its turn, thread, money, rights and proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import flask
from werkzeug.wrappers import Response

from billing.invoices import queries as invoices
from billing.ledger import queries as ledger
from billing.payments import queries as payments
from billing.payments.types import Payment, Purpose
from billing.usage import queries as usage
from billing.usage.types import Standing
from catalog.listings import queries as listings
from catalog.listings.types import ListingKind
from compliance.audit import queries as audit
from compliance.identity import queries as identity
from compliance.policy import decide
from core.db import Uow
from core.problems import DomainError, NotFound
from exchange.delivery import answers
from exchange.delivery import queries as delivery
from exchange.delivery import service as grants
from exchange.delivery.errors import DeliveryFileNotFound
from exchange.delivery.links import Link
from exchange.disputes import queries as disputes
from exchange.disputes.types import DisputeSnapshot
from exchange.trading import first_fee, queries, rises, service, subscriptions
from exchange.trading.errors import NoSubscription
from exchange.trading.types import OrderSnapshot, OrderState, StepSnapshot, SubscriptionSnapshot
from exchange.web import fetching, forms, negotiations, operations, terms
from exchange.web.explain import DecisionText, card
from exchange.web.negotiations import Talk
from exchange.web.paying import ways_to_pay
from exchange.web.session import actor, house
from exchange.web.shell import act, done, pages, read, render, signed_in
from exchange.web.turns import Turn, turn
from exchange.web.words import WORDS, word

DEEDS = ("pay", "cancel", "accept", "fail", "freeze", "release", "unsubscribe")
_STEPS = ("placed", "paid", "delivered", "accepted")


@dataclass
class OrderPage:
    """All that the page of one order shows, read in one unit."""

    order: OrderSnapshot
    side: str
    parties: dict[str, Any]
    steps: list[Any]
    numbers: dict[str, int]
    files: list[Any]
    received: dict[str, bool]
    deeds: dict[str, DecisionText | None]
    balance: Any = None
    invoices: list[Any] = field(default_factory=list)
    limits: list[tuple[str, str]] = field(default_factory=list)
    standing: Standing | None = None
    operations: list[operations.OperationText] = field(default_factory=list)
    talk: Talk | None = None
    disputes: Sequence[DisputeSnapshot] = ()
    related: bool = False
    """Whether the parties belong together: for officers."""
    link: Link | None = None
    downloads: bool = True
    subscription: SubscriptionSnapshot | None = None
    announced: Sequence[rises.Announced] = ()
    ways: dict[str, Any] = field(default_factory=dict)
    paying: Payment | None = None
    due: int = 0
    """What paying it takes now: for its buyer."""

    @property
    def turn(self) -> Turn:
        """Whose turn it is, said first."""
        lacking = {each.side for each in self.talk.left} if self.talk else set()
        return turn(self.order, self.side, lacking, self.disputes[0] if self.disputes else None)

    @property
    def disputed(self) -> bool:
        return bool(self.disputes) and not self.disputes[0].ended

    def issued(self, step: StepSnapshot) -> list[Any]:
        """The invoices and credit notes that this step made."""
        return [invoice for invoice in self.invoices if invoice.issued_at == step.at]

    def dispute_of(self, step: StepSnapshot) -> DisputeSnapshot | None:
        """The dispute that this step opened or ended."""
        if not step.action.startswith("dispute"):
            return None
        return next((each for each in self.disputes if step.at in (each.opened_at, each.ended_at)), None)

    @property
    def bar(self) -> list[tuple[str, str]]:
        """The steps bar: done, now, or still to come."""
        return [(name, _mark(self.order.state, position)) for position, name in enumerate(_STEPS)]

    @property
    def agreed(self) -> list[terms.Row]:
        return terms.rows(self.order.agreement) if self.order.agreement else []

    def step_word(self, step: StepSnapshot) -> str:
        """What a step was called: access to an interface is not delivered as files are."""
        group = "call_step" if self.order.kind == "interface" and step.action in WORDS["call_step"] else "step"
        return word(group, step.action)

    @property
    def lost(self) -> bool:
        """Whether a file cannot be handed out any more that was never fetched in full."""
        return any(file.problem and not self.received.get(file.file_id) for file in self.files)

    def may(self, deed: str) -> bool:
        found = self.deeds.get(deed)
        return found is not None and found.permitted


def _mark(state: str, position: int) -> str:
    if state == OrderState.ACCEPTED:
        return "go"
    if state not in _STEPS:
        return ""
    reached = _STEPS.index(state)
    return "go" if position <= reached else "now" if position == reached + 1 else ""


@pages.get("/orders")
def orders() -> flask.Response:
    signed_in()
    state = flask.request.args.get("state") or None

    def work(uow: Uow) -> dict[str, Any]:
        page = queries.orders(uow, actor(), cursor=flask.request.args.get("cursor"), state=state)
        ids = {each for order in page.items for each in (order.buyer_id, order.supplier_id)}
        return {"page": page, "parties": identity.organisations(uow, ids)}

    return render("orders/list.html", state=state, states=list(OrderState), **read(work))


@pages.get("/orders/<order_id>")
def order(order_id: str) -> flask.Response:
    signed_in()
    return show_order(order_id)


def show_order(
    order_id: str, problem: DomainError | None = None, link: fetching.Fetching | None = None
) -> flask.Response:
    """The page of one order, with what was wrong with the form that was sent from it, or the link it asked for."""
    page = read(lambda uow: _order_page(uow, order_id))
    status = problem.status if problem else 200
    return render("orders/show.html", status, page=page, problem=problem, fetching=link)


def _order_page(uow: Uow, order_id: str) -> OrderPage:
    who = actor()
    row = queries.load(uow, who, order_id)
    snapshot = row.snapshot()
    resource = queries.resource_of(row)
    steps = queries.timeline(uow, who, order_id)
    mine = who.organisation_id == snapshot.buyer_id
    side = "buyer" if mine else "supplier" if who.organisation_id == snapshot.supplier_id else "platform"
    books = disputes.sees_charges(who, order_id)
    to_pay = mine and snapshot.state == OrderState.PLACED
    return OrderPage(
        order=snapshot,
        side=side,
        parties=identity.organisations(uow, [snapshot.buyer_id, snapshot.supplier_id]),
        steps=steps,
        numbers=audit.numbers(uow, [step.audit_entry_id for step in steps]),
        files=delivery.files(uow, who, order_id),
        received={r.file_id: True for r in delivery.receipts(uow, who, order_id) if r.complete},
        deeds={deed: card(decide(who, f"order:{deed}", resource)) for deed in DEEDS},
        balance=ledger.balance(uow, snapshot.buyer_id) if mine and books else None,
        invoices=invoices.of_order(uow, order_id) if books else [],
        limits=operations.limits(snapshot.limits),
        standing=_standing(uow, snapshot),
        operations=_operations(uow, snapshot) if mine else [],
        talk=negotiations.talk(uow, snapshot, side, flask.request.form),
        disputes=disputes.disputes(uow, who, order_id=order_id).items,
        related=side == "platform" and identity.related(uow, snapshot.buyer_id, snapshot.supplier_id),
        link=fetching.strict(house(), snapshot) if mine else None,
        downloads=fetching.downloads(snapshot),
        subscription=_subscription(uow, order_id),
        announced=[each for each in rises.of_order(uow, who, order_id) if each.applied_at is None],
        ways=ways_to_pay(uow) if to_pay else {},
        due=first_fee.due(uow, row) if to_pay else 0,
        paying=payments.pending_of(uow, Purpose.ORDER, order_id) if to_pay and books else None,
    )


def _subscription(uow: Uow, order_id: str) -> SubscriptionSnapshot | None:
    try:
        return subscriptions.get(uow, actor(), order_id)
    except NoSubscription:
        return None


def _operations(uow: Uow, order: OrderSnapshot) -> list[operations.OperationText]:
    """What was licensed, with lines to copy, also when the listing is no longer shown to anybody."""
    right = order.entitlement
    interface = listings.revision(uow, order.revision_id).interface
    if interface is None or right is None or right.state != "active" or order.frozen_at is not None:
        return []
    address = f"{house().settings.gateway_address}/i/{order.listing_id}"
    return operations.operations(interface, operations.Caller(address, order.purpose))


def _standing(uow: Uow, order: OrderSnapshot) -> Standing | None:
    """How the right to call stands; nothing for files, before there is a right, and for those who may not see it."""
    if order.kind != ListingKind.INTERFACE or order.entitlement is None:
        return None
    try:
        return usage.standing(uow, actor(), order.entitlement.id)
    except NotFound:
        return None


@pages.post("/orders")
def place_order() -> Response:
    signed_in()
    form = forms.load(forms.OrderForm, keep_empty=False)
    placed = act(lambda uow: service.place(uow, actor(), **form))
    return done("order-placed", "web.order", order_id=placed.id)


@pages.post("/orders/<order_id>/pay")
def pay_order(order_id: str) -> Response:
    signed_in()
    act(lambda uow: service.pay(uow, actor(), order_id))
    return done("order-paid", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/cancel")
def cancel_order(order_id: str) -> Response:
    signed_in()
    form = forms.load(forms.ReasonForm)
    act(lambda uow: service.cancel(uow, actor(), order_id, reason=form["reason"]))
    return done("order-cancelled", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/unsubscribe")
def unsubscribe(order_id: str) -> Response:
    signed_in()
    act(lambda uow: subscriptions.cancel(uow, actor(), order_id))
    return done("unsubscribed", "web.order", order_id=order_id)


@pages.post("/listings/<listing_id>/price-notice")
def announce_price(listing_id: str) -> Response:
    signed_in()
    act(lambda uow: rises.announce(uow, actor(), listing_id))
    return done("price-announced", "web.listing", listing_id=listing_id)


@pages.post("/orders/<order_id>/accept")
def accept_order(order_id: str) -> Response:
    signed_in()
    act(lambda uow: service.accept(uow, actor(), order_id))
    return done("order-accepted", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/fail")
def fail_order(order_id: str) -> Response:
    signed_in()
    form = forms.load(forms.ReasonForm)
    act(lambda uow: service.fail_delivery(uow, actor(), order_id, reason=form["reason"]))
    return done("order-failed", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/freeze")
def freeze_order(order_id: str) -> Response:
    signed_in()
    form = forms.load(forms.ReasonForm)
    act(lambda uow: service.freeze(uow, actor(), order_id, reason=form["reason"]))
    return done("order-frozen", "web.order", order_id=order_id)


@pages.post("/orders/<order_id>/release")
def release_order(order_id: str) -> Response:
    signed_in()
    act(lambda uow: service.release(uow, actor(), order_id))
    return done("order-released", "web.order", order_id=order_id)


@pages.get("/orders/<order_id>/files/<file_id>")
def order_file(order_id: str, file_id: str) -> flask.Response:
    signed_in()
    return answers.file(house(), actor(), flask.request, order_id, file_id)


@pages.post("/orders/<order_id>/files/<file_id>/link")
def file_link(order_id: str, file_id: str) -> flask.Response:
    """A link for a program; with ``link``, one that was given before, what is left of that one and no other is made."""
    signed_in()
    try:
        form = forms.load(forms.LinkForm)
        url = form["link"] or act(lambda uow: grants.grant(uow, actor(), order_id, file_id, otp=form["otp"])).url
        shown = fetching.of_link(house(), order_id, url)
        if shown is None:
            raise DeliveryFileNotFound()
    except DomainError as problem:
        return show_order(order_id, problem)
    return show_order(order_id, link=shown)


@pages.get("/orders/<order_id>/bundle.zip")
def order_bundle(order_id: str) -> flask.Response:
    """The bundle, or a page that asks to come back when the next checkpoint is still being signed."""
    signed_in()
    answer = answers.bundle(house(), actor(), order_id, flask.request.args.getlist("call"))
    if answer.status_code != 202:
        return answer
    waiting = render("orders/bundle_waits.html", order_id=order_id)
    waiting.headers["Refresh"] = "2"
    return waiting

"""Every order in which a payment, its messages, refunds, disputes, transfers and deaths of processes can come.

A state is the exchange's database and the fake Stripe, both whole. From each state every possible act is tried, on a
copy. States that are alike but for ids and times are one, so that a state is explored once and still every path of so
many acts is: their number is counted over the graph. From each state things are also brought to their end, in a world
that works again, and there nothing may be wrong.
"""

from __future__ import annotations

import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import stripe
from sqlalchemy import func, select

from billing import queries as books
from billing.ledger import queries as ledger
from billing.payments import checkout, following, queries, refunds
from billing.payments.types import PENDING, Payment
from billing.payouts import accounts, runs
from billing.payouts.models import PayoutRow
from billing.processor import importing, inbox
from billing.processor import queries as processor
from billing.processor import service as asking
from billing.processor.client import Processor
from billing.settlement import service as settlement
from core.house import House
from core.problems import DomainError
from tests import build
from tests.build import Built
from tests.stripe.server import Server

_TABLES = (
    "payment", "card_refund", "chargeback", "payout", "processor_attempt", "processor_event", "funded_order",
    "ledger_balance", "open_invoice",
)  # fmt: skip
_KINDS = ("payment_intent", "charge", "refund", "dispute", "transfer", "checkout.session")
_KEPT_OF_OBJECTS = ("id", "object", "status", "amount", "amount_refunded", "amount_received", "disputed", "reversed",
                    "payment_status", "payment_intent")  # fmt: skip
_DROPPED = re.compile(r"_at$|^(version|tries|message|params|evidence|url|receipt|answer_by|since)$")
_ID = re.compile(r"\b(?:[a-z]{2,5}_[0-9a-z]{26}|(?:pi|ch|re|dp|du|tr|cs_test|cus|evt|txn|acct|py|pm)_\w{8,})\b")


_JOURNAL_MODE = slice(18, 20)
"""Where the head of a SQLite file says that it has a log beside it; in memory it has none."""


def _packed(database: bytes) -> bytes:
    whole = bytearray(database)
    whole[_JOURNAL_MODE] = b"\x01\x01"
    return zlib.compress(bytes(whole), 1)


class Killed(BaseException):
    """The process ends here."""


class _KilledAfter:
    """The processor of a process that dies when it has asked."""

    def __init__(self, behind: Processor) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def ask(self, attempt: Any) -> Any:
        self._behind.ask(attempt)
        raise Killed


@dataclass(frozen=True)
class Post:
    """The messages of the fake: those that were made and neither delivered nor lost, and the last one delivered."""

    seen: int = 0
    waiting: tuple[str, ...] = ()
    last: str = ""


@dataclass(frozen=True)
class State:
    """Both databases as bytes, and the messages."""

    ours: bytes
    theirs: bytes
    post: Post


@dataclass
class World:
    """A house and a fake in this process, that can be put back to any state they were in."""

    house: House
    server: Server
    buyer: Built
    finance: Built
    payment_id: str
    path: Path
    post: Post = field(default_factory=Post)

    def keep(self) -> State:
        kept = sqlite3.connect(":memory:")
        with sqlite3.connect(self.path) as source:
            source.backup(kept)
        with self.server.store.lock:
            theirs = self.server.store._db.serialize()
        found = State(_packed(kept.serialize()), _packed(theirs), self.post)
        kept.close()
        return found

    def put_back(self, state: State) -> None:
        kept = sqlite3.connect(":memory:")
        kept.deserialize(zlib.decompress(state.ours))
        with sqlite3.connect(self.path) as target:
            kept.backup(target)
        kept.close()
        with self.server.store.lock:
            self.server.store._db.deserialize(zlib.decompress(state.theirs))
        self.post = state.post

    def likeness(self) -> str:
        """What tells this state from others: everything but ids, times and counts of tries."""
        shown: list[Any] = [list(self.post.waiting), self.post.last]
        with sqlite3.connect(self.path) as connection:
            connection.row_factory = sqlite3.Row
            for table in _TABLES:
                rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
                shown.append([{key: row[key] for key in row.keys() if not _DROPPED.search(key)} for row in rows])  # noqa: SIM118
        for kind in _KINDS:
            shown.append([{key: each.get(key) for key in _KEPT_OF_OBJECTS} for each in self._objects(kind)])
        names: dict[str, str] = {}
        return _ID.sub(lambda found: names.setdefault(found[0], f"#{len(names)}"), json.dumps(shown))

    def look(self) -> Payment:
        return self.house.db.read(lambda uow: queries.load(uow, self.payment_id))

    # ---- acts ------------------------------------------------------------------------------------------------

    def acts(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Everything that can happen now."""
        self._collect()
        payment = self.look()
        if payment.session_id and self._session()["status"] == "open":
            yield "the payer pays", lambda: self._control("pay_session", payment.session_id)
        if self.post.waiting:
            yield "a message comes", lambda: self._deliver(0)
            yield "the message is lost", lambda: self._lose(0)
        if len(self.post.waiting) > 1:
            yield "a later message comes first", lambda: self._deliver(-1)
        if self.post.last:
            yield "a message comes again", self._again
        waiting = self._waiting()
        if waiting:
            yield "the processor is asked", lambda: self._ask(waiting[0])
            yield "killed before it is asked", lambda: self._ask_in_vain(waiting[0])
            yield "killed after it was asked", lambda: self._killed(waiting[0])
        if payment.pending and payment.session_id:
            yield "we look for ourselves", lambda: following.refresh(self.house, payment.id)
            yield "it is cancelled", self._cancel
        if payment.refundable and len(self._refunds()) < 2:
            yield "a part goes back", lambda: self._refund(payment)
        yield from self._disputes()
        if not self._objects("transfer") and not self._waiting("transfer"):
            yield "suppliers are paid", self._pay_out

    def _disputes(self) -> Iterator[tuple[str, Callable[[], None]]]:
        charges = [each for each in self._objects("charge") if each["paid"] and not each["disputed"]]
        ours = self.look().intent_id or self._session().get("payment_intent")
        mine = [each for each in charges if ours and each["payment_intent"] == ours]
        if mine:
            yield "the payer's bank contests it", lambda: self._control("dispute", mine[0]["id"])
        for dispute in self._objects("dispute"):
            if dispute["status"] == "needs_response":
                yield "the bank decides for the payer", lambda: self._control("decide", dispute["id"], won=False)  # noqa: B023
                yield "the bank decides for us", lambda: self._control("decide", dispute["id"], won=True)  # noqa: B023

    def _control(self, name: str, *given: Any, **more: Any) -> None:
        getattr(self.server.controls, name)(*given, **more)

    def _cancel(self) -> None:
        self._command(lambda uow: checkout.cancel(uow, self.buyer.actor, self.payment_id))

    def _refund(self, payment: Payment) -> None:
        amount = f"{payment.received // 200}.00"
        self._command(lambda uow: refunds.refund(uow, self.buyer.actor, payment.id, amount=amount, reason="a part"))

    def _pay_out(self) -> None:
        run = self.house.db.write(lambda uow: runs.start(uow, self.finance.actor, currency="CNY"))
        runs.proceed(self.house, run.id)

    def _command(self, work: Callable[[Any], Any]) -> None:
        try:
            self.house.db.write(work)
        except DomainError:
            return  # refused: nothing happened

    def _ask(self, attempt_id: str) -> None:
        asking.carry_out(self.house, attempt_id)

    def _ask_in_vain(self, attempt_id: str) -> None:
        self.house.db.write(lambda uow: asking._begin(uow, attempt_id))

    def _killed(self, attempt_id: str) -> None:
        behind = self.house.adapter(Processor)  # type: ignore[type-abstract]
        self.house.provide(Processor, _KilledAfter(behind))  # type: ignore[type-abstract]
        try:
            asking.carry_out(self.house, attempt_id)
        except Killed:
            pass
        finally:
            self.house.provide(Processor, behind)  # type: ignore[type-abstract]

    def _collect(self) -> None:
        """Take in what messages were made since."""
        events = self._objects("event")
        new = tuple(each["id"] for each in events[self.post.seen :])
        self.post = Post(len(events), self.post.waiting + new, self.post.last)

    def _deliver(self, place: int) -> None:
        event_id = self.post.waiting[place]
        if self._send(event_id) == "again":
            return
        left = tuple(each for each in self.post.waiting if each != event_id)
        self.post = Post(self.post.seen, left, event_id)

    def _again(self) -> None:
        self._send(self.post.last)

    def _lose(self, place: int) -> None:
        lost = self.post.waiting[place]
        self.post = Post(self.post.seen, tuple(each for each in self.post.waiting if each != lost), self.post.last)

    def _send(self, event_id: str) -> str:
        event = next(each for each in self._objects("event") if each["id"] == event_id)
        raw = json.dumps(event)
        signed = stripe.WebhookSignature.generate_signature_header(raw, self.house.settings.stripe_webhook_secret)
        try:
            return inbox.receive(self.house, raw.encode(), signed)
        except DomainError:
            return "again"

    # ---- what is there ---------------------------------------------------------------------------------------

    def _objects(self, kind: str) -> list[dict[str, Any]]:
        return list(self.server.controls.objects(kind))

    def _session(self) -> dict[str, Any]:
        return next((each for each in self._objects("checkout.session")[-1:]), {"status": ""})

    def _refunds(self) -> list[Any]:
        return self.house.db.read(lambda uow: queries.refunds_of(uow, self.payment_id))

    def _waiting(self, deed: str = "") -> list[str]:
        with sqlite3.connect(self.path) as connection:
            planned = "SELECT id, deed FROM processor_attempt WHERE state = 'planned' ORDER BY rowid"
            return [row[0] for row in connection.execute(planned) if deed in ("", row[1])]

    # ---- the end ---------------------------------------------------------------------------------------------

    def brought_to_its_end(self) -> list[str]:
        """Let everything work again, wait until nothing is left to do, and say what is wrong then."""
        for _ in range(8):
            for attempt_id in self._waiting():
                self._ask(attempt_id)
            following.refresh(self.house, self.payment_id)
            self._collect()
            for event_id in [each["id"] for each in self._objects("event")]:  # lost ones too: what is told is looked at
                self._send(event_id)
            self.post = Post(self.post.seen, (), self.post.last)
            if not self._waiting():
                break
        importing.read_books(self.house)
        return [*self._faults(), *self._differences()]

    def _faults(self) -> Iterator[str]:
        for fault in self.house.db.read(books.faults):
            yield f"{fault.where}: {fault.what}"
        for currency, total in self.house.db.read(ledger.trial_balance).items():
            if total:
                yield f"the ledger sums to {total} {currency}"

    def _differences(self) -> Iterator[str]:
        payment, intents = self.look(), self._objects("payment_intent")
        mine = [each for each in intents if (each.get("metadata") or {}).get("payment") == payment.id]
        received = sum(each["amount_received"] for each in mine)
        if received != payment.received:
            yield f"the processor received {received}, we booked {payment.received}"
        if len([each for each in mine if each["status"] == "succeeded"]) > 1:
            yield "paid twice"
        if payment.state in PENDING and self._session()["status"] != "open":
            yield f"the page is {self._session()['status']}, the payment {payment.state}"
        sent = sum(each["amount"] for each in self._objects("refund") if each["status"] == "succeeded")
        if sent != payment.refunded:
            yield f"{sent} went back, we say {payment.refunded}"
        transferred = sum(each["amount"] - each["amount_reversed"] for each in self._objects("transfer"))
        paid_out = self.house.db.read(_paid_out)
        if transferred != paid_out:
            yield f"{transferred} went to suppliers, we say {paid_out}"
        theirs = sum(self.server.controls.totals().get("", {}).get("cny", [0]))
        ours = self.house.db.read(processor.clearing).get("CNY", 0)
        if theirs != ours:
            yield f"{theirs} lies with the processor, the ledger says {ours}"


def _paid_out(uow: Any) -> int:
    left = func.sum(PayoutRow.amount - PayoutRow.reversed)
    return int(uow.session.execute(select(left).where(PayoutRow.state == "settled")).scalar() or 0)


@dataclass
class Found:
    """How much was explored, and what was wrong where."""

    states: int = 0
    acts: int = 0
    interleavings: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def explore(world: World, depth: int, show: Callable[[str], None] = lambda _line: None) -> Found:
    """Every path of so many acts from the present state; each state that comes about is brought to its end once."""
    found = Found()
    start = world.keep()
    level = {world.likeness(): (start, 1, "")}
    ended: set[str] = set()
    for length in range(depth + 1):
        found.interleavings.append(sum(paths for _, paths, _ in level.values()))
        further: dict[str, tuple[State, int, str]] = {}
        for likeness, (state, paths, way) in level.items():
            if likeness not in ended:
                ended.add(likeness)
                world.put_back(state)
                found.faults += [f"{way or 'at the start'}: {fault}" for fault in world.brought_to_its_end()]
            if length < depth:
                _each_act(world, found, state, paths, way, further)
        level = further
        count = f"{found.interleavings[-1]:,} interleavings, {len(ended):,} states so far"
        show(f"{length} acts: {count}, {len(found.faults)} faults")
    found.states = len(ended)
    return found


def _each_act(
    world: World, found: Found, state: State, paths: int, way: str, further: dict[str, tuple[State, int, str]]
) -> None:
    world.put_back(state)
    names = [name for name, _ in world.acts()]
    begun = world.post
    for place, name in enumerate(names):
        if place:
            world.put_back(state)
            world._collect()
        assert world.post == begun
        dict(world.acts())[name]()
        world._collect()
        found.acts += 1
        found.names.add(name)
        likeness = world.likeness()
        before = further.get(likeness)
        if before is not None:
            further[likeness] = before[0], before[1] + paths, before[2]
        else:
            further[likeness] = world.keep(), paths, f"{way}; {name}" if way else name


@contextmanager
def fake_here(secret: str) -> Iterator[Server]:
    """The fake in this process, where it can be put back."""
    server = Server(0, ":memory:", secret)
    server._ticking.set()
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def assemble(house: House, server: Server, path: Path) -> World:
    """A buyer on the way to pay, and a supplier with money of an earlier sale, which lies with the processor."""
    buyer, supplier = build.organisation(house), build.organisation(house)
    finance = build.platform_person(house, "finance")
    world = World(house, server, buyer, finance, "", path)
    earlier = _begun(house, buyer, "1060.00")
    world.payment_id = earlier.id
    server.controls.pay_session(earlier.session_id, "card")
    following.refresh(house, earlier.id)
    order = build.paid(house, buyer, build.listed(house, supplier, amount="1000.00"))
    house.db.write(lambda uow: settlement.release(uow, order_id=order.id))
    _connect(house, server, supplier)
    server.controls.advance(8 * 86_400)
    importing.read_books(house)
    house.clock.advance(timedelta(days=8))
    world.payment_id = _begun(house, buyer, "200.00").id
    assert world.look().session_id
    world.post = Post(seen=len(world._objects("event")))
    return world


def _begun(house: House, buyer: Built, amount: str) -> Payment:
    begun = house.db.write(lambda uow: checkout.top_up(uow, buyer.actor, amount=amount, currency="CNY", method="card"))
    return checkout.proceed(house, begun.id)


def _connect(house: House, server: Server, supplier: Built) -> None:
    """The supplier has an account with the processor that can be paid to."""
    house.db.write(lambda uow: accounts.begin(uow, supplier.actor))
    while asking.resume(house):
        pass
    server.controls.onboard(server.controls.objects("account")[-1]["id"], complete=True)
    accounts.refresh(house, supplier.actor)

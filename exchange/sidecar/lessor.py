"""Answers what gateways ask of leases, one unit for all that waits, and reclaims what one of them does not use.

Its memory, of who waits for what, may be lost: a gateway asks again, and what is out stands in the database.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import OperationalError

from core.db import Uow
from core.house import House
from core.problems import Unavailable
from exchange.sidecar import changes, leases, refusing
from exchange.sidecar.figures import Leasing
from exchange.sidecar.switchboard import Peer
from exchange.sidecar.types import Calls, Granted, Meter, recall
from exchange.sidecar.windows import quota_until
from exchange.trading import queries as trading
from exchange.trading.types import CompiledEntitlement

log = logging.getLogger("piaohao.sidecar")

REFUSALS = {
    Meter.QUOTA: "quota_exhausted", Meter.FUNDED: "balance_insufficient", Meter.TRIAL: "trial_exhausted",
}  # fmt: skip
_MOST_A_UNIT = 8
_WAITS_S = 1.0
_RECALL_AGAIN_S = 0.1
_EMPTY_S = 0.2
_AGAIN_S = 0.2
_LOOK_S = 0.1
"""So often it is looked whether another machine's gateways have given back: nobody here hears of that."""

Heard = tuple[Peer, dict[str, Any]]


@dataclass(frozen=True)
class Want:
    """A gateway asks for calls of an entitlement."""

    peer: Peer
    entitlement_id: str
    asked: Calls

    @property
    def key(self) -> tuple[str, str]:
        return self.peer.epoch, self.entitlement_id

    def beside(self, earlier: Want | None) -> Want:
        """Both as one: a gateway asks for one meter while its question for another is still under way."""
        return self if earlier is None else replace(self, asked=self.asked.with_most(earlier.asked))


@dataclass(frozen=True)
class Answer:
    """What it got. ``holders`` are others that still hold some of what was short."""

    want: Want
    granted: Granted
    until: float | None = None
    holders: tuple[str, ...] = ()

    @property
    def refused(self) -> str | None:
        short = self.granted.short
        return REFUSALS[short] if short is not None and not self.holders else None

    @property
    def more(self) -> bool:
        """Whether more may be there soon: other processes have a share of it, or give back what they hold."""
        return self.granted.shared or bool(self.holders)

    def message(self) -> dict[str, Any]:
        calls = self.granted.calls
        return {
            "t": "lease", "e": self.want.entitlement_id, "quota": calls.quota, "funded": calls.funded,
            "trial": calls.trial, "asked": self.want.asked.by_meter(), "refused": self.refused, "more": self.more,
            "until": self.until,
        }  # fmt: skip


@dataclass(frozen=True)
class Waiter:
    """A want that was not met whole, and whether gateways of other machines hold what it lacks."""

    until: float
    want: Want
    elsewhere: bool


@dataclass
class Lessor:
    """``send`` carries a message to a connection; ``connected`` tells which there are, by epoch."""

    house: House
    send: Callable[[Peer, dict[str, Any]], None]
    connected: Callable[[], Mapping[str, Peer]]
    figures: Leasing = field(default_factory=Leasing)
    inbox: queue.SimpleQueue[Heard] = field(default_factory=queue.SimpleQueue)
    _waiting: dict[tuple[str, str], Waiter] = field(default_factory=dict)
    _empty: dict[str, tuple[float, Meter]] = field(default_factory=dict)
    _recalled: dict[str, float] = field(default_factory=dict)
    _looked_at: float = 0.0

    def hear(self, peer: Peer, message: dict[str, Any]) -> None:
        """From any thread. What is not of this protocol is passed over."""
        if message["t"] in ("hello", "declined") or (
            message["t"] in ("want", "give") and isinstance(message.get("e"), str)
        ):
            self.inbox.put((peer, message))

    def run(self, stop: threading.Event) -> None:
        """Answer until asked to stop."""
        while not stop.is_set():
            try:
                heard = [self.inbox.get(timeout=_LOOK_S)]
            except queue.Empty:
                heard = []
            while len(heard) < _MOST_A_UNIT and not self.inbox.empty():
                heard.append(self.inbox.get())
            if heard:
                self.answer(heard, stop)
            if time.monotonic() - self._looked_at >= _LOOK_S:
                self._looked_at = time.monotonic()
                self.look_again()

    def look_again(self) -> None:
        """Grant those who wait for other machines what is there by now; who gets nothing goes on waiting."""
        connected, now = self.connected(), time.monotonic()
        wants = [
            each.want for each in self._waiting.values()
            if each.elsewhere and each.until > now and connected.get(each.want.peer.epoch) == each.want.peer
        ]  # fmt: skip
        if not wants:
            return
        try:
            answers, _ = self.house.db.write(lambda uow: _unit(uow, (), wants, connected))
        except Exception:  # they ask again by themselves
            log.warning("nothing is leased to who waits for other machines", exc_info=True)
            return
        for answer in answers:
            if answer.granted.calls:
                self._conclude(answer)

    def answer(self, heard: Sequence[Heard], stop: threading.Event) -> None:
        """Attend to all of it, one by one when that fails; who asked is answered in any case."""
        while not stop.is_set():
            try:
                return self.attend(heard)
            except (Unavailable, OperationalError):
                log.warning("leases wait for the database", exc_info=True)
                stop.wait(_AGAIN_S)
            except Exception:
                if len(heard) == 1:
                    log.exception("this cannot be leased or taken back: %s", heard[0])
                    return self._give_up(*heard[0])
                for each in heard:
                    self.answer([each], stop)
                return None
        return None

    def _give_up(self, peer: Peer, message: dict[str, Any]) -> None:
        """Nothing is granted; what was given back is settled when its process ends."""
        if (want := _want(peer, message)) is not None:
            self.send(peer, Answer(want, Granted(Calls())).message())

    def attend(self, messages: Sequence[Heard]) -> None:
        """Give back and grant in the order of what was heard, then answer."""
        freed = _given(messages)
        for entitlement_id in freed:
            self._empty.pop(entitlement_id, None)
        told, wants = self._known(self._wants(messages, freed))
        returns = [message for message in messages if message[1]["t"] in ("hello", "give", "declined")]
        if returns or wants:
            answers, returned = self.house.db.write(lambda uow: _unit(uow, returns, wants, self.connected()))
            told += answers
            self.figures.count(returned)
        for answer in told:
            self._conclude(answer)

    def _wants(self, messages: Sequence[Heard], freed: frozenset[str]) -> list[Want]:
        """What is asked for now, and what waited for something that was freed; only by who is still there."""
        asked = [want for peer, message in messages if (want := _want(peer, message)) is not None]
        now = time.monotonic()
        self._waiting = {key: waiter for key, waiter in self._waiting.items() if waiter.until > now}
        waited = [each.want for each in self._waiting.values() if each.want.entitlement_id in freed]
        connected = {**self.connected(), **{peer.epoch: peer for peer, message in messages if message["t"] == "hello"}}
        found: dict[tuple[str, str], Want] = {}
        for want in (*waited, *asked):
            if connected.get(want.peer.epoch) == want.peer:
                found[want.key] = want.beside(found.get(want.key))
        return list(found.values())

    def _known(self, wants: Iterable[Want]) -> tuple[list[Answer], list[Want]]:
        """Those of which it was seen a moment ago that nothing is left, and the others."""
        now, told, rest = time.monotonic(), [], []
        for want in wants:
            until, short = self._empty.get(want.entitlement_id, (0.0, None))
            if short is not None and until > now and want.asked.of(short):
                told.append(Answer(want, Granted(Calls(), short)))
            else:
                rest.append(want)
        return told, rest

    def _conclude(self, answer: Answer) -> None:
        want, now = answer.want, time.monotonic()
        message = answer.message()
        self.figures.tell(message)
        self.send(want.peer, message)
        if answer.granted.short is None:
            self._waiting.pop(want.key, None)
            return
        elsewhere = not self.connected().keys() >= set(answer.holders)
        self._waiting[want.key] = Waiter(now + _WAITS_S, want, elsewhere)
        if answer.refused:
            self._empty.setdefault(want.entitlement_id, (now + _EMPTY_S, answer.granted.short))
        elif self._recalled.get(want.entitlement_id, 0.0) < now - _RECALL_AGAIN_S:
            self._recalled[want.entitlement_id] = now
            self._recall(want.entitlement_id, answer.holders)

    def _recall(self, entitlement_id: str, holders: Iterable[str]) -> None:
        connected = self.connected()
        for peer in (connected[epoch] for epoch in holders if epoch in connected):
            self.send(peer, {"t": "recall", "e": entitlement_id})


def _unit(
    uow: Uow, returns: Iterable[Heard], wants: list[Want], connected: Collection[str]
) -> tuple[list[Answer], Calls]:
    """Gateways of other machines that hold what is short are told by the unit itself."""
    returned = Calls()
    for peer, message in returns:
        if message["t"] == "hello":
            leases.register(uow, peer.epoch)
            leases.reconcile(uow, peer.epoch, message.get("totals") or {})
        elif message["t"] == "declined":
            refusing.keep(uow, peer.epoch, message.get("items"))
        else:
            returned += leases.give_back(uow, peer.epoch, str(message["e"]), _calls(message))
    found = trading.compiled(uow, {want.entitlement_id for want in wants}) if wants else []
    entitlements = {each.id: each for each in found}
    sharers = leases.sharers(uow) if wants else 0
    answers = [_answer(uow, want, entitlements.get(want.entitlement_id), sharers) for want in wants]
    held = {(epoch, each.want.entitlement_id) for each in answers for epoch in each.holders if epoch not in connected}
    if held:
        changes.note(uow, *(recall(*each) for each in sorted(held)))
    return answers, returned


def _answer(uow: Uow, want: Want, entitlement: CompiledEntitlement | None, sharers: int) -> Answer:
    if entitlement is None:
        return Answer(want, Granted(Calls()))
    leases.register(uow, want.peer.epoch)
    granted = leases.grant(uow, want.peer.epoch, entitlement, want.asked, sharers=sharers)
    until = quota_until(uow, entitlement)
    holders: list[str] = []
    if granted.short is not None:
        holders = leases.out_elsewhere(uow, want.peer.epoch, entitlement, granted.short)
    return Answer(want, granted, until.timestamp() if until else None, tuple(holders))


def _want(peer: Peer, message: dict[str, Any]) -> Want | None:
    if message["t"] != "want":
        return None
    return Want(peer, str(message["e"]), _calls(message))


def _calls(message: dict[str, Any]) -> Calls:
    return Calls(*(max(0, int(message.get(meter) or 0)) for meter in Meter))


def _given(messages: Iterable[Heard]) -> frozenset[str]:
    return frozenset(str(message["e"]) for _, message in messages if message["t"] == "give")

"""The Unix socket: every gateway that connects gets the whole snapshot, then changes, leases and heartbeats.

Runs in one event loop. Other threads reach it by ``post``; what gateways say goes to ``heard``, which must
not block. Nobody is served before the first snapshot is whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any

from exchange.sidecar import wire
from exchange.sidecar.figures import Gateways
from exchange.sidecar.types import Ref

log = logging.getLogger("piaohao.sidecar")

BEAT_S = 0.25
_FRESH_S = 1.0
_ITEMS_A_FRAME = 200
_LONGEST_QUEUE = 100_000
_HELLO_WITHIN_S = 5.0
_END_WITHIN_S = 1.0

Encoded = Mapping[Ref, bytes | None]
"""Items as they go over the wire; None is forgotten."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection of a gateway process: an answer to an earlier one must not reach it."""

    epoch: str
    number: int


@dataclass
class Session:
    """What is kept of a connection."""

    peer: Peer
    pid: int
    writer: asyncio.StreamWriter
    queue: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    beat: dict[str, Any] = field(default_factory=dict)

    def tell(self, frame: bytes) -> None:
        """Queue a frame; a gateway that does not read is let go."""
        if self.queue.qsize() > _LONGEST_QUEUE:
            log.error("gateway %s does not read; its connection is closed", self.peer.epoch)
            self.writer.close()
            return
        self.queue.put_nowait(frame)


class Switchboard:
    """The snapshot as frames, and the sessions it is kept alike in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: Callable[[Peer, dict[str, Any]], None] = lambda _peer, _message: None
        self.filled = asyncio.Event()
        self.items: dict[Ref, bytes] = {}
        self.sessions: dict[str, Session] = {}
        self.looked_at = float("-inf")
        self.changes = 0
        self.gateways = Gateways()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._numbers = count(1)
        self._talks: set[asyncio.Task[None]] = set()
        self._connected: Mapping[str, Peer] = {}

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve while the context lasts. Only this user may connect.

        The socket's file stays: it may be that of a successor by then.
        """
        self._loop = asyncio.get_running_loop()
        self.path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._attend, self.path)
        self.path.chmod(0o600)
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            server.close()
            for session in list(self.sessions.values()):
                session.writer.close()
            if self._talks:
                await asyncio.wait(self._talks, timeout=_END_WITHIN_S)

    def post(self, act: Callable[[], None]) -> None:
        """Have ``act`` run in the loop, soon; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def apply(self, changes: Encoded) -> None:
        """Take over changes, the first time the whole snapshot, and tell every session.

        A beat follows, so that gateways can say when they have them.
        """
        self.filled.set()
        for ref, item in changes.items():
            if item is None:
                self.items.pop(ref, None)
            else:
                self.items[ref] = item
        self.changes += len(changes)
        frames = list(_frames(changes))
        for session in self.sessions.values():
            for frame in frames:
                session.tell(frame)
        self.looked_at = time.monotonic()
        if changes:
            self._broadcast(_beat_frame())

    def send(self, peer: Peer, message: dict[str, Any]) -> None:
        """Over that connection, if it still is one."""
        session = self.sessions.get(peer.epoch)
        if session is not None and session.peer == peer:
            session.tell(wire.encode(message))

    def recall(self, epoch: str, entitlement_id: str) -> None:
        """Tell that process, if it is one of this machine, to give back what it holds and does not use."""
        if (session := self.sessions.get(epoch)) is not None:
            session.tell(wire.encode({"t": "recall", "e": entitlement_id}))

    def connected(self) -> Mapping[str, Peer]:
        """The connected processes, by epoch; from any thread."""
        return self._connected

    def _broadcast(self, frame: bytes) -> None:
        for session in self.sessions.values():
            session.tell(frame)

    async def _beat(self) -> None:
        """A sidecar that cannot read the database sends no beats: its gateways then stop serving."""
        while True:
            if time.monotonic() - self.looked_at < _FRESH_S:
                self._broadcast(_beat_frame())
            await asyncio.sleep(BEAT_S)

    def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            session = await self._greet(reader, writer)
            if session is not None:
                await self._converse(session, reader)
        except (wire.FrameRefused, ConnectionError, TimeoutError) as error:
            log.warning("a gateway's connection ended: %s", error)
        finally:
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Session | None:
        hello = await asyncio.wait_for(wire.receive(reader), _HELLO_WITHIN_S)
        if hello is None:
            return None
        epoch = str(hello.get("epoch", ""))
        if hello["t"] != "hello" or len(epoch) != 16:
            raise wire.FrameRefused("the first message is not a hello")
        log.info("gateway %s connected, pid %s", epoch, hello.get("pid"))
        session = Session(Peer(epoch, next(self._numbers)), int(hello.get("pid", 0)), writer)
        self.heard(session.peer, hello)
        return session

    async def _converse(self, session: Session, reader: asyncio.StreamReader) -> None:
        await self.filled.wait()
        snapshot = list(self.items.values())
        epoch = session.peer.epoch
        self._enter(epoch, session)
        feeding = asyncio.create_task(self._feed(session, snapshot))
        try:
            while (message := await wire.receive(reader)) is not None:
                if message["t"] == "beat":
                    session.beat = message
                else:
                    self.heard(session.peer, message)
        finally:
            feeding.cancel()
            if self.sessions.get(epoch) is session:
                self._enter(epoch, None)
            log.info("gateway %s is gone", epoch)

    def _enter(self, epoch: str, session: Session | None) -> None:
        former = self.sessions.pop(epoch, None)
        if former is not None and session is None:
            self.gateways.end(former.beat.get("metrics") or {})
        if session is not None:
            self.sessions[epoch] = session
        self._connected = {each: known.peer for each, known in self.sessions.items()}

    async def _feed(self, session: Session, snapshot: list[bytes]) -> None:
        """The whole snapshot, then whatever is queued; as fast as the gateway reads."""
        write, drain = session.writer.write, session.writer.drain
        write(wire.encode({"t": "begin"}))
        waiting = iter(snapshot)
        while chunk := list(islice(waiting, _ITEMS_A_FRAME)):
            write(wire.put(chunk))
            await drain()
        write(wire.encode({"t": "end", "at": _unix_ms()}))
        while True:
            write(await session.queue.get())
            await drain()


def _frames(changes: Encoded) -> Iterable[bytes]:
    put = [item for item in changes.values() if item is not None]
    drop = [[ref.kind, ref.id] for ref, item in changes.items() if item is None]
    if drop:
        yield wire.encode({"t": "drop", "items": drop})
    for start in range(0, len(put), _ITEMS_A_FRAME):
        yield wire.put(put[start : start + _ITEMS_A_FRAME])


def _beat_frame() -> bytes:
    return wire.encode({"t": "beat", "at": _unix_ms()})


def _unix_ms() -> int:
    return time.time_ns() // 1_000_000

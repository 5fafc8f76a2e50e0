"""The gateway role: one process of the data plane, from its start to its drained end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import uvloop

from core.clock import Clock
from exchange import logs
from exchange.gateway import link
from exchange.gateway.access import AccessLog
from exchange.gateway.allowance import Allowance
from exchange.gateway.bounds import Bounds
from exchange.gateway.client import ClientConnection
from exchange.gateway.declined import Declined
from exchange.gateway.figures import Figures
from exchange.gateway.heads import Heads
from exchange.gateway.meter import Meter
from exchange.gateway.pool import Pool
from exchange.gateway.refusals import REFUSALS, Refusal
from exchange.gateway.segments import new_epoch
from exchange.gateway.shared import SharedLimits
from exchange.gateway.snapshot import Snapshot
from exchange.orphan import when_orphaned

log = logging.getLogger("piaohao.gateway")

_TICK_S = 0.1
_BURY_S = 0.5
_DECLINED_S = 2.0
_BACKLOG = 1_024


@dataclass(frozen=True)
class Options:
    """What one gateway process is told at its start. ``bind`` is ``fd://n`` or ``host:port`` (shared by processes).

    ``access_log`` is a file descriptor, None for no log. ``processes`` above 1 makes rate and concurrency hold for
    all processes that use the same data folder.
    """

    data: Path
    bind: str
    socket: Path
    processes: int = 1
    fsync: bool = False
    access_log: int | None = 2
    movable_clock: bool = False
    bounds: Bounds = field(default_factory=Bounds)


class Gateway:
    """What the connections of one process share."""

    def __init__(self, options: Options, loop: asyncio.AbstractEventLoop) -> None:
        self.options = options
        self.bounds = options.bounds
        self.loop = loop
        self.epoch = new_epoch()
        self.meter = Meter(options.data / "segments", self.epoch, loop, changed=self.look, fsync=options.fsync)
        self.figures = Figures()
        self.declined = Declined()
        self.access = AccessLog(options.access_log, self.epoch)
        self.heads = Heads(options.bounds)
        self.clients: set[ClientConnection] = set()
        self.draining = False
        self.http_date = b""
        self._shared = SharedLimits(options.data / "run" / "limits") if options.processes > 1 else None
        self._allowances: dict[str, Allowance] = {}
        self.snapshot = self.new_snapshot()
        self.pool = Pool(loop, options.bounds, lambda: self.snapshot.settings.get("upstream_allow") or ())
        self._clock = Clock(options.data / "clock-offset", movable=options.movable_clock)
        self.unix_ns = 0
        self._bury_at = 0.0
        self.closed: Refusal | None = REFUSALS["gateway_stale"]
        self.now = time.monotonic()
        self._link: link.Link | None = None
        self._heard_at = self._declined_at = float("-inf")
        self._served = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._holding: set[Allowance] = set()
        self.parked: set[Allowance] = set()
        self.tick()

    # Time

    def unix(self) -> float:
        """The exchange's time in seconds since 1970, as of the last tick's look at the clock."""
        return (time.monotonic_ns() + self.unix_ns) * 1e-9

    def unix_us(self) -> int:
        return (time.monotonic_ns() + self.unix_ns) // 1000

    def tick(self) -> None:
        """Ten times a second: the clock, deadlines, idle leases and connections, whatever waits to be written."""
        now = self.now = time.monotonic()
        ahead = self._clock.offset()
        self.unix_ns = time.time_ns() - time.monotonic_ns() + round(ahead.total_seconds() * 1e9)
        self.http_date = formatdate(self.unix(), usegmt=True).encode()
        self.look()
        if self.closed is not None:
            self.reconsider()
        oldest = int((now - self.bounds.total_s) * 1e9)
        for client in [each for each in self.clients if each.deadline < now or each.is_older(oldest)]:
            client.expire()
        self.figures.gather()
        self.meter.tick()
        self.pool.tick()
        self.access.flush()
        self._give_idle(time.monotonic_ns())
        if self._shared is not None and now >= self._bury_at:
            self._bury_at = now + _BURY_S
            self._shared.forget_the_dead()

    # What is known

    def new_snapshot(self) -> Snapshot:
        return Snapshot(self._allowance)

    def _allowance(self, entitlement_id: str) -> Allowance:
        found = self._allowances.get(entitlement_id)
        if found is None:
            found = self._allowances[entitlement_id] = Allowance(entitlement_id, self._shared)
        return found

    def serve(self, snapshot: Snapshot) -> None:
        """A whole snapshot has come: it is what counts from now on."""
        self.snapshot = snapshot
        self._served = True
        self.reconsider()
        for gone in self._allowances.keys() - snapshot.entitlements.keys():
            if not self._allowances[gone].has_leased and not self._allowances[gone].under_way:
                del self._allowances[gone]
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def reconsider(self) -> None:
        """Something has changed: calls that wait for a lease are decided again."""
        parked, self.parked = self.parked, set()
        for allowance in parked:
            allowance.wake()

    def look(self) -> None:
        """Find out whether calls can be served; ``closed`` is why not."""
        if not self._served or self.now - self._heard_at > self.bounds.stale_s:
            self.closed = REFUSALS["gateway_stale"]
        else:
            self.closed = REFUSALS["metering_stopped"] if self.meter.stopped else None

    # The sidecar

    def linked(self, line: link.Link) -> None:
        self._link = line
        self.declined.again()
        totals = {each.entitlement_id: each.totals() for each in self._allowances.values() if each.has_leased}
        line.tell({"t": "hello", "epoch": self.epoch, "pid": os.getpid(), "totals": totals})
        for allowance in list(self._allowances.values()):
            allowance.unanswered()

    def unlinked(self) -> None:
        """Leases are asked for again when there is a sidecar; what is held stays good."""
        self._link = None

    def beat(self, at: int) -> None:
        """The sidecar lives, and this process has everything it was told up to then."""
        self._heard_at = self.now
        self.look()
        self.tell({"t": "beat", "applied": at, "in_flight": self.in_flight, "metrics": self.document()})
        if self.now - self._declined_at >= _DECLINED_S:
            self.tell_declined()

    def tell(self, message: dict[str, Any]) -> None:
        if self._link is not None:
            self._link.tell(message)

    def tell_declined(self) -> None:
        """What was refused to whom, as counts since this process began; without a sidecar it is kept."""
        if self._link is not None and (told := self.declined.take(int(self.unix()))):
            self._declined_at = self.now
            self.tell({"t": "declined", "items": told})

    def ask(self, allowance: Allowance, live: bool, now: int) -> None:
        """Ask for a lease of what runs low."""
        wanted = allowance.want(now, live)
        if wanted:
            message: dict[str, Any] = {"t": "want", "e": allowance.entitlement_id, "quota": 0, "funded": 0, "trial": 0}
            self.tell(message | wanted)

    def leased(self, message: dict[str, Any]) -> None:
        allowance = self._allowance(message["e"])
        allowance.lease(time.monotonic_ns(), message, self.unix_ns)
        self._holding.add(allowance)

    def recalled(self, entitlement_id: str) -> None:
        allowance = self._allowances.get(entitlement_id)
        if allowance is not None:
            self._give(allowance, time.monotonic_ns(), all_of_it=True)

    def _give_idle(self, now: int) -> None:
        """Give back what was not needed for a while; without a sidecar it is kept, and settled from the segments."""
        for allowance in self._holding:
            allowance.set_clock(self.unix_ns)
        if self._link is None:
            return
        for allowance in list(self._holding):
            self._give(allowance, now, all_of_it=False)
            if not allowance.holds:
                self._holding.discard(allowance)

    def _give(self, allowance: Allowance, now: int, *, all_of_it: bool) -> None:
        """Told is all that was ever given back: what is heard twice, by two sidecars even, counts once."""
        if allowance.give_back(now, all_of_it=all_of_it):
            self.tell({"t": "give", "e": allowance.entitlement_id} | allowance.given())

    # Figures

    @property
    def in_flight(self) -> int:
        return sum(1 for client in self.clients if client.work is not None)

    def document(self) -> dict[str, Any]:
        return self.figures.document() | {
            "open_connections": len(self.clients),
            "upstream_connections": self.pool.open,
            "upstream_connects": self.pool.connected,
            "unconfirmed": sum(1 for client in self.clients if client.unsettled is not None),
            "metering_stopped": int(self.meter.stopped),
            "access_log_dropped": self.access.dropped,
        }

    def refused(self, refusal: Refusal, seq: int = 0, whom: tuple[str, str] | None = None) -> int:
        """Count and log a refusal; answers the number that its call id has. ``whom``: its organisation and listing."""
        seq = seq or self.meter.number()
        self.figures.refused(refusal.code)
        if whom is not None:
            self.declined.count(whom, refusal.code, int(self.unix()))
        self.access.other(self.unix_us(), seq, refusal.code, refusal.status)
        return seq

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The end

    def drain(self) -> None:
        """No new requests: idle connections are closed, the others after the answer that is under way."""
        self.draining = True
        for client in list(self.clients):
            client.keep = False
            if client.work is None:
                client.close()

    def close(self) -> None:
        """Give everything back, and leave closed segments behind."""
        for client in list(self.clients):
            client.abort()
        for allowance in self._holding:
            self._give(allowance, time.monotonic_ns(), all_of_it=True)
        self.tell_declined()
        self.pool.close()
        self.meter.close()
        self.access.close()


def run(options: Options) -> None:
    """Serve until SIGTERM or until the supervisor is gone; calls under way are finished first."""
    logs.configure("gateway")
    gc.set_threshold(20_000, 50, 100)
    _more_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(options))


async def _serve(options: Options) -> None:
    loop = asyncio.get_running_loop()
    gateway = Gateway(options, loop)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def orphaned() -> None:
        loop.call_soon_threadsafe(stop.set)

    when_orphaned(orphaned)
    linking = loop.create_task(link.connect(gateway, options.socket))
    ticking = loop.create_task(_tick(gateway))
    server = await loop.create_server(lambda: ClientConnection(gateway), sock=listener(options.bind), backlog=_BACKLOG)
    log.info("gateway %s serves", gateway.epoch)
    await stop.wait()
    log.info("gateway %s stops: calls under way are finished", gateway.epoch)
    server.close()
    gateway.drain()
    give_up_at = loop.time() + options.bounds.drain_s
    while gateway.clients and loop.time() < give_up_at:
        await asyncio.sleep(0.02)
    gateway.close()
    await asyncio.sleep(0)
    ticking.cancel()
    linking.cancel()
    log.info("gateway %s has stopped", gateway.epoch)


async def _tick(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(_TICK_S)
        try:
            gateway.tick()
        except Exception:  # the next tick has to come, whatever went wrong with this one
            log.exception("a tick failed")


def listener(bind: str) -> socket.socket:
    """The listening socket: inherited (``fd://n``), or one of several on a port (``host:port``)."""
    if bind.startswith("fd://"):
        found = socket.socket(fileno=int(bind.removeprefix("fd://")))
    else:
        host, _, port = bind.rpartition(":")
        found = socket.create_server((host.strip("[]"), int(port)), backlog=_BACKLOG, reuse_port=True)
    found.setblocking(False)
    return found


def _more_files() -> None:
    """A connection is a descriptor: take as many as the system lets us have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 1 << 20
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            log.warning("only %d files can be open at once", soft)

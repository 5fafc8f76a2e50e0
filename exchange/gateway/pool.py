"""Connections to upstreams: kept between calls, made anew to addresses that may be called and to no others."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence

from core.addresses import address_allowed
from exchange.gateway.bounds import Bounds
from exchange.gateway.upstream import UpstreamConnection
from exchange.gateway.upstreams import Origin, Target

log = logging.getLogger("piaohao.gateway")


class CannotConnect(Exception):
    """No connection came about; ``code`` is the refusal that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Lane:
    """The connections to one origin."""

    __slots__ = ("_fresh_ns", "_kept_ns", "_most", "idle", "open", "origin")

    def __init__(self, origin: Origin, bounds: Bounds) -> None:
        self.origin = origin
        self.idle: list[UpstreamConnection] = []
        self.open = 0
        self._most = bounds.upstream_kept
        self._kept_ns = int(bounds.upstream_kept_s * 1e9)
        self._fresh_ns = int(bounds.fresh_enough_s * 1e9)

    def take(self, now: int, repeatable: bool) -> UpstreamConnection | None:
        """A kept connection that probably still lives; surer of it when the call must not be sent twice."""
        idle = self.idle
        while idle:
            connection = idle.pop()
            if now - connection.idle_since <= (self._kept_ns if repeatable else self._fresh_ns):
                return connection
            connection.transport.close()
        return None

    def keep(self, connection: UpstreamConnection, now: int) -> None:
        """Keep a released connection for the next call, if it can serve one."""
        if len(self.idle) < self._most:
            connection.idle_since = now
            self.idle.append(connection)
        else:
            connection.transport.close()

    def forget(self, connection: UpstreamConnection) -> None:
        """It serves no other call."""
        if connection in self.idle:
            self.idle.remove(connection)

    def lost(self, connection: UpstreamConnection) -> None:
        self.open -= 1
        self.forget(connection)


class Pool:
    """Makes connections. ``allowed`` answers with the addresses that may be private."""

    def __init__(self, loop: asyncio.AbstractEventLoop, bounds: Bounds, allowed: Callable[[], Sequence[str]]) -> None:
        self._loop = loop
        self._bounds = bounds
        self._allowed = allowed
        self._lanes: dict[Origin, Lane] = {}
        self._tls: ssl.SSLContext | None = None
        self.connected = 0

    @property
    def open(self) -> int:
        return sum(lane.open for lane in self._lanes.values())

    def lane_of(self, target: Target) -> Lane:
        """The connections to the target's origin; the target remembers them."""
        if target.lane is None:
            origin = target.origin
            if origin not in self._lanes:
                self._lanes[origin] = Lane(origin, self._bounds)
            target.lane = self._lanes[origin]
        return target.lane

    async def connect(self, lane: Lane, within_s: float) -> UpstreamConnection:
        """A fresh connection. Raises CannotConnect."""
        if lane.open >= self._bounds.upstream_connections:
            raise CannotConnect("upstream_busy")
        lane.open += 1
        made = False
        try:
            async with asyncio.timeout(within_s):
                connection = await self._try_each(lane)
            made = True
        except TimeoutError:
            raise CannotConnect("upstream_timeout") from None
        finally:
            if not made:
                lane.open -= 1
        self.connected += 1
        return connection

    async def _try_each(self, lane: Lane) -> UpstreamConnection:
        addresses = await self._addresses(lane.origin)
        failure = "upstream_unreachable"
        for address in addresses:
            try:
                return await self._open(lane, address)
            except ssl.SSLError:
                failure = "upstream_tls"
            except OSError:
                failure = "upstream_unreachable"
        raise CannotConnect(failure)

    async def _open(self, lane: Lane, address: str) -> UpstreamConnection:
        origin = lane.origin

        def protocol() -> UpstreamConnection:
            return UpstreamConnection(lane, self._bounds.upstream_head_bytes)

        if not origin.tls:
            return (await self._loop.create_connection(protocol, address, origin.port))[1]
        context = self._context()
        return (
            await self._loop.create_connection(protocol, address, origin.port, ssl=context, server_hostname=origin.host)
        )[1]

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls

    async def _addresses(self, origin: Origin) -> list[str]:
        """The numeric addresses that may be connected to. Raises CannotConnect when there is none."""
        found = await self._resolve(origin)
        entries, plain = self._allowed(), not origin.tls
        allowed = [address for address in found if address_allowed(address, origin.port, entries, plain=plain)]
        if not allowed:
            log.warning("calls to %s are refused: %s is not an address that may be called", origin.host, found[0])
            raise CannotConnect("upstream_address_refused")
        return allowed

    async def _resolve(self, origin: Origin) -> list[str]:
        try:
            return [str(ipaddress.ip_address(origin.host))]
        except ValueError:
            pass
        try:
            found = await self._loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise CannotConnect("upstream_unresolved") from None
        if not found:
            raise CannotConnect("upstream_unresolved")
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def tick(self) -> None:
        """Close what was kept too long."""
        oldest = time.monotonic_ns() - int(self._bounds.upstream_kept_s * 1e9)
        for lane in self._lanes.values():
            while lane.idle and lane.idle[0].idle_since < oldest:
                lane.idle.pop(0).transport.close()

    def close(self) -> None:
        for lane in self._lanes.values():
            for connection in lane.idle:
                connection.transport.close()
            lane.idle.clear()

"""Connections to upstreams: kept between calls, made anew to addresses that may be called and to no others."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.addresses import address_allowed
from exchange.gateway.bounds import Bounds
from exchange.gateway.upstream import UpstreamConnection
from exchange.gateway.upstreams import Origin

log = logging.getLogger("piaohao.gateway")


class CannotConnect(Exception):
    """No connection came about; ``code`` is the refusal that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Lane:
    """The connections to one origin."""

    idle: list[UpstreamConnection] = field(default_factory=list)
    open: int = 0


class Pool:
    """Takes, keeps and makes connections. ``allowed`` answers with the addresses that may be private."""

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

    def take(self, origin: Origin, *, repeatable: bool) -> UpstreamConnection | None:
        """A kept connection that probably still lives; surer of it when the call must not be sent twice."""
        lane = self._lanes.get(origin)
        if lane is None or not lane.idle:
            return None
        oldest = self._loop.time() - (self._bounds.upstream_kept_s if repeatable else self._bounds.fresh_enough_s)
        connection = lane.idle.pop()
        if connection.idle_since >= oldest and not connection.transport.is_closing():
            return connection
        connection.transport.close()
        return self.take(origin, repeatable=repeatable)

    def keep(self, connection: UpstreamConnection) -> None:
        """Keep a released connection for the next call, if it can serve one."""
        lane = self._lanes[connection.origin]
        if len(lane.idle) < self._bounds.upstream_kept:
            connection.idle_since = self._loop.time()
            lane.idle.append(connection)
        else:
            connection.transport.close()

    def lost(self, connection: UpstreamConnection) -> None:
        lane = self._lanes[connection.origin]
        lane.open -= 1
        if connection in lane.idle:
            lane.idle.remove(connection)

    async def connect(self, origin: Origin, within_s: float) -> UpstreamConnection:
        """A fresh connection. Raises CannotConnect."""
        lane = self._lanes.setdefault(origin, Lane())
        if lane.open >= self._bounds.upstream_connections:
            raise CannotConnect("upstream_busy")
        lane.open += 1
        made = False
        try:
            async with asyncio.timeout(within_s):
                connection = await self._try_each(origin)
            made = True
        except TimeoutError:
            raise CannotConnect("upstream_timeout") from None
        finally:
            if not made:
                lane.open -= 1
        self.connected += 1
        return connection

    async def _try_each(self, origin: Origin) -> UpstreamConnection:
        addresses = await self._addresses(origin)
        failure = "upstream_unreachable"
        for address in addresses:
            try:
                return await self._open(origin, address)
            except ssl.SSLError:
                failure = "upstream_tls"
            except OSError:
                failure = "upstream_unreachable"
        raise CannotConnect(failure)

    async def _open(self, origin: Origin, address: str) -> UpstreamConnection:
        def protocol() -> UpstreamConnection:
            return UpstreamConnection(self, origin, self._bounds.upstream_head_bytes)

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
        allowed = [address for address in found if address_allowed(address, origin.port, self._allowed())]
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
        oldest = self._loop.time() - self._bounds.upstream_kept_s
        for lane in self._lanes.values():
            while lane.idle and lane.idle[0].idle_since < oldest:
                lane.idle.pop(0).transport.close()

    def close(self) -> None:
        for lane in self._lanes.values():
            for connection in lane.idle:
                connection.transport.close()
            lane.idle.clear()

"""The line to the sidecar: takes over the snapshot and its changes, asks for leases, tells what this process does."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from exchange.gateway.snapshot import Snapshot

if TYPE_CHECKING:
    from exchange.gateway.server import Gateway

log = logging.getLogger("piaohao.gateway")

_RETRY_S = 0.1
_LONGEST_FRAME = 64 << 20


def encode(message: dict[str, Any]) -> bytes:
    body = json.dumps(message, separators=(",", ":")).encode()
    return len(body).to_bytes(4) + body


class Link(asyncio.Protocol):
    """One connection to the sidecar; ``Connector`` makes the next one when it ends."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._buffer = bytearray()
        self._coming: Snapshot | None = None
        self.transport: asyncio.WriteTransport = cast(asyncio.WriteTransport, None)
        self.ended: asyncio.Future[None] = gateway.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        at = 0
        while len(buffer) - at >= 4:
            length = int.from_bytes(buffer[at : at + 4])
            if length > _LONGEST_FRAME:
                self.transport.abort()
                return
            if len(buffer) - at - 4 < length:
                break
            self._take(bytes(buffer[at + 4 : at + 4 + length]))
            at += 4 + length
        del buffer[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def tell(self, message: dict[str, Any]) -> None:
        if not self.transport.is_closing():
            self.transport.write(encode(message))

    def _take(self, frame: bytes) -> None:
        try:
            message = json.loads(frame)
            self._act(message)
        except (KeyError, TypeError, ValueError) as error:
            log.error("a message of the sidecar cannot be read: %s: %s", type(error).__name__, error)

    def _act(self, message: dict[str, Any]) -> None:
        gateway, kind = self._gateway, message["t"]
        if kind == "beat":
            gateway.beat(message["at"])
        elif kind == "lease":
            gateway.leased(message)
        elif kind == "recall":
            gateway.recalled(message["e"])
        elif kind == "begin":
            self._coming = gateway.new_snapshot()
        elif kind == "end":
            if self._coming is not None:
                gateway.serve(self._coming)
                self._coming = None
            gateway.beat(message["at"])
        else:
            self._change(self._coming or gateway.snapshot, kind, message)

    def _change(self, snapshot: Snapshot, kind: str, message: dict[str, Any]) -> None:
        """Each item for itself: one that cannot be read is refused and does not keep the others from being taken."""
        for item in message["items"]:
            try:
                if kind == "put":
                    snapshot.put(item)
                elif kind == "drop":
                    snapshot.drop(*item)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                log.error("an item of the sidecar cannot be read: %s: %s", type(error).__name__, error)
                if kind == "put":
                    snapshot.drop(str(item.get("k")), str(item.get("id")))
        if snapshot is self._gateway.snapshot:
            self._gateway.reconsider()


async def connect(gateway: Gateway, path: Path) -> None:
    """Be connected to the sidecar, whenever there is one, and it can see that this process lives."""
    while True:
        if not gateway.meter.claimed:
            await asyncio.sleep(_RETRY_S)
            continue
        try:
            _, link = await gateway.loop.create_unix_connection(lambda: Link(gateway), str(path))
        except OSError:
            await asyncio.sleep(_RETRY_S)
            continue
        gateway.linked(link)
        await link.ended
        gateway.unlinked()
        await asyncio.sleep(_RETRY_S)

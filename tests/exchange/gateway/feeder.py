"""A twin of the sidecar, as small as can be: feeds gateways a given snapshot, and leases from a given budget.

Runs in a thread of the test. Speaks the wire protocol over the real socket; knows no database.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Item = dict[str, Any]
_METERS = ("quota", "funded", "trial")
_REFUSED = {"quota": "quota_exhausted", "funded": "balance_insufficient", "trial": None}


@dataclass
class Budget:
    """Calls that are left of one entitlement, by meter. None: as many as are asked for."""

    quota: int | None = None
    funded: int | None = None
    trial: int | None = None
    leased: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_METERS, 0))

    def take(self, meter: str, asked: int) -> int:
        left = getattr(self, meter)
        got = asked if left is None else max(0, min(asked, left))
        if left is not None:
            setattr(self, meter, left - got)
        self.leased[meter] += got
        return got

    def put_back(self, meter: str, given: int) -> None:
        left = getattr(self, meter)
        if left is not None:
            setattr(self, meter, left + given)
        self.leased[meter] -= given


class Feeder:
    """Start it before the gateways. ``put`` and ``drop`` change what they know; ``beats`` says what they told last."""

    def __init__(self, path: Path, items: Iterable[Item], budgets: dict[str, Budget] | None = None) -> None:
        self.path = path
        self.items = {(item["k"], item["id"]): item for item in items}
        self.budgets = budgets or {}
        self.beats: dict[str, Item] = {}
        self.messages: list[Item] = []
        self.declined: list[list[Any]] = []
        self.given: dict[tuple[str, str], Item] = {}
        self.beating = True
        self.answering = True
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Feeder:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def put(self, *items: Item) -> None:
        self.items |= {(item["k"], item["id"]): item for item in items}
        self._post(lambda: self._broadcast({"t": "put", "items": list(items)}))

    def change(self, kind: str, id: str, **changes: Any) -> None:
        """Put an item again with some of its fields changed."""
        self.put(self.items[kind, id] | changes)

    def drop(self, kind: str, id: str) -> None:
        self.items.pop((kind, id), None)
        self._post(lambda: self._broadcast({"t": "drop", "items": [[kind, id]]}))

    def lease(self, entitlement: str, **said: Any) -> None:
        """Grant calls, by meter, to everybody, asked for or not; or say whatever else is said of a lease."""
        message = {"t": "lease", "e": entitlement, **dict.fromkeys(_METERS, 0), **said, "refused": None}
        self._post(lambda: self._broadcast(message))

    def recall(self, entitlement: str) -> None:
        self._post(lambda: self._broadcast({"t": "recall", "e": entitlement}))

    def beat(self) -> int:
        """Send a beat now; answers the time that it names."""
        at = time.time_ns() // 1_000_000
        self._post(lambda: self._broadcast({"t": "beat", "at": at}))
        return at

    def disconnect(self) -> None:
        """Close every connection; gateways connect again."""
        self._post(self._close_all)

    def _close_all(self) -> None:
        for writer in list(self._writers.values()):
            writer.close()

    def _post(self, act: Callable[[], object]) -> None:
        done: Future[None] = Future()

        def run() -> None:
            act()
            done.set_result(None)

        self._loop.call_soon_threadsafe(run)
        done.result(5)

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _open(self) -> None:
        self._server = await asyncio.start_unix_server(self._attend, str(self.path))
        self._beating = self._loop.create_task(self._beat())

    async def _close(self) -> None:
        assert self._server is not None
        self._beating.cancel()
        self._server.close()
        self._close_all()
        await asyncio.sleep(0.05)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _beat(self) -> None:
        while True:
            if self.beating:
                self._broadcast({"t": "beat", "at": time.time_ns() // 1_000_000})
            await asyncio.sleep(0.1)

    def _broadcast(self, message: Item) -> None:
        for writer in self._writers.values():
            self._send(writer, message)

    @staticmethod
    def _send(writer: asyncio.StreamWriter, message: Item) -> None:
        body = json.dumps(message).encode()
        writer.write(len(body).to_bytes(4) + body)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        epoch = ""
        try:
            hello = await self._receive(reader)
            epoch = hello["epoch"]
            self._send(writer, {"t": "begin"})
            self._send(writer, {"t": "put", "items": list(self.items.values())})
            self._send(writer, {"t": "end", "at": time.time_ns() // 1_000_000})
            self._writers[epoch] = writer
            while True:
                self._heard(epoch, writer, await self._receive(reader))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if self._writers.get(epoch) is writer:
                del self._writers[epoch]
            writer.close()

    @staticmethod
    async def _receive(reader: asyncio.StreamReader) -> Item:
        length = int.from_bytes(await reader.readexactly(4))
        message: Item = json.loads(await reader.readexactly(length))
        return message

    def _heard(self, epoch: str, writer: asyncio.StreamWriter, message: Item) -> None:
        if message["t"] == "beat":
            self.beats[epoch] = message
            return
        if message["t"] == "declined":
            self.declined += message["items"]
            return
        self.messages.append(message | {"epoch": epoch})
        budget = self.budgets.setdefault(message["e"], Budget())
        if message["t"] == "give":
            before = self.given.get((epoch, message["e"]), dict.fromkeys(_METERS, 0))
            self.given[epoch, message["e"]] = message
            for meter in _METERS:
                budget.put_back(meter, message[meter] - before[meter])
        elif self.answering:
            got = {meter: budget.take(meter, message[meter]) for meter in _METERS}
            short = [meter for meter in _METERS if got[meter] < message[meter]]
            refused = _REFUSED[short[0]] if short else None
            self._send(writer, {"t": "lease", "e": message["e"], **got, "refused": refused})

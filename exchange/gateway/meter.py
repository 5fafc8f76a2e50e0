"""The meter of one process: numbers calls, writes their records before they leave, and knows what was delivered."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from queue import SimpleQueue

from exchange.gateway.claim import claim
from exchange.gateway.segments import MeterStopped, Segment, Writer

log = logging.getLogger("piaohao.gateway")

_PROBE_S = 1.0
_CONFIRM_WITHIN_S = 0.002
_CROWD = 4
_TOGETHER_S = 0.001


class Meter:
    """Records and their confirmations.

    ``stopped`` is True while records cannot be written; ``changed`` is called when that changes. The epoch is claimed
    once, as soon as that can be done, until the process ends: whoever asks whether it lives is never told otherwise.
    """

    def __init__(
        self,
        folder: Path,
        epoch: str,
        loop: asyncio.AbstractEventLoop,
        *,
        changed: Callable[[], None] = lambda: None,
        fsync: bool = False,
    ) -> None:
        self._changed = changed
        self.epoch = epoch
        self.epoch_text = epoch.encode()
        self.epoch_bytes = bytes.fromhex(epoch)
        self.stopped = False
        self.number: Callable[[], int] = count(1).__next__
        self._folder = folder
        self._loop = loop
        self._writer: Writer | None = None
        self._claim: int | None = None
        self._flushing = False
        self._crowd = False
        self._turn: list[tuple[bytes, Callable[[Segment | None], None]]] = []
        self.group = _Group(self, loop) if fsync else None
        self._open()

    @property
    def claimed(self) -> bool:
        """Whether others can know that this process lives. Nothing may be leased to it before."""
        return self._claim is not None

    def append(self, framed: bytes, usages: int = 1) -> Segment | None:
        """Write framed records. None when that failed; then no call is admitted until writing works again."""
        try:
            return self._writer.append(framed, usages) if self._writer is not None else None
        except MeterStopped as error:
            self._stop(error)
            return None

    def record(self, framed: bytes, then: Callable[[Segment | None], None]) -> None:
        """Write a framed record with all others of this turn of the loop, then say to which segment, as ``append``.

        When calls come in crowds they wait a millisecond for each other: each then costs a third less, and more of
        them are answered in the same time.
        """
        if not self._turn:
            if self._crowd:
                self._loop.call_later(_TOGETHER_S, self._end_turn)
            else:
                self._loop.call_soon(self._end_turn)
        self._turn.append((framed, then))

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, []
        self._crowd = len(turn) >= _CROWD
        segment = self.append(b"".join([framed for framed, _ in turn]), len(turn))
        for _, then in turn:
            then(segment)

    def ended(self, segment: Segment, seq: int) -> None:
        """The end of the recorded call is known: its answer has left, or there is none to deliver."""
        segment.confirmed.append(seq)
        self._flush_soon()

    def voided(self, segment: Segment, seq: int) -> None:
        """The record stands, and the call will not be delivered."""
        segment.void.append(seq)
        self._flush_soon()

    def _flush_soon(self) -> None:
        """Confirmations go with the next record, and alone when none comes soon."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_later(_CONFIRM_WITHIN_S, self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._writer is not None:
            try:
                self._writer.flush()
            except MeterStopped as error:
                self._stop(error)

    def tick(self) -> None:
        """Called ten times a second."""
        if self._writer is not None and not self.stopped:
            try:
                self._writer.tick(time.monotonic())
            except MeterStopped as error:
                self._stop(error)

    def unsynced(self) -> list[int]:
        return self._writer.unsynced() if self._writer is not None else []

    def close(self) -> None:
        """A clean end: what is known is confirmed, and segments that wait for nothing are closed."""
        if self._writer is not None:
            try:
                self._writer.close()
            except MeterStopped as error:
                log.error("the last confirmations could not be written: %s", error)
            self._writer = None

    def _open(self) -> None:
        try:
            self._begin()
        except (MeterStopped, OSError) as error:
            self._stop(error)

    def _begin(self) -> None:
        if self._claim is None:
            self._claim = claim(self._folder, self.epoch)
        self._writer = Writer(self._folder, self.epoch)

    def _stop(self, error: Exception) -> None:
        if not self.stopped:
            self.stopped = True
            self._loop.call_soon(self._changed)
            log.error("metering has stopped, calls are refused: %s", error)
            self._loop.call_later(_PROBE_S, self._probe)

    def _probe(self) -> None:
        """Serve again when a segment can be written again."""
        try:
            if self._writer is None:
                self._begin()
            else:
                self._writer.probe()
        except (MeterStopped, OSError):
            self._loop.call_later(_PROBE_S, self._probe)
            return
        self.stopped = False
        self._changed()
        log.warning("metering works again")


class _Group:
    """Group commit: all records that wait while a sync is under way share the next one."""

    def __init__(self, meter: Meter, loop: asyncio.AbstractEventLoop) -> None:
        self._meter = meter
        self._loop = loop
        self._waiting: list[Callable[[bool], None]] = []
        self._batch: list[Callable[[bool], None]] = []
        self._busy = False
        self._work: SimpleQueue[list[int]] = SimpleQueue()
        threading.Thread(target=self._run, name="segment-sync", daemon=True).start()

    def wait(self, then: Callable[[bool], None]) -> None:
        """Call ``then(True)`` once everything written so far survives a power loss, ``then(False)`` if it cannot."""
        self._waiting.append(then)
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._start)

    def _start(self) -> None:
        self._batch, self._waiting = self._waiting, []
        self._work.put(self._meter.unsynced())

    def _run(self) -> None:
        while True:
            survived = _sync(self._work.get())
            try:
                self._loop.call_soon_threadsafe(self._done, survived)
            except RuntimeError:  # the loop has ended
                return

    def _done(self, survived: bool) -> None:
        batch = self._batch
        if self._waiting:
            self._start()
        else:
            self._busy = False
        for then in batch:
            then(survived)


def _sync(descriptors: list[int]) -> bool:
    survived = True
    for descriptor in descriptors:
        try:
            os.fdatasync(descriptor)
        except OSError as error:
            log.error("a segment could not be synced: %s", error)
            survived = False
        finally:
            os.close(descriptor)
    return survived

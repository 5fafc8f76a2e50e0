"""How many entries a second: written in units of different sizes, given their place, signed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.cast import open_house
from compliance.audit import check, checkpoints, sequencer
from compliance.audit.service import record
from core.actor import SYSTEM
from core.db import Uow
from core.house import House

_SIZES = (1, 10, 100, 1000)


def run(data: Path, url: str, entries: int) -> list[str]:
    """What does not verify afterwards; prints the rates."""
    house = open_house(data, url)
    for size in _SIZES:
        units = max(1, min(entries, 300 * size) // size)
        began, spent = time.monotonic(), time.process_time()
        write(house, units, size)
        seconds, cpu = time.monotonic() - began, time.process_time() - spent
        told(f"units of {size:>5}", units * size, seconds, cpu)
    began, spent, placed = time.monotonic(), time.process_time(), 0
    while more := sequencer.run(house):
        placed += more
    told("given their place", placed, time.monotonic() - began, time.process_time() - spent)
    began, spent = time.monotonic(), time.process_time()
    checkpoints.sign(house)
    told("signed", placed, time.monotonic() - began, time.process_time() - spent)
    return check.verify_log(house)


def write(house: House, units: int, size: int) -> None:
    """So many units of so many entries, each object with a short history of its own."""
    for unit in range(units):
        house.db.write(lambda uow, first=unit * size: _unit(uow, first, size))  # type: ignore[misc]


def _unit(uow: Uow, first: int, size: int) -> None:
    for number in range(first, first + size):
        record(
            uow, SYSTEM, action="bench:write", object_id=f"obj-{number // 8}", tier=1,
            data={"amount": "1060.00", "currency": "CNY", "note": "气象观测"}, concerns=["org_1", "org_2"],
        )  # fmt: skip


def told(what: str, count: int, seconds: float, cpu: float) -> None:
    rate = count / seconds if seconds else 0.0
    sys.stdout.write(f"{what:<20} {count:>8} entries {rate:>10.0f}/s {cpu / max(count, 1) * 1e6:>8.1f} us CPU each\n")
    sys.stdout.flush()

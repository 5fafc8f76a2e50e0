"""The web process at 3,000 listings, beside a bare Flask and SQLAlchemy view that reads one row, in the same run.

CPU per request (of all web processes), median and 99th percentile at four connections.

    python -m bench.web [--listings 3000] [--requests 400]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from bench.cast import Cast, assemble, open_house
from bench.client import PREFIX, Person, Reply, at_once, quantile
from bench.many import multiply
from tests.servers.exchange import ROOT, Running, eventually, free_port
from tests.servers.processes import children

CONNECTIONS = 4
WORKERS, THREADS = 2, 8
WORDS = ("气象", "speech", "企业工商", "traffic", "人脸", "invoice", "地图", "corpus")
Request = Callable[[Person, int], Reply]


@dataclass(frozen=True)
class Figure:
    name: str
    cpu_ms: float
    p50_ms: float
    p99_ms: float


def cpu_seconds(master: int) -> float:
    """Processor time that a gunicorn master and its workers have used so far."""
    ticks = 0
    for pid in (master, *children(master)):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(name: str, request: Request, people: list[Person], master: int, requests: int) -> Figure:
    """So many requests, shared by the connections, after a few that do not count. An answer of 4xx or 5xx fails."""
    took: list[float] = []

    def lane(person: Person, numbers: range, keep: bool) -> None:
        for number in numbers:
            reply = request(person, number)
            assert reply.status < 400, (name, reply.status, reply.body)
            if keep:
                took.append(reply.seconds)

    share = requests // len(people)
    at_once([lambda p=p, i=i: lane(p, range(i * 10, i * 10 + 10), False) for i, p in enumerate(people)])  # type: ignore[misc]
    before = cpu_seconds(master)
    lanes = [(p, range(1000 + i * share, 1000 + (i + 1) * share)) for i, p in enumerate(people)]
    at_once([lambda p=p, r=r: lane(p, r, True) for p, r in lanes])  # type: ignore[misc]
    spent = cpu_seconds(master) - before
    return Figure(name, 1000 * spent / len(took), 1000 * quantile(took, 0.5), 1000 * quantile(took, 0.99))


@contextmanager
def bare(folder: Path) -> Iterator[tuple[int, int]]:
    """The peer's port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "bench.bare", str(folder / "bare.db"), str(port), str(WORKERS), str(THREADS)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: _answers(port))
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        return Person(port).send("GET", "/thing/one").status == 200
    except OSError:
        return False


def workloads(cast: Cast, ids: list[str], versions: dict[str, str]) -> dict[str, tuple[str, Request]]:
    """Name → whose requests, and the request."""
    buyer, supplier = cast.buyer.token, cast.supplier.token

    def edit(person: Person, number: int) -> Reply:
        listing_id = ids[number % len(ids)]
        etag = versions.get(listing_id) or person.send("GET", f"{PREFIX}/listings/{listing_id}").headers["ETag"]
        reply = person.send("PATCH", f"{PREFIX}/listings/{listing_id}", {"tags": [f"t{number}"]}, If_Match=etag)
        versions[listing_id] = reply.headers.get("ETag", "")
        return reply

    return {
        "search": (buyer, lambda p, n: p.send("GET", f"{PREFIX}/search?q={quote(WORDS[n % len(WORDS)])}")),
        "listing, API": (buyer, lambda p, n: p.send("GET", f"{PREFIX}/listings/{ids[n % len(ids)]}")),
        "listing, page": ("", lambda p, n: p.send("GET", f"/listings/{ids[n % len(ids)]}")),
        "order": (buyer, lambda p, n: p.send("POST", PREFIX + "/orders", cast.order(), Idempotency_Key=uuid4().hex)),
        "edit (audited)": (supplier, edit),
    }  # fmt: skip


def run(folder: Path, listings: int, requests: int) -> list[Figure]:
    house = open_house(folder / "data")
    cast = assemble(house)
    ids = multiply(house, cast.listing_id, WORDS, listings)
    house.db.engine.dispose()
    figures = []
    with bare(folder) as (port, master):
        people = [Person(port) for _ in range(CONNECTIONS)]
        figures.append(
            measure("bare Flask view", lambda p, _n: p.send("GET", "/thing/one"), people, master, requests * 4)
        )
    running = Running(folder / "data", profile="test", web_workers=WORKERS, web_threads=THREADS)
    try:
        running.wait()
        for name, (token, request) in workloads(cast, ids, {}).items():
            people = [Person(running.port, token) for _ in range(CONNECTIONS)]
            figures.append(measure(name, request, people, running.children()["web"], requests))
        running.stop()
    finally:
        running.kill()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=3000)
    parser.add_argument("--requests", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-web-") as folder:
        figures = run(Path(folder), options.listings, options.requests)
    print(f"{options.listings} listings, {CONNECTIONS} connections, {WORKERS} web workers of {THREADS} threads, SQLite")
    print(f"{'':18}{'CPU ms':>8}{'p50 ms':>8}{'p99 ms':>8}{'× bare':>8}")
    for figure in figures:
        times = figure.cpu_ms / max(figures[0].cpu_ms, 0.001)
        print(f"{figure.name:18}{figure.cpu_ms:8.2f}{figure.p50_ms:8.1f}{figure.p99_ms:8.1f}{times:8.1f}")


if __name__ == "__main__":
    main()

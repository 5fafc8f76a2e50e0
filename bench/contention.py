"""The contention campaign: eight people at once against four web workers, with relay and sequencer busy.

Orders and payments against one balance (it never goes below zero), edits of one listing (one wins, the other
is told), top-ups and reads beside them. No answer may be a 5xx; the 99th percentile of each command is shown.
The first seconds after the start, when every worker compiles each statement once, are shown by themselves.

    python -m bench.contention [--database sqlite|postgresql] [--seconds 30]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

from bench.cast import Cast, assemble, open_house
from bench.client import PREFIX, Person, Reply, at_once, quantile
from tests.servers import postgresql
from tests.servers.exchange import Running

MOST_P99_S = 0.3
FIRST_S = 2.0


class Figures:
    """Answers by command: how long they took, and with which status."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.first: list[float] = []
        self._begun = time.monotonic()

    def note(self, name: str, reply: Reply) -> Reply:
        self.statuses[name, reply.status] += 1
        if time.monotonic() - self._begun < FIRST_S:
            self.first.append(reply.seconds)
        else:
            self.seconds.setdefault(name, []).append(reply.seconds)
        return reply


def _buyer(cast: Cast, port: int, until: float, figures: Figures) -> None:
    """Orders and pays from the one balance, whether there is enough or not."""
    person = Person(port, cast.buyer.token)
    while time.monotonic() < until:
        key = uuid4().hex
        placed = figures.note("order", person.send("POST", PREFIX + "/orders", cast.order(), Idempotency_Key=key))
        if placed.status == 201:
            path = f"{PREFIX}/orders/{placed.body['id']}/pay"
            figures.note("pay", person.send("POST", path, {}, Idempotency_Key=uuid4().hex))


def _editor(cast: Cast, port: int, until: float, figures: Figures) -> None:
    """Edits the one listing with the version that it has just read; somebody may have been quicker."""
    person, path = Person(port, cast.supplier.token), f"{PREFIX}/listings/{cast.draft_id}"
    number = 0
    while time.monotonic() < until:
        number += 1
        read = figures.note("read listing", person.send("GET", path))
        body = {"tags": [f"edit{number}"]}
        figures.note("edit listing", person.send("PATCH", path, body, If_Match=read.headers["ETag"]))


def _finance(cast: Cast, port: int, until: float, figures: Figures) -> None:
    """Brings in a little money again and again, less than the buyers would spend."""
    first, second = (Person(port, built.token) for built in cast.finance)
    while time.monotonic() < until:
        body = {"organisation_id": cast.buyer.organisation_id, "amount": "60000.00", "currency": "CNY",
                "bank_reference": uuid4().hex[:20]}  # fmt: skip
        topup = figures.note("record top-up", first.send("POST", PREFIX + "/topups", body, Idempotency_Key=uuid4().hex))
        path = f"{PREFIX}/topups/{topup.body['id']}/confirm"
        figures.note("confirm top-up", second.send("POST", path, None, Idempotency_Key=uuid4().hex))
        figures.note("balance", Person(port, cast.buyer.token).send("GET", PREFIX + "/balance"))
        time.sleep(0.2)


def campaign(folder: Path, seconds: float, database_url: str = "") -> tuple[Figures, list[str]]:
    """Eight people for so many seconds; answers figures and faults."""
    house = open_house(folder / "data", database_url)
    cast = assemble(house)
    house.db.engine.dispose()
    running = Running(folder / "data", web_workers=4, profile="test", database_url=database_url)
    roles: Sequence[Callable[[Cast, int, float, Figures], None]] = [_buyer] * 4 + [_editor] * 3 + [_finance]
    try:
        running.wait()
        figures = Figures()
        until = time.monotonic() + seconds
        at_once([lambda role=role: role(cast, running.port, until, figures) for role in roles])  # type: ignore[misc]
        faults = _faults(running, cast, figures)
        running.command("--profile", "test", "audit", "verify")
        assert running.stop() == 0
    finally:
        running.kill()
    return figures, faults


def _faults(running: Running, cast: Cast, figures: Figures) -> list[str]:
    faults = [
        f"{count} answers of {status} to {name}" for (name, status), count in figures.statuses.items() if status >= 500
    ]
    finance = Person(running.port, cast.finance[0].token)
    if not finance.must("GET", "/trial-balance")["balanced"]:
        faults.append("the ledger does not sum to zero")
    balance = Person(running.port, cast.buyer.token).must("GET", "/balance")
    if balance["balance"].startswith("-") or balance["available"].startswith("-"):
        faults.append(f"the balance is overdrawn: {balance}")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    server = postgresql.start() if options.database == "postgresql" else None
    try:
        url = postgresql.create_database(server.url("postgres"), "exchange") if server else ""
        with tempfile.TemporaryDirectory(prefix="piaohao-contention-") as folder:
            figures, faults = campaign(Path(folder), options.seconds, url)
    finally:
        if server is not None:
            server.stop()
    print(f"eight people, four web workers, {options.seconds:.0f} s on {options.database}")
    first = 1000 * max(figures.first)
    print(f"the first {FIRST_S:.0f} s: {len(figures.first)} answers, the slowest in {first:.0f} ms; then")
    for name, took in figures.seconds.items():
        answers = ", ".join(
            f"{n} × {status}" for (command, status), n in sorted(figures.statuses.items()) if command == name
        )
        p99 = quantile(took, 0.99)
        print(f"{name:15} p50 {1000 * quantile(took, 0.5):6.1f} ms   p99 {1000 * p99:6.1f} ms   {answers}")
        if p99 > MOST_P99_S:
            faults.append(f"p99 of {name} is {1000 * p99:.0f} ms")
    for fault in faults:
        print(f"FAULT {fault}")
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()

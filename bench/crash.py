"""The crash campaign: a client writes every 2xx answer to a journal while the exchange's processes are killed.

Web's master, one of its workers, the background worker and the supervisor are killed (SIGKILL) in turn, at
random moments. Afterwards every journalled thing must exist unchanged, every idempotency key have worked
once, the ledger sum to zero and the audit log verify.

    python -m bench.crash [--kills 10] [--seed 1]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.cast import Cast, assemble, open_house
from bench.client import PREFIX, Person, Reply, quantile
from tests.build import PASSWORD
from tests.credit_codes import credit_code
from tests.servers.exchange import Running, eventually
from tests.servers.processes import children

TARGETS = ("web", "web worker", "worker", "supervisor")


@dataclass
class Journal:
    """One line for each answered command, on the disk before the next one is sent."""

    path: Path
    answered: int = 0
    retried: int = 0
    server_errors: int = 0
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._file = self.path.open("a", encoding="utf-8")

    def note(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.answered += 1

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


class Client:
    """Sends commands, each with its key, again until an answer comes."""

    def __init__(self, port: int, journal: Journal) -> None:
        self.port, self.journal = port, journal

    def command(self, token: str, path: str, body: Any) -> Any:
        key = uuid4().hex
        reply = self._until_answered(token, path, body, key)
        if not 200 <= reply.status < 300:
            self.journal.refused.append(f"{path}: {reply.status} {reply.body}")
            raise RuntimeError(self.journal.refused[-1])
        self.journal.note(
            {"token": token, "path": path, "body": body, "key": key, "status": reply.status, "answer": reply.body}
        )
        return reply.body

    def _until_answered(self, token: str, path: str, body: Any, key: str) -> Reply:
        while True:
            person = Person(self.port, token)
            try:
                reply = person.send("POST", PREFIX + path, body, Idempotency_Key=key)
            except (OSError, http.client.HTTPException):
                self.journal.retried += 1
                time.sleep(0.02)
                continue
            finally:
                person.close()
            if reply.status < 500:
                return reply
            self.journal.server_errors += 1
            time.sleep(0.05)


def play(client: Client, cast: Cast, stop: threading.Event, number_from: int) -> None:
    """Top-ups by two people, orders, payments, registrations, until asked to stop."""
    number = number_from
    first, second = cast.finance
    while not stop.is_set():
        number += 1
        topup = client.command(
            first.token, "/topups",
            {"organisation_id": cast.buyer.organisation_id, "amount": "100000.00", "currency": "CNY",
             "bank_reference": f"REF{number:09d}"},
        )  # fmt: skip
        client.command(second.token, f"/topups/{topup['id']}/confirm", None)
        order = client.command(cast.buyer.token, "/orders", cast.order())
        client.command(cast.buyer.token, f"/orders/{order['id']}/pay", {})
        if number % 5 == 0:
            client.command("", "/registrations", _registration(number))


def _registration(number: int) -> dict[str, Any]:
    return {
        "organisation": {"name": f"新机构{number}", "credit_code": credit_code(number), "origin": "social"},
        "person": {"name": "Founder", "email": f"founder{number}@example.org", "password": PASSWORD},
    }


@dataclass
class Recovery:
    target: str
    seconds: float


def _web_worker(running: Running) -> int:
    return random.choice(children(running.children()["web"]))


def kill(running: Running, target: str) -> Recovery:
    """Kill one process and wait until what it did is done again."""
    before = dict(running.children())
    pid = {"web": before["web"], "worker": before["worker"], "supervisor": running.process.pid}.get(target)
    os.kill(pid if pid is not None else _web_worker(running), signal.SIGKILL)
    began = time.perf_counter()
    if target == "supervisor":
        running.process.wait()
        running.start()
        eventually(lambda: running.children() != before and running.process.poll() is None)
    elif target in before:
        eventually(lambda: running.children()[target] != before[target])
    assert eventually(running.answers), running.log.read_text()[-3000:]
    return Recovery(target, time.perf_counter() - began)


def check(running: Running, journal: Journal, cast: Cast, operator_token: str) -> list[str]:
    """What is not as promised, in sentences; empty when all is well."""
    faults = []
    for line in journal.lines():
        person = Person(running.port, line["token"])
        again = person.send("POST", PREFIX + line["path"], line["body"], Idempotency_Key=line["key"])
        person.close()
        if (again.status, again.body) != (line["status"], line["answer"]) or "Idempotent-Replayed" not in again.headers:
            faults.append(f"{line['path']} with key {line['key']} answers differently: {again.status}")
    faults += _missing(running, journal, cast)
    books = Person(running.port, operator_token).must("GET", "/trial-balance")
    if not books["balanced"]:
        faults.append(f"the ledger does not sum to zero: {books['totals']}")
    return faults


def _missing(running: Running, journal: Journal, cast: Cast) -> list[str]:
    """Every journalled order exists with its sums, and there is no order that nobody got an answer for."""
    placed = {line["answer"]["id"]: line["answer"] for line in journal.lines() if line["path"] == "/orders"}
    found: dict[str, Any] = {}
    buyer, cursor = Person(running.port, cast.buyer.token), ""
    while True:
        page = buyer.must("GET", f"/orders?limit=100&cursor={cursor}" if cursor else "/orders?limit=100")
        found |= {order["id"]: order for order in page["items"]}
        cursor = page["next_cursor"]
        if not cursor:
            break
    faults = [f"order {order_id} was answered and is gone" for order_id in placed.keys() - found.keys()]
    faults += [f"order {order_id} exists twice under one key" for order_id in found.keys() - placed.keys()]
    same = ("listing_id", "revision_id", "net", "tax", "gross", "purpose", "created_at")
    for order_id in placed.keys() & found.keys():
        changed = [name for name in same if placed[order_id][name] != found[order_id][name]]
        faults += [f"order {order_id}: {name} changed" for name in changed]
    return faults


def campaign(folder: Path, kills: int, seed: int) -> tuple[Journal, list[Recovery], list[str], str]:
    """Set up, play and kill, check; answers what was seen."""
    random.seed(seed)
    house = open_house(folder / "data")
    cast = assemble(house)
    house.db.engine.dispose()
    running = Running(folder / "data", web_workers=2, profile="test")
    journal, stop = Journal(folder / "journal.jsonl"), threading.Event()
    player = threading.Thread(target=play, args=(Client(running.port, journal), cast, stop, 100_000), daemon=True)
    try:
        running.wait()
        player.start()
        recoveries = [
            _after_a_while(running, target) for target in random.sample(TARGETS * kills, len(TARGETS) * kills)
        ]
        stop.set()
        player.join()
        faults = check(running, journal, cast, cast.finance[0].token) + journal.refused
        log = running.command("--profile", "test", "audit", "verify").strip().splitlines()[-1]
        assert running.stop() == 0
    finally:
        stop.set()
        running.kill()
    return journal, recoveries, faults, log


def _after_a_while(running: Running, target: str) -> Recovery:
    time.sleep(random.uniform(0.3, 2.0))
    return kill(running, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, help="of each kind of process")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-crash-") as folder:
        began = time.monotonic()
        journal, recoveries, faults, log = campaign(Path(folder), options.kills, options.seed)
    print(f"{journal.answered} answers journalled in {time.monotonic() - began:.0f} s, {journal.retried} sent again, "
          f"{journal.server_errors} answers of 5xx while processes died")  # fmt: skip
    for target in TARGETS:
        took = [recovery.seconds for recovery in recoveries if recovery.target == target]
        print(f"{target:11} killed {len(took):3} times; back after {quantile(took, 0.5):.2f} s (median), "
              f"{max(took):.2f} s (longest)")  # fmt: skip
    print(f"audit log: {log}")
    for fault in faults:
        print(f"FAULT {fault}")
    print("every journalled thing exists unchanged, every key worked once, the ledger sums to zero"
          if not faults else f"{len(faults)} faults")  # fmt: skip
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()

"""Two machines' gateways behind a real nginx with the configuration that the exchange writes."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.exchange.gateway import scene
from tests.exchange.gateway.asking import Asking
from tests.exchange.gateway.feeder import Feeder
from tests.exchange.gateway.running import GatewayProcess, usages
from tests.exchange.gateway.upstream import Upstream
from tests.servers.exchange import eventually, free_port
from tests.servers.nginx import Nginx, in_front


@dataclass
class Machine:
    """A gateway with a data folder of its own."""

    folder: Path
    feeder: Feeder
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.gateway = GatewayProcess(self.folder, self.feeder, port=self.port).wait()


@dataclass
class Row:
    machines: list[Machine]
    front: Nginx
    upstream: Upstream

    def client(self) -> Asking:
        return Asking(self.front.port, {"X-Api-Key": scene.KEY})


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Row]:
    folder = tmp_path_factory.mktemp("row")
    with Upstream() as upstream, Feeder(folder / "s", scene.everything(upstream.port)) as feeder:
        machines = [Machine(folder / name, feeder) for name in ("first", "second")]
        try:
            with in_front([f"127.0.0.1:{free_port()}"], [each.address for each in machines]) as front:
                assert eventually(lambda: _serves(front))
                yield Row(machines, front, upstream)
        finally:
            for each in machines:
                each.gateway.kill()


def _serves(front: Nginx) -> bool:
    try:
        return Asking(front.port, {}).raw("GET", "/gateway/healthz").status == 200
    except (OSError, http.client.HTTPException):
        return False


@dataclass
class Caller:
    """Calls without end, over a fresh connection each time, every third one a POST; counts what is answered."""

    row: Row
    statuses: Counter[int] = field(default_factory=Counter)
    ids: list[str] = field(default_factory=list)
    broken: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stop.wait(0.01):
            client = self.row.client()
            method = "POST" if (len(self.ids) + self.broken) % 3 == 2 else "GET"
            try:
                reply = client.raw(
                    method, f"/gateway/i/{scene.LISTING}/echo?delay=20", b"a" if method == "POST" else None
                )
            except (OSError, http.client.HTTPException):
                self.broken += 1
            else:
                self.statuses[reply.status] += 1
                self.ids.append(reply.call_id)
            finally:
                client.close()


def _called_during(row: Row, change: threading.Thread) -> list[Caller]:
    callers = [Caller(row) for _ in range(3)]
    threads = [threading.Thread(target=each.run) for each in callers]
    for thread in [*threads, change]:
        thread.start()
    change.join()
    for each in callers:
        each.stop.set()
    for thread in threads:
        thread.join()
    return callers


def test_no_call_is_lost_while_each_machine_is_led_past_and_restarted(row: Row) -> None:
    def restarts() -> None:
        for machine in row.machines:
            row.front.lead_past(machine.address)
            machine.gateway.stop()
            machine.start()
            row.front.lead_past()

    callers = _called_during(row, threading.Thread(target=restarts))
    assert [(each.broken, set(each.statuses)) for each in callers] == [(0, {200})] * 3
    ids = [call_id for each in callers for call_id in each.ids]
    recorded = Counter(found.call_id for machine in row.machines for found in usages(machine.folder))
    assert len(ids) > 20
    assert all(recorded[call_id] == 1 for call_id in ids), "each was metered, by one of them, once"


def test_what_may_be_repeated_is_not_lost_when_a_machine_is_killed(row: Row) -> None:
    victim = row.machines[0]

    def kill() -> None:
        victim.gateway.kill()
        victim.start()

    callers = _called_during(row, threading.Thread(target=kill))
    assert [each.broken for each in callers] == [0, 0, 0]
    statuses = sum((each.statuses for each in callers), Counter[int]())
    assert set(statuses) <= {200, 503}
    assert statuses[503] <= len(callers), "a POST that was under way at the kill: it may have been carried out"


def test_the_path_arrives_as_it_was_sent(row: Row) -> None:
    client = row.client()
    spelled = "/people/%E5%BC%A0?x=%2f&y=a+b"
    assert client.raw("GET", f"/gateway/i/{scene.LISTING}{spelled}").status == 200
    assert row.upstream.seen[-1].target == f"/v1{spelled}"
    for other in ("/people/a%2Fb", "/people/../echo"):  # nginx alone would make something else of them
        assert client.raw("GET", f"/gateway/i/{scene.LISTING}{other}").code == "path_malformed"


def test_bodies_that_are_too_large_and_a_web_that_is_gone_are_told_in_json(row: Row) -> None:
    client = row.client()
    sent = client.raw("POST", f"/gateway/i/{scene.LISTING}/echo", b"a" * (18 << 20))
    assert (sent.status, sent.code) == (413, "too_large")
    away = row.client().raw("GET", "/api/v1/healthz")
    assert (away.status, away.code, away.headers["Retry-After"]) == (503, "unavailable", "2")
    assert json.loads(away.body)["title"]

"""A gateway process from its start to its end, also to one by SIGKILL, with the sidecar there, slow, and gone."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.gateway import claim, segments
from exchange.gateway.record import Kind, Outcome
from tests.exchange.gateway import scene
from tests.exchange.gateway.asking import Asking
from tests.exchange.gateway.feeder import Budget, Feeder
from tests.exchange.gateway.running import GatewayProcess, exchange_bytes, marked, usages
from tests.exchange.gateway.upstream import Upstream
from tests.servers.exchange import eventually, free_port


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as serving:
        yield serving


def client(gateway: GatewayProcess, key: str = scene.KEY) -> Asking:
    return Asking(gateway.port, {"X-Api-Key": key})


def descriptors(gateway: GatewayProcess) -> int:
    return len(list(Path(f"/proc/{gateway.pid}/fd").iterdir()))


class Load:
    """Clients that call without a pause and write down every answer that came whole."""

    def __init__(
        self, ports: list[int], clients: int, path: str = "/echo?body=abc", *, connection: str = "keep-alive"
    ) -> None:
        self._headers = {"X-Api-Key": scene.KEY, "Connection": connection}
        self.delivered: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.codes: Counter[str] = Counter()
        self.cut = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._call, args=(ports[n % len(ports)], path), daemon=True) for n in range(clients)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self, port: int, path: str) -> None:
        asking = Asking(port, self._headers)
        while not self._stop.is_set():
            try:
                reply = asking.get(path)
            except OSError:
                asking.close()
                self._stop.wait(0.01)
                continue
            except Exception:  # the answer was cut, in whichever way
                asking.close()
                with self._lock:
                    self.cut += 1
                continue
            with self._lock:
                self.statuses[reply.status] += 1
                self.codes[reply.code] += 1
                if reply.status == 200:
                    self.delivered[reply.call_id] += 1


@pytest.mark.parametrize("fsync", [False, True])
def test_killed_under_load_it_has_recorded_all_that_was_delivered(
    tmp_path: Path, upstream: Upstream, fsync: bool
) -> None:
    clients = 8
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        port = free_port()
        with Load([port], clients) as load:
            for _ in range(3):
                gateway = GatewayProcess(tmp_path, feeder, port=port, fsync=fsync).wait()
                time.sleep(0.7)
                gateway.kill()
    recorded = Counter(each.call_id for each in usages(tmp_path))
    assert len(load.delivered) > 50
    assert set(load.delivered.values()) == set(recorded.values()) == {1}
    assert load.delivered.keys() <= recorded.keys(), "delivered and not recorded"
    unconfirmed = recorded.keys() - marked(tmp_path, Kind.CONFIRM) - marked(tmp_path, Kind.VOID)
    assert len(unconfirmed) <= 3 * clients
    assert len(recorded.keys() - load.delivered.keys()) <= 3 * clients
    assert not any(segments.closed(path) for path in tmp_path.glob("segments/*/*.seg"))


def test_asked_to_stop_it_finishes_what_is_under_way_and_closes_its_segments(
    tmp_path: Path, upstream: Upstream
) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port), {scene.ENTITLEMENT: Budget(funded=100)}) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        idle = socket.create_connection(("127.0.0.1", gateway.port))
        answers: list[int] = []
        slow = threading.Thread(target=lambda: answers.append(client(gateway).get("/echo?delay=700").status))
        slow.start()
        time.sleep(0.2)
        assert gateway.stop() == 0
        slow.join()
        idle.close()
        assert answers == [200]
        assert [each.outcome for each in usages(tmp_path)] == [Outcome.HIT]
        assert all(segments.closed(path) for path in tmp_path.glob("segments/*/*.seg"))
        assert eventually(lambda: feeder.budgets[scene.ENTITLEMENT].funded == 99), "the rest of the lease is given back"


def test_it_ends_when_the_supervisor_is_gone(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        assert gateway.process.stdin is not None
        gateway.process.stdin.close()
        assert gateway.process.wait(10) == 0


def test_without_a_snapshot_it_serves_nothing(tmp_path: Path) -> None:
    feeder = Feeder(tmp_path / "nobody", [])
    gateway = GatewayProcess(tmp_path, feeder)
    asked = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    try:
        assert eventually(lambda: gateway.log.read_text().count(" serves") == 1)
        got = exchange_bytes(gateway.port, asked)
        assert got.startswith(b"HTTP/1.1 503 ")
        assert b'"code": "gateway_stale"' in got
        assert b"Retry-After: 5\r\n" in got
    finally:
        gateway.kill()


def test_it_refuses_when_it_has_not_heard_of_the_sidecar_for_a_while(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        gateway = GatewayProcess(tmp_path, feeder, stale_s=1).wait()
        try:
            assert client(gateway).get().status == 200
            feeder.beating = False
            began = time.monotonic()
            assert eventually(lambda: client(gateway).get().code == "gateway_stale")
            assert 0.8 < time.monotonic() - began < 4.5
            feeder.beating = True
            assert eventually(lambda: client(gateway).get().status == 200)
        finally:
            gateway.kill()


def test_it_connects_again_and_takes_the_whole_snapshot(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        try:
            asking = client(gateway)
            assert asking.get().status == 200
            feeder.items["key", scene.KEY_ID] = scene.key(state="revoked")
            feeder.disconnect()
            assert eventually(lambda: asking.get().code == "credential_revoked")
        finally:
            gateway.kill()


def test_a_change_is_obeyed_at_once_also_by_a_call_like_the_one_before(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        try:
            asking, worst = client(gateway), 0.0
            for _ in range(20):
                assert asking.get().status == 200
                feeder.change("entitlement", scene.ENTITLEMENT, frozen=True)
                began = time.monotonic()
                while asking.get().code != "order_frozen":
                    worst = max(worst, time.monotonic() - began)
                    assert worst < 5
                feeder.change("entitlement", scene.ENTITLEMENT, frozen=False)
                while asking.get().status != 200:
                    assert time.monotonic() - began < 20
        finally:
            gateway.kill()


def test_an_item_that_cannot_be_read_takes_the_right_away_and_nothing_else(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        try:
            feeder.put({"k": "entitlement", "id": scene.ENTITLEMENT})
            assert eventually(lambda: client(gateway).get().code == "no_entitlement")
            feeder.put(scene.entitlement())
            assert eventually(lambda: client(gateway).get().status == 200)
        finally:
            gateway.kill()


def test_a_clock_that_jumps_an_hour_back_and_forth_moves_no_limit(tmp_path: Path, upstream: Upstream) -> None:
    limits = {"rate_per_second": 1, "burst": 5}
    items = scene.everything(upstream.port, limits=limits, ends_at=time.time() + 1_800)
    with Feeder(tmp_path / "s", items) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        try:
            asking, statuses = client(gateway), []
            for ahead in ("3600", "-3600", "0"):
                (tmp_path / "clock-offset.new").write_text(ahead)
                (tmp_path / "clock-offset.new").replace(tmp_path / "clock-offset")
                time.sleep(0.3)
                statuses.append([asking.get().code for _ in range(4)])
        finally:
            gateway.kill()
    assert statuses[0] == ["licence_expired"] * 4
    assert statuses[1] == [""] * 4
    assert statuses[2].count("") <= 3, "a jump gave new calls"
    assert len(list(usages(tmp_path))) == sum(each.count("") for each in statuses)


def test_a_full_disk_stops_admission_and_nothing_is_served_unmetered(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        try:
            asking = client(gateway)
            assert asking.get().status == 200
            subprocess.run(["prlimit", f"--pid={gateway.pid}", "--fsize=3000:unlimited"], check=True)
            codes = []
            for _ in range(40):
                codes.append(asking.get().code)
            assert set(codes) == {"", "metering_stopped"}
            subprocess.run(["prlimit", f"--pid={gateway.pid}", "--fsize=unlimited:unlimited"], check=True)
            assert eventually(lambda: asking.get().status == 200)
            assert gateway.process.poll() is None
        finally:
            gateway.kill()
    assert len(list(usages(tmp_path))) == 1 + codes.count("") + 1


def test_a_disk_that_is_full_at_the_start_leaves_the_process_alive_for_who_asks(
    tmp_path: Path, upstream: Upstream
) -> None:
    folder = tmp_path / "segments"
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        folder.mkdir()
        gateway = GatewayProcess(tmp_path, feeder, largest_file=0)
        try:
            assert eventually(lambda: len(feeder.beats) == 1)
            (epoch,) = feeder.beats
            for _ in range(12):
                assert claim.is_held(folder, epoch), "it lives, and what it leases is its own"
                time.sleep(0.1)
            assert client(gateway).get().code == "metering_stopped"
            subprocess.run(["prlimit", f"--pid={gateway.pid}", "--fsize=unlimited:unlimited"], check=True)
            assert eventually(lambda: client(gateway).get().status == 200)
            assert claim.is_held(folder, epoch)
            assert {each.epoch for each in usages(tmp_path)} == {epoch}
        finally:
            gateway.kill()
        assert not claim.is_held(folder, epoch)


def test_several_processes_serve_one_port_and_outlive_one_of_them(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        port = listening.getsockname()[1]
        gateways = [GatewayProcess(tmp_path, feeder, port=port, processes=2, listening=listening) for _ in range(2)]
        try:
            for gateway in gateways:
                gateway.wait()
            assert eventually(lambda: len(feeder.beats) == 2)
            with Load([port], 6, connection="close") as load:
                time.sleep(0.7)
                gateways[0].kill()
                time.sleep(0.7)
            assert load.codes.keys() == {""}
            epochs = {each.epoch for each in usages(tmp_path)}
            assert len(epochs) == 2
        finally:
            for gateway in gateways:
                gateway.kill()
    recorded = Counter(each.call_id for each in usages(tmp_path))
    assert load.delivered.keys() <= recorded.keys()
    assert set(recorded.values()) == {1}


def test_connections_leave_no_descriptors_behind(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        try:
            asking = client(gateway)
            asking.get()
            before = descriptors(gateway)
            for _ in range(50):
                with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
                    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    connection.recv(100)
            assert eventually(lambda: descriptors(gateway) <= before + 2)
        finally:
            gateway.kill()

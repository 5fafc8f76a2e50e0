"""CPU for one authorised, durably metered call: the gateway beside its peers, in one run.

The server has a core of its own; the load and the upstream have the other. Rounds are interleaved, so that what the
machine does meanwhile meets everybody; figures are medians. CPU is that of the server's whole process tree, by the
scheduler's own count. Everybody must refuse a call without a key and give back the upstream's exact bytes, and our
records must be as many as the calls.

    python -m bench.gateway [--rounds 5] [--seconds 3] [--quick]
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import gateway_peers as peers
from bench.gateway_peers import Peer, PeerMissing
from tests.exchange.gateway import scene
from tests.exchange.gateway.feeder import Feeder
from tests.exchange.gateway.running import GatewayProcess
from tests.servers.processes import tree

SERVER_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 64
_FIGURES = re.compile(r"(\d+) requests in ")
_LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", re.MULTILINE)
_IN_US = {"us": 1.0, "ms": 1_000.0, "s": 1_000_000.0, "m": 60_000_000.0}
OPERATIONS: list[scene.Item] = [
    {"id": "echo", "method": "GET", "path": "/echo", "outcome": scene.BY_STATUS},
    {"id": "found", "method": "GET", "path": "/found", "outcome": scene.BY_POINTER},
    {"id": "size", "method": "GET", "path": "/size/{size}", "outcome": scene.BY_STATUS},
]
# Every request with another query and another header, as a caller that is traced would send them.
NEVER_TWICE = """
local n = 0
request = function()
  n = n + 1
  local path = wrk.path .. "?number=" .. n
  return wrk.format("GET", path, {{ ["X-Api-Key"] = "{key}", ["Traceparent"] = "00-" .. n .. "-" .. n * 7 .. "-01" }})
end
"""


@dataclass(frozen=True)
class Burst:
    """What one run of the load generator did."""

    calls: int
    cpu_us: float
    p50_us: float
    p99_us: float


@dataclass
class Row:
    """A server and a path, and its rounds."""

    name: str
    peer: Peer
    path: str
    never_twice: bool = False
    bursts: list[Burst] = field(default_factory=list)

    @property
    def cpu_us(self) -> float:
        return statistics.median(burst.cpu_us for burst in self.bursts)


def cpu_s(pid: int) -> float:
    """Processor time of the tree, in seconds, to the nanosecond."""
    total = 0
    for each in tree(pid):
        for task in Path(f"/proc/{each}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def load(folder: Path, row: Row, connections: int, seconds: float) -> Burst:
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if row.never_twice:
        script = folder / "never_twice.lua"
        script.write_text(NEVER_TWICE.format(key=scene.KEY))
        command += ["-s", str(script)]
    command += ["-H", f"X-Api-Key: {scene.KEY}", f"http://127.0.0.1:{row.peer.port}{row.peer.prefix}{row.path}"]
    before = cpu_s(row.peer.pid)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = cpu_s(row.peer.pid) - before
    assert "Non-2xx" not in said, f"{row.name}: {said}"
    match = _FIGURES.search(said)
    assert match, said
    calls = int(match.group(1))
    at = {part: float(value) * _IN_US[unit] for part, value, unit in _LATENCY.findall(said)}
    return Burst(calls, 1e6 * spent / max(calls, 1), at["50"], at["99"])


def check(row: Row, expected: bytes) -> None:
    """Refuses who has no key, and gives the upstream's bytes to who has one."""
    connection = http.client.HTTPConnection("127.0.0.1", row.peer.port, timeout=20)
    for headers, status in (({}, 401), ({"X-Api-Key": scene.KEY[:-1] + "x"}, 401), ({"X-Api-Key": scene.KEY}, 200)):
        connection.request("GET", row.peer.prefix + row.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == status, f"{row.name}: {answer.status} and not {status}"
        if status == 200:
            assert hashlib.sha256(body).digest() == hashlib.sha256(expected).digest(), f"{row.name}: other bytes"
    connection.close()


@contextmanager
def ours(folder: Path, behind: int, *, name: str, fsync: bool = False, processes: int = 1) -> Iterator[Peer]:
    folder.mkdir()
    items = [*scene.everything(behind), scene.interface(f"http://127.0.0.1:{behind}/v1", OPERATIONS)]
    with Feeder(folder / "s", items) as feeder:
        gateway = GatewayProcess(folder, feeder, fsync=fsync, cores=str(SERVER_CORE), processes=processes).wait()
        try:
            yield Peer(name, gateway.port, gateway.pid)
        finally:
            assert gateway.stop() == 0


def counted(folder: Path) -> int:
    """Records in the segments of a gateway that has stopped."""
    from tests.exchange.gateway.running import usages

    return sum(1 for _ in usages(folder))


def rounds(folder: Path, rows: list[Row], count: int, connections: int, seconds: float) -> None:
    for row in rows:
        load(folder, row, connections, 0.5 if seconds < 1 else 1)
    for number in range(count):
        for row in rows if number % 2 == 0 else reversed(rows):
            row.bursts.append(load(folder, row, connections, seconds))


def compare(rows: list[Row], base: Row | None) -> None:
    """One line each: median CPU, its range, and the median of the rounds' own ratios to the base."""
    for row in rows:
        cpus = [burst.cpu_us for burst in row.bursts]
        text = f"{row.name:44} {row.cpu_us:8.1f} µs ({min(cpus):.1f} to {max(cpus):.1f})"
        if base is not None and base.bursts:
            ratios = [a.cpu_us / b.cpu_us for a, b in zip(row.bursts, base.bursts, strict=True)]
            text += f"  {statistics.median(ratios):6.2f}"
        print(text, flush=True)


def start(stack: ExitStack, what: Callable[..., object], *given: object, **named: object) -> Peer | None:
    """The running peer; None, named, when it is not on this machine."""
    try:
        return stack.enter_context(what(*given, **named))  # type: ignore[arg-type]
    except PeerMissing as missing:
        print(f"not run: {missing}", flush=True)
        return None


def cpu_of_small_calls(folder: Path, stack: ExitStack, behind: int, given: argparse.Namespace) -> list[Row]:
    plain = start(stack, ours, folder / "ours", behind, name="ours")
    synced = start(stack, ours, folder / "synced", behind, name="ours, fdatasync")
    lua = start(stack, peers.nginx_lua, folder / "lua", SERVER_CORE, behind)
    others = [start(stack, peer, folder / peer.__name__, SERVER_CORE, behind) for peer in (peers.haproxy, peers.flask)]
    assert plain
    assert synced
    rows = [
        Row("ours, outcome by status", plain, "/echo"),
        Row("ours, outcome by JSON pointer", plain, "/found"),
        Row("ours, by status, no request like another", plain, "/echo", never_twice=True),
        Row("ours, by status, fdatasync before the reply", synced, "/echo"),
        Row("ours, by JSON pointer, fdatasync", synced, "/found"),
        *(
            [Row(lua.name, lua, "/echo"), Row(f"{lua.name}, no request like another", lua, "/echo", True)]
            if lua
            else []
        ),
        *(Row(peer.name, peer, "/echo") for peer in others if peer),
    ]
    for row in rows:
        check(row, peers.body_of(135))
    rounds(folder, rows, given.rounds, CONNECTIONS, given.seconds)
    base = next((row for row in rows if row.peer is lua), None)
    print(
        f"\nCPU for a call, {CONNECTIONS} connections, {given.rounds} rounds; ratio to {lua.name if lua else 'nobody'}"
    )
    compare(rows, base)
    return rows


def added_latency(folder: Path, rows: list[Row], behind: Peer, given: argparse.Namespace) -> None:
    chosen = [row for row in rows if not row.never_twice and row.path == "/echo"]
    for connections in (1, CONNECTIONS):
        direct = Row("the upstream itself", behind, "/echo")
        runs = [direct, *(Row(row.name, row.peer, row.path) for row in chosen)]
        rounds(folder, runs, given.rounds, connections, given.seconds)
        print(f"\nLatency at {connections} connection{'s' * (connections > 1)}, no pause: p50, p99, and what is added")
        base50 = statistics.median(burst.p50_us for burst in direct.bursts)
        base99 = statistics.median(burst.p99_us for burst in direct.bursts)
        for row in runs:
            p50 = statistics.median(burst.p50_us for burst in row.bursts)
            p99 = statistics.median(burst.p99_us for burst in row.bursts)
            print(
                f"{row.name:44} {p50:8.0f} {p99:8.0f} µs   + {p50 - base50:7.0f} + {p99 - base99:7.0f} µs", flush=True
            )


def sizes(folder: Path, rows: list[Row], given: argparse.Namespace) -> None:
    chosen = [row for row in rows if not row.never_twice and row.path == "/echo" and "Flask" not in row.name]
    for name, size in peers.SIZES.items():
        runs = [Row(row.name, row.peer, f"/size/{name}") for row in chosen]
        for row in runs:
            check(row, peers.body_of(size))
        rounds(folder, runs, given.rounds, 8 if size > 1_000_000 else CONNECTIONS, given.seconds)
        base = next((row for row in runs if "Lua" in row.name), None)
        print(f"\nCPU for an answer of {size:,} bytes")
        compare(runs, base)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="only the CPU of small calls")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("not run: wrk is not installed")
    if (os.cpu_count() or 1) < 2:
        sys.exit("not run: needs two cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with ExitStack() as stack:
            behind = start(stack, peers.upstream, folder / "upstream", LOAD_CORE)
            if behind is None:
                sys.exit("not run: nginx is the upstream of this bench")
            rows = cpu_of_small_calls(folder, stack, behind.port, given)
            if not given.quick:
                added_latency(folder, rows, behind, given)
                sizes(folder, rows, given)
        print(
            f"\nrecords in the segments: {counted(folder / 'ours'):,} and {counted(folder / 'synced'):,} with fdatasync"
        )


if __name__ == "__main__":
    main()

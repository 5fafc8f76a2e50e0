"""What sidecar and loader tell Prometheus: of themselves, and of the gateways all together."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exchange.metrics import process
from exchange.metrics.families import Family, counter, gauge, histogram, labelled
from exchange.sidecar.types import Calls, Meter

if TYPE_CHECKING:
    from exchange.sidecar.loader import Loader
    from exchange.sidecar.process import Sidecar

_OF_NOW = frozenset(("open_connections", "upstream_connections", "unconfirmed", "metering_stopped"))
_COUNTED = {
    "bytes_in": "Bytes of requests' bodies",
    "bytes_out": "Bytes of answers' bodies",
    "files": "Transfers of files",
    "file_bytes": "Bytes of files sent",
    "connections": "Connections taken",
    "upstream_connects": "Connections made to upstreams",
    "retries": "Calls sent again where that is safe",
    "access_log_dropped": "Lines of the access log that nobody took",
}
_PRESENT = {
    "open_connections": "Connections that are open",
    "upstream_connections": "Connections to upstreams that are open",
    "unconfirmed": "Recorded calls whose delivery is not known yet",
    "metering_stopped": "Processes that serve nothing because records cannot be written",
}
_MICRO = 1_000_000


@dataclass
class Leasing:
    """What was asked, granted and refused since the sidecar began."""

    granted: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    units: int = 0

    def count(self, returned: Calls) -> None:
        """A unit of leasing has ended, and these came back."""
        self.units += 1
        self.returned.update(returned.by_meter())

    def tell(self, lease: Mapping[str, Any]) -> None:
        self.granted.update({str(meter): lease[meter] for meter in Meter})
        if lease["refused"]:
            self.refused[lease["refused"]] += 1


def added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The sums of two documents of figures: numbers, lists of counts, and documents inside; bounds stay."""
    found = dict(one)
    for name, value in other.items():
        found[name] = _sum(name, found[name], value) if name in found else value
    return found


def _sum(name: str, one: Any, other: Any) -> Any:
    if name == "bounds":
        return other
    if isinstance(other, Mapping):
        return added(one, other)
    if isinstance(other, list):
        return [a + b for a, b in zip(one, other, strict=True)]
    return one + other


@dataclass
class Gateways:
    """Figures of the living processes, on top of what those that ended had counted."""

    ended: dict[str, Any] = field(default_factory=dict)

    def end(self, metrics: Mapping[str, Any]) -> None:
        self.ended = added(self.ended, {name: value for name, value in metrics.items() if name not in _OF_NOW})

    def families(self, living: Iterable[Mapping[str, Any]]) -> Iterator[Family]:
        found = self.ended
        for each in living:
            found = added(found, each)
        yield counter("piaohao_gateway_calls", "Calls by outcome", found.get("calls", {}), "outcome")
        yield counter("piaohao_gateway_refusals", "Refusals by code", found.get("refusals", {}), "code")
        for name, text in _COUNTED.items():
            yield counter(f"piaohao_gateway_{name}", text, found.get(name, 0))
        for name, text in _PRESENT.items():
            yield gauge(f"piaohao_gateway_{name}", text, found.get(name, 0))
        if latency := found.get("latency_us"):
            seconds = {"bounds": [bound / _MICRO for bound in latency["bounds"]], "counts": latency["counts"]}
            took = seconds | {"sum": latency["sum"] / _MICRO}
            yield histogram("piaohao_gateway_call_seconds", "From a request's head to the end of its answer", took)


def collect(sidecar: Sidecar) -> Iterator[Family]:
    """All that this sidecar knows of its machine."""
    sessions = list(sidecar.board.sessions.values())
    yield from sidecar.board.gateways.families(session.beat.get("metrics") or {} for session in sessions)
    yield gauge("piaohao_gateway_processes", "Gateway processes that are connected", len(sessions))
    yield gauge("piaohao_gateway_in_flight", "Calls under way", sum(s.beat.get("in_flight", 0) for s in sessions))
    for session in sessions:
        yield from labelled(process.of(session.pid), role="gateway", process=str(session.pid))
    yield from _telling(sidecar)
    yield from _leases(sidecar.lessor.figures)


def loading(loader: Loader) -> Iterator[Family]:
    """What the loader of this machine has done, and what waits for it."""
    tally = loader.tally
    ends = {
        "loaded": tally.calls, "credited": tally.credited, "known": tally.known, "conflict": tally.conflicts,
        "damaged": tally.damaged,
    }  # fmt: skip
    yield counter("piaohao_loader_records", "Records by their end; credited ones are loaded too", ends, "end")
    yield counter("piaohao_loader_receipts", "Transfers of files that became receipts", tally.receipts)
    yield counter("piaohao_loader_units", "Units of loading", tally.units)
    segments, waiting = loader.waiting()
    yield gauge("piaohao_loader_segments", "Segments on the disk", segments)
    yield gauge("piaohao_loader_waiting_bytes", "Bytes of segments that are not loaded yet", waiting)


def _telling(sidecar: Sidecar) -> Iterator[Family]:
    board = sidecar.board
    yield gauge("piaohao_sidecar_items", "Things that gateways know", len(board.items))
    yield counter("piaohao_sidecar_changes", "Changes told to gateways", board.changes)
    since = max(0.0, time.monotonic() - board.looked_at)
    yield gauge("piaohao_sidecar_looked_seconds", "Since the database was last asked for changes", min(since, 1e6))


def _leases(leasing: Leasing) -> Iterator[Family]:
    yield counter("piaohao_sidecar_leased_calls", "Calls given out on lease", dict(leasing.granted), "meter")
    yield counter("piaohao_sidecar_returned_calls", "Leased calls given back", dict(leasing.returned), "meter")
    yield counter("piaohao_sidecar_lease_refusals", "Leases refused, by reason", dict(leasing.refused), "code")
    yield counter("piaohao_sidecar_lease_units", "Units of leasing", leasing.units)

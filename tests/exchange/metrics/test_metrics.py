"""Figures: added up over processes, shown to who is on this machine or an operator, and to nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from urllib.request import urlopen

import flask
import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.house import House
from exchange.metrics import page, process
from exchange.metrics.families import Buckets, Family, counter, gauge, histogram, joined, labelled
from exchange.metrics.files import Writer, folder_of, read_all
from exchange.metrics.web import Counted
from exchange.sidecar.figures import Gateways, added
from exchange.worker import Chore
from tests import build


def _values(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _write(data: Path, *families: Family) -> None:
    Writer(data, "test", lambda: families).write()


def test_counters_gauges_and_histograms_can_be_read_by_prometheus(tmp_path: Path) -> None:
    buckets = Buckets((0.1, 1.0))
    for seconds in (0.05, 0.5, 0.7, 3.0):
        buckets.observe(seconds)
    _write(
        tmp_path,
        counter("a", "Things", {"x": 2, "y": 3}, "kind"),
        gauge("b", "Now", 1.5),
        histogram("c_seconds", "Took", buckets.document()),
    )
    values = _values(page.page(tmp_path).decode())
    assert values["a_total", (("kind", "x"),)] == 2
    assert values["b", ()] == 1.5
    assert [values["c_seconds_bucket", (("le", le),)] for le in ("0.1", "1.0", "+Inf")] == [1, 3, 4]
    assert values["c_seconds_sum", ()] == pytest.approx(4.25)
    assert values["c_seconds_count", ()] == 4


def test_families_of_one_name_are_joined_and_keep_their_labels() -> None:
    one, two = (labelled([counter("a", "A", 1)], process=name) for name in ("1", "2"))
    [found] = joined([*one, *two])
    assert found.samples == (({"process": "1"}, 1), ({"process": "2"}, 1))


def test_what_a_process_left_that_has_ended_is_passed_over_and_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    path = folder_of(tmp_path) / f"web-{ended.pid}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([counter("a", "A", 1).document()]))
    (path.parent / f"web-{os.getpid()}.json").write_text("{broken")
    assert read_all(tmp_path) == []
    assert not path.exists()


def test_a_writer_goes_on_when_figures_cannot_be_had_and_takes_its_file_along(tmp_path: Path) -> None:
    stop, calls = threading.Event(), []

    def collect() -> list[Family]:
        calls.append(1)
        stop.set()
        raise RuntimeError("not today")

    Writer(tmp_path, "test", collect).run(stop)
    assert calls == [1]
    assert list(folder_of(tmp_path).glob("*.json")) == []


def test_the_system_tells_of_a_living_process_and_of_no_other() -> None:
    names = {family.name for family in process.of(os.getpid())}
    assert "piaohao_process_resident_bytes" in names or not Path("/proc").exists()
    assert process.of(2**22 + 1) == []


def test_figures_of_gateways_are_summed_and_those_of_ended_ones_kept() -> None:
    beat = {"calls": {"hit": 2}, "open_connections": 3, "latency_us": {"bounds": [1000], "counts": [1, 1], "sum": 5}}
    gateways = Gateways()
    gateways.end(beat)
    found = {family.name: family for family in gateways.families([beat, {"calls": {"miss": 1}}])}
    calls = {labels["outcome"]: value for labels, value in found["piaohao_gateway_calls"].samples}
    assert calls == {"hit": 4, "miss": 1}
    assert found["piaohao_gateway_open_connections"].samples == (({}, 3),), "what is over is not counted as now"
    [(_, took)] = found["piaohao_gateway_call_seconds"].samples
    assert took == {"bounds": [0.001], "counts": [2, 2], "sum": 10 / 1_000_000}
    assert added({}, beat) == beat


def test_web_counts_its_answers_by_method_and_status() -> None:
    def app(_environ: object, start: object) -> list[bytes]:
        start("404 Not Found", [])  # type: ignore[operator]
        return [b""]

    counted = Counted(app)
    for method in ("GET", "BREW"):
        list(counted({"REQUEST_METHOD": method}, lambda *_: None))
    assert dict(counted.requests) == {("GET", "404"): 1, ("other", "404"): 1}
    assert sum(counted.seconds.counts) == 2
    assert {family.name for family in counted.families()} == {"piaohao_web_requests", "piaohao_web_request_seconds"}


def test_a_chore_counts_its_turns_and_failures(house: House) -> None:
    chore = Chore("test", lambda _house: pytest.fail("now"), every_s=0.0)
    chore.act = lambda _house: 1 / 0  # type: ignore[assignment, return-value]
    chore.attend(house)
    assert (chore.turns, chore.failed) == (1, 1)


def test_figures_are_for_this_machine_and_for_operators(app: flask.Flask, house: House) -> None:
    _write(house.settings.data, gauge("b", "Now", 1))
    stranger = {"REMOTE_ADDR": "192.0.2.7"}
    client = app.test_client()

    def status(headers: dict[str, str], environ: dict[str, str]) -> int:
        return client.get("/metrics", headers=headers, environ_overrides=environ).status_code

    operator, finance = build.platform_person(house, "operator"), build.platform_person(house, "finance")
    assert status({}, {"REMOTE_ADDR": "127.0.0.1"}) == 200
    assert status({}, stranger) == 404
    assert status({"X-Forwarded-For": "192.0.2.7"}, {"REMOTE_ADDR": "127.0.0.1"}) == 404
    assert status({"Authorization": "Bearer nobody"}, stranger) == 404
    assert status({"Authorization": f"Bearer {finance.token}"}, stranger) == 404
    assert status({"Authorization": f"Bearer {operator.token}"}, stranger) == 200


def test_the_page_has_a_port_of_its_own(tmp_path: Path) -> None:
    _write(tmp_path, gauge("b", "Now", 1))
    server = page.serve(tmp_path, 0)
    try:
        with urlopen(f"http://127.0.0.1:{server.server_address[1]}/metrics", timeout=10) as answer:
            assert _values(answer.read().decode())["b", ()] == 1
    finally:
        server.shutdown()
        server.server_close()

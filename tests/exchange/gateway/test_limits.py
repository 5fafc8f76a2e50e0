"""Rate, quota, balance and trial under overload on two processes, one of them killed: never above, hardly below."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.exchange.gateway import scene
from tests.exchange.gateway.asking import Asking
from tests.exchange.gateway.feeder import Budget, Feeder
from tests.exchange.gateway.running import GatewayProcess, usages
from tests.exchange.gateway.test_life import Load
from tests.exchange.gateway.upstream import Upstream
from tests.servers.exchange import eventually


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as serving:
        yield serving


def started(folder: Path, feeder: Feeder, processes: int = 2) -> list[GatewayProcess]:
    gateways = [GatewayProcess(folder, feeder, processes=processes) for _ in range(processes)]
    for gateway in gateways:
        gateway.wait()
    return gateways


def test_the_rate_holds_for_both_processes_together(tmp_path: Path, upstream: Upstream) -> None:
    rate, burst = 8, 10
    items = scene.everything(upstream.port, limits={"rate_per_second": rate, "burst": burst})
    with Feeder(tmp_path / "s", items) as feeder:
        gateways = started(tmp_path, feeder)
        began = time.monotonic()
        with Load([each.port for each in gateways], 6) as load:
            time.sleep(1.5)
            gateways[0].kill()
            time.sleep(1.5)
        ended = time.monotonic()
        gateways[1].kill()
    admitted = len(list(usages(tmp_path)))
    assert load.codes["rate_limited"] > admitted
    assert (burst + rate * 2.5) * 0.8 <= admitted <= burst + rate * (ended - began)


@pytest.mark.parametrize(
    ("meter", "limits", "codes"),
    [
        ("quota", {"quota": 300, "quota_period": "day"}, {"quota_exhausted", "quota_in_flight"}),
        ("funded", {}, {"balance_insufficient", "balance_in_flight"}),
    ],
)
def test_leased_calls_are_spent_to_the_last_and_never_twice(
    tmp_path: Path, upstream: Upstream, meter: str, limits: scene.Item, codes: set[str]
) -> None:
    budget = Budget(quota=300) if meter == "quota" else Budget(funded=300)
    items = scene.everything(upstream.port, limits=limits, funding=meter == "funded")
    with Feeder(tmp_path / "s", items, {scene.ENTITLEMENT: budget}) as feeder:
        gateways = started(tmp_path, feeder)
        with Load([each.port for each in gateways], 6) as load:
            assert eventually(lambda: sum(load.codes[code] for code in codes) > 100)
            gateways[0].kill()
            time.sleep(0.5)
        admitted = len(list(usages(tmp_path)))
        assert load.codes.keys() - {""} <= codes
        assert 300 - budget.leased[meter] <= admitted <= 300
        assert load.statuses[200] <= admitted
        gateways[1].stop()


def test_two_processes_share_what_is_allowed_at_once(tmp_path: Path, upstream: Upstream) -> None:
    items = scene.everything(upstream.port, limits={"concurrency": 3})
    with Feeder(tmp_path / "s", items) as feeder:
        gateways = started(tmp_path, feeder)
        upstream.most_at_once = 0
        with Load([each.port for each in gateways], 10, "/echo?delay=200") as load:
            assert eventually(lambda: load.codes["concurrency_limited"] > 10 and load.codes[""] > 10)
        assert 2 <= upstream.most_at_once <= 3
        for gateway in gateways:
            gateway.kill()


def test_misses_give_their_money_back(tmp_path: Path, upstream: Upstream) -> None:
    budget = Budget(funded=2)
    with Feeder(tmp_path / "s", scene.everything(upstream.port), {scene.ENTITLEMENT: budget}) as feeder:
        (gateway,) = started(tmp_path, feeder, 1)
        asking = Asking(gateway.port, {"X-Api-Key": scene.KEY})
        assert [asking.get("/echo?status=404").status for _ in range(10)] == [404] * 10
        assert [asking.get("/echo").status for _ in range(3)] == [200, 200, 402]
        assert asking.get("/echo").code == "balance_insufficient"
        budget.funded = 1
        assert eventually(lambda: asking.get("/echo").status == 200)
        gateway.kill()


def test_test_keys_have_their_trial_and_cost_nothing(tmp_path: Path, upstream: Upstream) -> None:
    budget = Budget(funded=0, trial=3)
    with Feeder(tmp_path / "s", scene.everything(upstream.port), {scene.ENTITLEMENT: budget}) as feeder:
        (gateway,) = started(tmp_path, feeder, 1)
        asking = Asking(gateway.port, {"X-Api-Key": scene.TEST_KEY})
        assert [asking.get().code for _ in range(4)] == ["", "", "", "trial_exhausted"]
        assert Asking(gateway.port, {"X-Api-Key": scene.KEY}).get().code == "balance_insufficient"
        gateway.kill()


def test_leases_come_back_when_they_are_not_used_or_asked_for(tmp_path: Path, upstream: Upstream) -> None:
    budget = Budget(funded=1_000)
    with Feeder(tmp_path / "s", scene.everything(upstream.port), {scene.ENTITLEMENT: budget}) as feeder:
        (gateway,) = started(tmp_path, feeder, 1)
        asking = Asking(gateway.port, {"X-Api-Key": scene.KEY})
        asking.get()
        assert budget.leased["funded"] > 1
        assert eventually(lambda: budget.funded == 999), "idle"
        asking.get()
        feeder.recall(scene.ENTITLEMENT)
        assert eventually(lambda: budget.funded == 998, 1), "recalled"
        gateway.kill()


def test_a_sidecar_that_does_not_answer_does_not_hang_calls(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        feeder.answering = False
        gateway = GatewayProcess(tmp_path, feeder, lease_s=0.3).wait()
        asking = Asking(gateway.port, {"X-Api-Key": scene.KEY})
        began = time.monotonic()
        assert asking.get().code == "gateway_stale"
        assert time.monotonic() - began < 10
        assert list(usages(tmp_path)) == []
        gateway.kill()


@pytest.mark.parametrize(("given_back", "told"), [(True, (200, "")), (False, (402, "balance_in_flight"))])
def test_a_call_waits_for_what_others_are_asked_to_give_back(
    tmp_path: Path, upstream: Upstream, given_back: bool, told: tuple[int, str]
) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder, ThreadPoolExecutor() as threads:
        feeder.answering = False
        (gateway,) = started(tmp_path, feeder, 1)
        known = len(upstream.seen)
        asked = threads.submit(Asking(gateway.port, {"X-Api-Key": scene.KEY}).get, "/echo")
        assert eventually(lambda: any(each["t"] == "want" for each in feeder.messages))
        feeder.lease(scene.ENTITLEMENT, asked=["funded"], more=True)
        time.sleep(0.6)
        assert not asked.done()
        if given_back:
            feeder.lease(scene.ENTITLEMENT, funded=1)
        assert (asked.result().status, asked.result().code) == told
        assert len(upstream.seen) - known == given_back
        gateway.kill()


def test_what_was_asked_for_while_no_sidecar_was_there_is_asked_for_again(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder, ThreadPoolExecutor() as threads:
        (gateway,) = started(tmp_path, feeder, 1)
        hidden = feeder.path.rename(tmp_path / "hidden")
        feeder.disconnect()
        time.sleep(0.2)
        asked = threads.submit(Asking(gateway.port, {"X-Api-Key": scene.KEY}).get, "/echo")
        time.sleep(0.2)
        hidden.rename(feeder.path)
        assert asked.result().status == 200
        gateway.kill()


def test_a_call_that_waits_for_its_lease_obeys_what_changes_meanwhile(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder, ThreadPoolExecutor() as threads:
        feeder.answering = False
        gateway = GatewayProcess(tmp_path, feeder, lease_s=60).wait()
        known = len(upstream.seen)
        changes: list[tuple[str, tuple[str, str], scene.Item, scene.Item]] = [
            ("order_frozen", ("entitlement", scene.ENTITLEMENT), {"frozen": True}, {"frozen": False}),
            ("credential_revoked", ("key", scene.KEY_ID), {"state": "revoked"}, {"state": "active"}),
            ("interface_withdrawn", ("interface", scene.LISTING), {"suspended": True}, {"suspended": False}),
        ]
        for code, item, change, back in changes:
            asked = threads.submit(Asking(gateway.port, {"X-Api-Key": scene.KEY}).get, "/echo")
            time.sleep(0.15)
            assert not asked.done()
            began = time.monotonic()
            feeder.change(*item, **change)
            assert asked.result().code == code
            assert time.monotonic() - began < 10
            feeder.change(*item, **back)
        assert len(upstream.seen) == known
        gateway.kill()


def test_a_call_that_waits_is_sent_where_the_interface_is_now(tmp_path: Path, upstream: Upstream) -> None:
    with (
        Upstream() as other,
        Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder,
        ThreadPoolExecutor() as threads,
    ):
        feeder.answering = False
        (gateway,) = started(tmp_path, feeder, 1)
        known = len(upstream.seen)
        asked = threads.submit(Asking(gateway.port, {"X-Api-Key": scene.KEY}).send, "POST", "/echo?a=b", b"abc")
        time.sleep(0.15)
        credential = {"kind": "query", "name": "appkey", "value": "changed"}
        feeder.put(scene.interface(f"http://127.0.0.1:{other.port}/v2", credential=credential))
        feeder.lease(scene.ENTITLEMENT, funded=8)
        assert asked.result().status == 200
        assert len(upstream.seen) == known
        assert [(each.target, each.body) for each in other.seen] == [("/v2/echo?a=b&appkey=changed", b"abc")]
        gateway.kill()


def test_misses_are_no_reason_to_give_a_lease_back(tmp_path: Path, upstream: Upstream) -> None:
    with Feeder(tmp_path / "s", scene.everything(upstream.port)) as feeder:
        (gateway,) = started(tmp_path, feeder, 1)
        with Load([gateway.port], 1, "/echo?status=404"):
            time.sleep(2.6)
            assert not [each for each in feeder.messages if each["t"] == "give"]
        gateway.kill()

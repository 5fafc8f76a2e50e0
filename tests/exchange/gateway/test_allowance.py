"""Rate, concurrency and leased calls: exact, whatever the order of events."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.gateway.allowance import SECOND, Allowance, Verdict
from exchange.gateway.shared import SharedLimits

START = 5_000 * SECOND
LIMITS = {"rate_per_second": 10, "burst": 20, "concurrency": 1_000}


def allowance(shared: SharedLimits | None = None, *, funding: bool = False, **limits: object) -> Allowance:
    made = Allowance("ent_1", shared)
    made.configure(LIMITS | limits, funding=funding)
    return made


def admitted(made: Allowance, moments: list[int]) -> int:
    count = 0
    for now in moments:
        if made.reserve(now, True) is None:
            made.settle(True, True, True)
            count += 1
    return count


def test_the_burst_is_admitted_and_not_one_more() -> None:
    assert admitted(allowance(), [START] * 100) == 20


def test_after_the_burst_calls_are_admitted_at_the_rate() -> None:
    made = allowance()
    assert admitted(made, [START] * 20) == 20
    assert admitted(made, [START + SECOND // 10 - 1]) == 0
    assert admitted(made, [START + SECOND // 10] * 2) == 1
    assert admitted(made, [START + SECOND // 10 + 60 * SECOND] * 50) == 20


def test_overload_admits_the_rate_and_the_burst_to_the_last_call() -> None:
    moments = [START + step * SECOND // 200 for step in range(200 * 100 + 1)]  # 20 times the rate, 100 seconds
    assert admitted(allowance(), moments) == 20 + 10 * 100


@settings(max_examples=200)
@given(
    st.integers(1, 1_000), st.integers(1, 50), st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=300)
)  # fmt: skip
def test_no_window_ever_admits_more_than_burst_and_rate(rate: int, burst: int, gaps: list[int]) -> None:
    made = allowance(rate_per_second=rate, burst=burst)
    now, taken = START, []
    for gap in gaps:
        now += gap
        if made.reserve(now, True) is None:
            taken.append(now)
            made.settle(True, True, True)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - taken[first]) * rate / SECOND + 1e-6


def test_what_is_told_agrees_with_what_is_admitted() -> None:
    made = allowance()
    for left in range(20, 0, -1):
        assert made.left(START)[0] == left
        assert made.reserve(START, True) is None
    assert made.left(START) == (0, 2)
    assert made.reserve(START, True) is Verdict.RATE
    assert made.next_after_s(START) == 1
    assert made.left(START + 2 * SECOND) == (20, 0)


def test_so_many_calls_at_once_and_no_more() -> None:
    made = allowance(concurrency=3)
    assert [made.reserve(START, True) for _ in range(4)] == [None, None, None, Verdict.CONCURRENCY]
    made.settle(True, True, True)
    assert made.reserve(START, True) is None


def test_a_refusal_takes_nothing() -> None:
    made = allowance(concurrency=1, funding=True)
    made.lease(START, {"funded": 5})
    assert made.reserve(START, True) is None
    before = (made.funded.available, made.left(START))
    assert made.reserve(START, True) is Verdict.CONCURRENCY
    assert (made.funded.available, made.left(START)) == before


def test_money_is_reserved_and_given_back_when_a_call_is_not_billed() -> None:
    made = allowance(funding=True)
    assert made.reserve(START, True) is Verdict.WAIT
    assert made.want(START, True) == {"funded": 8}
    assert made.want(START, True) == {}, "asked already"
    made.lease(START, {"funded": 2})
    assert [made.reserve(START, True) for _ in range(3)] == [None, None, Verdict.SPENT]
    assert made.refusal == "balance_in_flight"
    made.settle(True, True, False)
    assert made.reserve(START, True) is None
    made.settle(True, True, True)
    made.settle(True, True, True)
    made.lease(START, {"funded": 0, "refused": "balance_insufficient"})
    later = START + SECOND
    assert made.reserve(later, True) is Verdict.WAIT, "after a while it is worth asking again"
    made.want(later, True)
    made.lease(later, {"funded": 0})
    assert made.reserve(later, True) is Verdict.SPENT
    assert made.refusal == "balance_insufficient"


def test_a_quota_is_used_by_every_recorded_call_and_by_no_other() -> None:
    made = allowance(quota=100)
    made.lease(START, {"quota": 2})
    assert made.reserve(START, True) is None
    made.settle(True, False, False)
    assert made.quota.available == 2
    assert made.reserve(START, True) is None
    made.settle(True, True, False)
    assert made.quota.available == 1


def test_calls_with_test_keys_use_the_trial_alone() -> None:
    made = allowance(funding=True, quota=1)
    assert made.want(START, False) == {"trial": 8}
    made.lease(START, {"trial": 1})
    assert made.reserve(START, False) is None
    made.settle(False, True, False)
    assert made.reserve(START, False) is Verdict.SPENT
    assert made.refusal == "trial_exhausted"


@settings(max_examples=300)
@given(st.integers(0, 60), st.lists(st.sampled_from(["call", "hit", "miss", "lose", "lease", "give"]), max_size=120))
def test_leased_calls_are_never_lost_and_never_made(budget: int, steps: list[str]) -> None:
    made, left, under_way, billed = allowance(funding=True, rate_per_second=100_000, burst=100_000), budget, 0, 0
    for number, step in enumerate(steps):
        now = START + number * SECOND
        if step == "call":
            under_way += made.reserve(now, True) is None
        elif step in ("hit", "miss", "lose") and under_way:
            made.settle(True, step != "lose", step == "hit")
            under_way -= 1
            billed += step == "hit"
        elif step == "lease":
            asked = made.want(now, True).get("funded", 0)
            granted = min(asked, left)
            left -= granted
            made.lease(now, {"funded": granted})
        elif step == "give":
            left += made.give_back(now, all_of_it=True).get("funded", 0)
        assert left + made.funded.available + made.funded.reserved + billed == budget
        assert made.funded.reserved == under_way


def test_processes_share_rate_and_concurrency(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    ours, theirs = allowance(SharedLimits(path)), allowance(SharedLimits(path))
    taken = [made.reserve(START, True) for made in (ours, theirs) * 30]
    assert taken.count(None) == 20
    assert set(taken) == {None, Verdict.RATE}


SHARING = """
import sys, time
from pathlib import Path
from exchange.gateway.shared import SharedLimits
from tests.exchange.gateway.test_allowance import allowance
made = allowance(SharedLimits(Path(sys.argv[1])), rate_per_second=1000, burst=1000, concurrency=5)
admitted = [made.reserve(time.monotonic_ns(), True) for _ in range(100)].count(None)
print(admitted, flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_had_under_way_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    other = subprocess.Popen(
        [sys.executable, "-c", SHARING, str(path)], cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "5\n"
    shared = SharedLimits(path)
    ours = allowance(shared, rate_per_second=1000, burst=1000, concurrency=5)
    assert shared.column == 1
    now = START * 1_000
    assert ours.reserve(now, True) is Verdict.CONCURRENCY
    shared.forget_the_dead()
    assert ours.reserve(now, True) is Verdict.CONCURRENCY, "the other one lives"
    other.kill()
    other.wait()
    other.stdout.close()
    shared.forget_the_dead()
    assert ours.reserve(now, True) is None


def test_calls_of_an_old_window_are_not_taken_over_into_the_next() -> None:
    made = allowance(quota=100, quota_period="day")
    made.want(START, True)
    made.lease(START, {"quota": 8, "until": 1_000.0})
    made.lease(START, {"quota": 3, "until": 2_000.0})
    assert made.give_back(START, all_of_it=True) == {"quota": 3}


def until(moment: int) -> dict[str, object]:
    """Eight calls of a window that ends at this moment, by a clock that is as far as the monotonic one."""
    return {"quota": 8, "until": moment / SECOND}


def test_an_answer_that_tells_no_window_does_not_make_the_quota_last_for_ever() -> None:
    made = allowance(quota=100, quota_period="day")
    made.lease(START, until(START + SECOND))
    made.lease(START, {"quota": 0, "until": None})
    assert made.reserve(START + SECOND, True) is Verdict.WAIT


def test_a_window_ends_between_two_calls_and_the_next_one_is_asked_for() -> None:
    made = allowance(quota=100, quota_period="day")
    made.lease(START, until(START + SECOND))
    assert made.reserve(START + SECOND - 1, True) is None
    assert made.reserve(START + SECOND, True) is Verdict.WAIT
    assert made.want(START + SECOND, True)


def test_a_lease_that_comes_when_its_window_is_over_is_not_used() -> None:
    made = allowance(quota=100, quota_period="day")
    made.lease(START + SECOND, until(START))
    assert made.reserve(START + SECOND, True) is Verdict.WAIT


def test_a_window_ends_by_the_clock_of_the_exchange_wherever_that_is_put() -> None:
    made = allowance(quota=100, quota_period="day")
    made.lease(START, until(START + SECOND))
    made.set_clock(SECOND)
    assert made.reserve(START, True) is Verdict.WAIT


def test_a_call_of_the_old_window_that_was_not_recorded_makes_no_call_of_the_new_one() -> None:
    made = allowance(quota=100, quota_period="day")
    made.lease(START, until(START + SECOND))
    assert made.reserve(START, True) is None
    made.lease(START + SECOND, {"quota": 2, "until": 100_000.0})
    assert made.reserve(START + SECOND, True) is None
    made.settle(True, False, False)
    made.settle(True, True, False)
    assert made.give_back(START + SECOND, all_of_it=True) == {"quota": 1}

"""Price plans of every usage kind, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

CURRENCIES = {"CNY": 2, "JPY": 0, "KWD": 3}


def price(decimals: int) -> st.SearchStrategy[str]:
    """From 10⁻⁷ of a minor unit to a few thousand of them."""
    places = decimals + 7
    return st.integers(1, 5 * 10**10).map(lambda units: _written(units, places))


def amount(decimals: int) -> st.SearchStrategy[str]:
    return st.integers(1, 10**8).map(lambda minor: _written(minor, decimals))


def _written(value: int, places: int) -> str:
    digits = str(value).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


@st.composite
def _by_unit(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(sorted(CURRENCIES)))
    kind = draw(st.sampled_from(["per_call", "per_hit", "per_record", "per_byte"]))
    plan = {"version": 1, "kind": kind, "currency": currency, "price": draw(price(CURRENCIES[currency]))}
    if draw(st.booleans()):
        plan["per"] = draw(st.integers(1, 5_000))
    return plan | draw(_free_quota())


@st.composite
def _by_steps(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(sorted(CURRENCIES)))
    bounds = sorted(draw(st.sets(st.integers(1, 3_000), max_size=4)))
    prices = [draw(price(CURRENCIES[currency])) for _ in range(len(bounds) + 1)]
    steps = [{"up_to": bound, "price": each} for bound, each in zip([*bounds, None], prices, strict=True)]
    plan = {
        "version": 1, "kind": draw(st.sampled_from(["graduated", "volume"])), "currency": currency,
        "unit": draw(st.sampled_from(["call", "hit", "record", "byte"])), "steps": steps,
    }  # fmt: skip
    return plan | draw(_free_quota())


@st.composite
def _free_quota(draw: st.DrawFn) -> dict[str, Any]:
    if not draw(st.booleans()):
        return {}
    period = draw(st.sampled_from(["month", "quarter", "year"]))
    return {"free_quota": draw(st.integers(1, 2_000)), "period": period}


@st.composite
def _subscription(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(sorted(CURRENCIES)))
    decimals = CURRENCIES[currency]
    plan = {
        "version": 1, "kind": "subscription", "currency": currency, "amount": draw(amount(decimals)),
        "period": "month",
    }  # fmt: skip
    if draw(st.booleans()):
        plan |= {"unit": "hit", "included": draw(st.integers(1, 2_000))}
        if draw(st.booleans()):
            plan["overage"] = draw(price(decimals))
    return plan


@st.composite
def _package(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "version": 1, "kind": "package", "currency": "CNY", "amount": "50.00",
        "unit": draw(st.sampled_from(["call", "hit"])), "quantity": draw(st.integers(1, 3_000)),
    }  # fmt: skip


by_usage = st.one_of(_by_unit(), _by_steps())


@st.composite
def _minimum(draw: st.DrawFn) -> dict[str, Any]:
    usage = draw(by_usage)
    least = draw(amount(CURRENCIES[usage["currency"]]))
    return {
        "version": 1, "kind": "minimum", "currency": usage["currency"], "amount": least, "period": "month",
        "usage": usage,
    }  # fmt: skip


any_plan = st.one_of(by_usage, _subscription(), _package(), _minimum(), st.just({"version": 1, "kind": "free"}))

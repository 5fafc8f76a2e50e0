"""The price plan document: golden files, refusals that name the field, one hash for one meaning."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import money, plans
from core.plans import Kind
from core.problems import Invalid

GOLDEN: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden_plans.json").read_text("utf-8"))
PER_CALL = {"version": 1, "kind": "per_call", "currency": "CNY", "price": "0.0028"}


def document(kind: str) -> dict[str, Any]:
    return next(copy.deepcopy(case["document"]) for case in GOLDEN if case["document"]["kind"] == kind)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: str(case["name"]))
def test_golden_documents_keep_their_form_and_hash(case: dict[str, Any]) -> None:
    plan = plans.parse(case["document"])
    assert plan.document() == case["canonical"]
    assert plan.hash() == case["sha256"] == plans.plan_hash(case["canonical"])


def test_every_kind_has_a_golden_document() -> None:
    assert {case["document"]["kind"] for case in GOLDEN} == {str(kind) for kind in Kind}


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_sellable_now_by_the_kind_of_listing(kind: Kind) -> None:
    plan = plans.parse(document(kind))
    assert plan.sellable_now("dataset") is (kind in (Kind.FREE, Kind.ONE_OFF))
    refused = (Kind.ONE_OFF, Kind.PER_RECORD, Kind.PER_BYTE, Kind.NEGOTIATED)
    assert plan.sellable_now("interface") is (kind not in refused)
    assert not plan.sellable_now("anything else")


COUNTED = [Kind.PACKAGE, Kind.SUBSCRIPTION, Kind.GRADUATED, Kind.VOLUME]


@pytest.mark.parametrize("kind", COUNTED)
def test_what_counts_records_or_bytes_is_not_sellable(kind: Kind) -> None:
    plan = plans.parse(document(kind)).document()
    for unit, sellable in (("call", True), ("hit", True), ("record", False), ("byte", False)):
        counted = plans.parse(plan | {"unit": unit}).document()
        assert plans.parse(counted).sellable_now("interface") is sellable
        if kind in plans.USAGE_KINDS:
            least = {"version": 1, "kind": "minimum", "currency": "CNY", "amount": "1", "period": "month"}
            assert plans.parse(least | {"usage": counted}).sellable_now("interface") is sellable


def test_a_subscription_may_count_nothing() -> None:
    flat = {"version": 1, "kind": "subscription", "currency": "CNY", "amount": "1.00", "period": "month"}
    assert plans.parse(flat).sellable_now("interface")


def test_list_prices() -> None:
    assert plans.parse(plans.free()).list_price("CNY") == 0
    plan = plans.parse(plans.one_off("48000", "CNY"))
    assert plan.list_price("CNY") == 4_800_000
    assert plan.list_price("USD") is None


@pytest.mark.parametrize("kind", [*sorted(plans.USAGE_KINDS), Kind.MINIMUM])
def test_what_is_paid_by_usage_costs_nothing_when_it_is_ordered(kind: Kind) -> None:
    plan = plans.parse(document(kind))
    assert plan.list_price("CNY") == 0
    assert plan.list_price("USD") is None, "never read as free"


def test_what_is_paid_in_advance_is_paid_when_it_is_ordered_and_a_quote_has_no_list_price() -> None:
    for kind in (Kind.PACKAGE, Kind.SUBSCRIPTION):
        assert plans.parse(document(kind)).list_price("CNY") == plans.parse(document(kind)).amount
    assert plans.parse(document(Kind.NEGOTIATED)).list_price("CNY") is None


@pytest.mark.parametrize(
    ("base", "change", "field"),
    [
        ("one_off", {"amount": "-1"}, "plan.amount"),
        ("one_off", {"amount": "NaN"}, "plan.amount"),
        ("one_off", {"amount": "1e30"}, "plan.amount"),
        ("one_off", {"amount": "0"}, "plan.amount"),
        ("one_off", {"amount": 48000}, "plan.amount"),
        ("one_off", {"currency": "XYZ"}, "plan.currency"),
        ("one_off", {"version": 2}, "plan.version"),
        ("one_off", {"version": True}, "plan.version"),
        ("one_off", {"version": "1"}, "plan.version"),
        ("one_off", {"kind": "gift"}, "plan.kind"),
        ("one_off", {"kind": ["free"]}, "plan.kind"),
        ("one_off", {"price": "1"}, "plan.price"),
        ("free", {"amount": "1"}, "plan.amount"),
        ("per_call", {"price": "0"}, "plan.price"),
        ("per_call", {"per": 0}, "plan.per"),
        ("per_call", {"per": 1.5}, "plan.per"),
        ("per_call", {"per": True}, "plan.per"),
        ("per_call", {"per": 2**53}, "plan.per"),
        ("subscription", {"period": "week"}, "plan.period"),
        ("package", {"unit": "row"}, "plan.unit"),
        ("package", {"quantity": None}, "plan.quantity"),
        ("graduated", {"steps": []}, "plan.steps"),
        ("graduated", {"steps": [{"up_to": 5, "price": "1"}]}, "plan.steps.0.up_to"),
        ("graduated", {"steps": [{"up_to": 5}, {"up_to": None, "price": "1"}]}, "plan.steps.0"),
        ("volume", {"steps": [{"up_to": None, "price": "1"}, {"up_to": None, "price": "1"}]}, "plan.steps.0.up_to"),
        (
            "volume",
            {"steps": [{"up_to": 9, "price": "1"}, {"up_to": 9, "price": "1"}, {"up_to": None, "price": "1"}]},
            "plan.steps.1.up_to",
        ),
        ("volume", {"steps": [{"up_to": None, "price": "-1"}]}, "plan.steps.0.price"),
        ("volume", {"steps": [{"up_to": None, "price": "1", "x": 1}]}, "plan.steps.0.x"),
        ("minimum", {"usage": plans.free()}, "plan.usage.kind"),
        ("minimum", {"usage": PER_CALL | {"currency": "USD"}}, "plan.usage.currency"),
        ("minimum", {"usage": PER_CALL | {"price": "-1"}}, "plan.usage.price"),
    ],
)
def test_refusals_name_the_field(base: str, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        plans.parse(document(base) | change)
    assert refusal.value.field == field


@pytest.mark.parametrize("kind", list(Kind))
def test_what_a_kind_needs_is_missed_by_name(kind: Kind) -> None:
    whole = plans.parse(document(kind)).document()
    for name in set(whole) - {"version", "kind"}:
        lacking = {key: value for key, value in whole.items() if key != name}
        try:
            plans.parse(lacking)
        except Invalid as refusal:
            assert name in str(refusal.field) or refusal.field in ("plan.unit", "plan.included", "plan.period")


def test_what_belongs_together_is_asked_for() -> None:
    for lost, field in (("unit", "plan.unit"), ("included", "plan.included")):
        lacking = document("subscription")
        del lacking[lost]
        with pytest.raises(plans.PlanInvalid) as refusal:
            plans.parse(lacking)
        assert refusal.value.field == field
    with pytest.raises(plans.PlanInvalid) as refusal:
        plans.parse(PER_CALL | {"free_quota": 100})
    assert refusal.value.field == "plan.period"


@pytest.mark.parametrize("stranger", [None, [], "free", 1, [["version", 1]]])
def test_only_objects_are_plans(stranger: object) -> None:
    with pytest.raises(plans.PlanInvalid) as refusal:
        plans.parse(stranger, at="offer.plan")
    assert refusal.value.field == "offer.plan"


def test_one_meaning_has_one_hash() -> None:
    plain = {"version": 1, "kind": "one_off", "currency": "CNY", "amount": "48000"}
    shuffled = {"amount": "48000.0", "currency": "CNY", "kind": "one_off", "version": 1}
    assert plans.plan_hash(plain) == plans.plan_hash(shuffled)
    assert plans.plan_hash(plain) != plans.plan_hash(plain | {"amount": "48000.01"})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_NAMES = sorted({name for case in GOLDEN for name in case["document"]})


@given(st.sampled_from([case["document"] for case in GOLDEN]), st.sampled_from(_NAMES), _JSON)
def test_any_change_is_read_or_refused_with_a_field(base: dict[str, Any], name: str, value: object) -> None:
    try:
        plan = plans.parse(base | {name: value})
    except Invalid as refusal:
        assert str(refusal.field).startswith("plan")
    else:
        assert plans.parse(plan.document()) == plan


@given(st.integers(1, money.MOST_MINOR), st.sampled_from(sorted(money.EXPONENTS)))
def test_one_off_prices_survive_the_document(minor: int, currency: str) -> None:
    plan = plans.parse(plans.one_off(money.format_amount(minor, currency), currency))
    assert plan.list_price(currency) == minor
    assert plans.parse(plan.document()) == plan

"""The terms document and what a tier demands of it, against a table written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compliance.tiers import profile
from exchange.trading import requirements, terms
from exchange.trading.errors import TermsBelowTier

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden_terms.json").read_text("utf-8"))
CALLED = GOLDEN | {"deliveries": ["api"], "limits": {"rate_per_second": 5}, "watermark": False, "count": None}
FREE = {
    "contract": "none",
    "nda": False,
    "watermark": False,
    "territories": [],
    "count": None,
    "deliveries": ["download"],
}
BOTH = ("buyer", "supplier")


def test_the_golden_terms_keep_form_and_hash() -> None:
    assert terms.parse(GOLDEN, kind="dataset") == GOLDEN
    assert terms.digest(GOLDEN) == "12d90fd3c06b1aa2ce335cbbfc55eca4b6007d20dc18f9e3d6c35d085953a923"


@pytest.mark.parametrize(
    ("tier", "kind", "change", "field"),
    [
        (0, "dataset", FREE, None),
        (1, "dataset", FREE, None),
        (2, "dataset", {"contract": "none"}, "contract"),
        (2, "dataset", {"contract": "licence", "nda": False, "count": None, "deliveries": ["download"]}, None),
        (2, "dataset", {"watermark": False, "deliveries": ["download"]}, "watermark"),
        (2, "dataset", {"territories": []}, "territories"),
        (3, "dataset", {}, None),
        (3, "dataset", {"contract": "licence"}, "contract"),
        (3, "dataset", {"contract": "entrusted"}, None),
        (3, "dataset", {"nda": False}, "nda"),
        (3, "dataset", {"watermark": False, "deliveries": ["download"]}, "watermark"),
        (3, "dataset", {"deliveries": ["api"]}, None),
        (3, "dataset", {"count": None}, "count"),
        (3, "interface", {"count": None}, "count"),
        (3, "interface", {"count": 1000}, None),
        (3, "interface", {"count": None, "limits": {"quota": 10, "quota_period": "day"}}, None),
        (2, "interface", {"count": None}, None),
    ],
)
def test_what_the_tier_demands_is_not_negotiated_away(
    tier: int, kind: str, change: dict[str, Any], field: str | None
) -> None:
    document = terms.parse((CALLED if kind == "interface" else GOLDEN) | change, kind=kind)
    row = profile("cn").row(tier)
    if field is None:
        terms.check_tier(document, row, kind)
        return
    with pytest.raises(TermsBelowTier) as refused:
        terms.check_tier(document, row, kind)
    assert refused.value.field == f"terms.{field}"


@pytest.mark.parametrize(
    ("tier", "contract", "nda", "over", "needed"),
    [
        (0, "none", False, False, set()),
        (1, "none", False, True, {("spending", "buyer")}),
        (2, "licence", False, False, {("contract", "buyer")}),
        (2, "provision", True, False, {("contract", s) for s in BOTH} | {("nda", s) for s in BOTH}),
        (3, "provision", True, False, {(k, s) for k in ("contract", "nda", "acceptance") for s in BOTH}
         | {("approval", "supplier")}),
        (4, "provision", True, False, {(k, s) for k in ("contract", "nda", "acceptance") for s in BOTH}
         | {("approval", "supplier"), ("approval", "officer")}),
    ],
)  # fmt: skip
def test_what_agreed_terms_need(tier: int, contract: str, nda: bool, over: bool, needed: set[tuple[str, str]]) -> None:
    document = {"contract": contract, "nda": nda}
    found = requirements.needed(profile("cn").row(tier), document, {}, over_limit=over, under_nda=False)
    assert {(kind, str(side)) for kind, side, _ in found} == needed


@pytest.mark.parametrize(("tier", "asked"), [(2, False), (3, True), (4, True)])
def test_the_word_of_a_related_supplier_is_not_independent(tier: int, asked: bool) -> None:
    document = {"contract": "none", "nda": False}
    row = profile("cn").row(tier)
    found = requirements.needed(row, document, {}, over_limit=False, under_nda=True, related=True)
    assert (("approval", "officer", "") in found) == asked


def test_an_agreement_of_confidentiality_that_stands_is_not_signed_again() -> None:
    found = requirements.needed(
        profile("cn").row(3), {"contract": "provision", "nda": True}, {}, over_limit=False, under_nda=True
    )
    assert not any(kind == "nda" for kind, _, _ in found)

"""Contracts as documents: one form for the same terms, every text filled in, the tier's clauses there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exchange.contracts import rules
from exchange.contracts.types import ContractKind, Party, Price, Subject

_GOLDEN = Path(__file__).parent / "golden_provision.json"
_ID = "01jc9x2m5t7rqk8v4e6b0wz3np"
TERMS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "trading" / "golden_terms.json").read_text("utf-8"))
SUPPLIER = Party(f"org_{_ID}", "某某数据公司", "Some Data Ltd", "91110000MA00000001", "CN")
BUYER = Party(f"org_{_ID[:-1]}q", "某某智能公司", "", "91110000MA00000002", "CN")


def _made(kind: str, tier_contract: str = "nda_and_contract", **terms: Any) -> dict[str, Any]:
    subject = Subject(
        f"ord_{_ID}", f"lst_{_ID}", TERMS["revision"], "dataset", {"zh": "语音", "en": "Speech"}, 3, tier_contract
    )  # fmt: skip
    return rules.document(
        f"ctr_{_ID}", kind, provider=SUPPLIER, recipient=BUYER, subject=subject, terms=TERMS | terms,
        price=Price("CNY", 80000, 4800, 84800), made_at=datetime(2026, 12, 1, 8, tzinfo=UTC),
    )  # fmt: skip


def test_the_golden_contract_keeps_its_bytes() -> None:
    assert rules.canonical(_made("provision")) + b"\n" == _GOLDEN.read_bytes()


@pytest.mark.parametrize("kind", list(ContractKind))
def test_every_template_reads_in_both_languages(kind: str) -> None:
    articles = _made(kind)["articles"]
    texts = [article[part][tongue] for article in articles for part in ("heading", "text") for tongue in ("zh", "en")]
    assert all(texts)
    assert not any("{" in text or "}" in text for text in texts)
    assert len(articles) >= 4


def test_clauses_follow_the_terms_and_the_tier() -> None:
    def headings(**changes: Any) -> set[str]:
        return {each["heading"]["en"] for each in _made("provision", **changes)["articles"]}

    assert "Watermark" in headings(watermark=True)
    assert "Watermark" not in headings(watermark=False)
    assert "Further terms" not in headings(clauses={})
    assert "Personal data and right of audit" in headings(tier_contract="personal_data_clauses")
    assert "Personal data and right of audit" not in headings()

"""The usage statement keeps its bytes: a new version may be added, this one is never reinterpreted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from billing.invoices.rules import freeze
from billing.invoices.types import Invoice, Party, Series, Span
from billing.periods import rules, statements
from billing.periods.types import ClosedPeriod, Count, Key
from compliance.audit import verifier
from core import plans
from core.money import Rounding
from core.months import Period

_GOLDEN = Path(__file__).parent / "golden_statement.json"
PLAN = plans.parse({"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.0028"})
PERIOD = Period(
    datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC), "Asia/Shanghai", "2026-11"
)


def count(month: str, operation: str, outcome: str, calls: int, *, mode: str = "live", credited: bool = False) -> Count:
    return Count(Key(month, operation, PLAN.hash(), outcome, mode, credited), calls, calls, 120 * calls, 900 * calls)


COUNTS = (
    count("2026-10", "digits", "hit", 7),
    count("2026-11", "digits", "hit", 1_237),
    count("2026-11", "digits", "hit", 2, credited=True),
    count("2026-11", "digits", "miss", 40),
    count("2026-11", "letters", "hit", 999),
    count("2026-11", "letters", "hit", 3, mode="test"),
)


def statement() -> dict[str, Any]:
    digest = rules.sha256(rules.canonical(COUNTS))
    made = rules.charges(COUNTS, {PLAN.hash(): PLAN}, {})
    closed = ClosedPeriod("ord_01jc9x2m5t7rqk8v4e6b0wz3np", PERIOD, "inv_01jc9x2m5t7rqk8v4e6b0wz3np", COUNTS, digest,
                          PERIOD.ends_at)  # fmt: skip
    return statements.document(invoice(made, digest), closed, {PLAN.hash(): PLAN})


def invoice(made: rules.Charges, digest: str) -> Invoice:
    lines = tuple(rules.lines(made, "lst_01jc9x2m5t7rqk8v4e6b0wz3np", "CNY", 600, Rounding.HALF_UP))
    return freeze(
        invoice_id="inv_01jc9x2m5t7rqk8v4e6b0wz3np", series=Series.INVOICE, serial=42,
        order_id="ord_01jc9x2m5t7rqk8v4e6b0wz3np", issued_at=datetime(2026, 12, 1, 0, 0, 5, tzinfo=UTC),
        supplier=Party("org_01jc9x2m5t7rqk8v4e6b0wz3nq", "供方", "Supplier", "91310000MA1FL0000X"),
        buyer=Party("org_01jc9x2m5t7rqk8v4e6b0wz3nr", "买方", "Buyer", "91310000MA1FL0001X"), currency="CNY",
        lines=lines, rounding=str(Rounding.HALF_UP),
        span=Span(PERIOD.label, PERIOD.starts_at, PERIOD.ends_at, PERIOD.zone, digest),
    )  # fmt: skip


def test_the_statement_is_as_it_was() -> None:
    made = verifier.canonical(statement()).decode()
    if not _GOLDEN.exists():
        _GOLDEN.write_text(made + "\n", encoding="utf-8")
    assert made + "\n" == _GOLDEN.read_text(encoding="utf-8")


def test_the_golden_statement_adds_up() -> None:
    said = json.loads(_GOLDEN.read_text(encoding="utf-8"))
    assert (said["usage"], said["rounding"], said["net"], said["tax"], said["gross"]) == (
        "6.2804", "-0.0004", "6.28", "0.38", "6.66",
    )  # fmt: skip
    assert [row["amount"] for row in said["rows"]] == ["0.0196", "3.4636", "0.00", "0.00", "2.7972", "0.00"]

"""The usage statement of an invoice: what was called, how it ended, what it cost, and how it was rounded. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from billing import rating
from billing.invoices.types import Invoice, Line, Party
from billing.periods.types import ClosedPeriod, Count
from core.money import UNITS_PER_MINOR, format_amount, format_price, split
from core.plans import PricePlan

_COLUMNS = (
    "month", "operation", "outcome", "mode", "credited", "plan_hash", "calls", "records", "bytes_in", "bytes_out",
    "amount",
)  # fmt: skip
_SUMS = ("usage", "rounding", "net", "tax", "gross")


def document(invoice: Invoice, closed: ClosedPeriod, plans: Mapping[str, PricePlan]) -> dict[str, Any]:
    """The statement: its rows' amounts are exact, and with the rounding they sum to the invoice's net amount."""
    exact = sum(line.usage.amount for line in invoice.lines if line.usage)
    span, currency = closed.period, invoice.currency
    return {
        "invoice": invoice.id,
        "number": invoice.number,
        "invoice_sha256": invoice.sha256,
        "order": invoice.order_id,
        "listing": invoice.lines[0].listing_id,
        "buyer": _party(invoice.buyer),
        "supplier": _party(invoice.supplier),
        "currency": currency,
        "period": {
            "month": span.label, "zone": span.zone,
            "from": span.starts_at.isoformat().replace("+00:00", "Z"),
            "to": span.ends_at.isoformat().replace("+00:00", "Z"),
        },
        "rows": _rows(invoice.lines, closed.counts, plans, currency),
        "usage_sha256": closed.usage_sha256,
        "usage": format_price(exact, currency),
        "rounding": format_price(invoice.net * UNITS_PER_MINOR - exact, currency),
        "rounding_rule": invoice.rounding,
        **{name: format_amount(getattr(invoice, name), currency) for name in ("net", "tax", "gross")},
    }  # fmt: skip


def table(statement: Mapping[str, Any]) -> str:
    """The statement as CSV: a line for each row, then one for each sum."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in statement["rows"]:
        writer.writerow([_cell(row[name]) for name in _COLUMNS])
    for name in _SUMS:
        writer.writerow([name, *[""] * (len(_COLUMNS) - 2), statement[name]])
    return text.getvalue()


def _rows(
    lines: Sequence[Line], counts: Sequence[Count], plans: Mapping[str, PricePlan], currency: str
) -> list[dict[str, Any]]:
    ordered = sorted(counts, key=lambda count: count.key)
    amounts = [0] * len(ordered)
    rest = []
    for part, total in _totals(lines).items():
        places = [n for n, count in enumerate(ordered) if _belongs(count, part)]
        weights = [abs(rating.quantity(plans[part[2]], [ordered[n].rated()])) for n in places]
        if not any(weights):
            rest.append(_fee(part, total, currency))
            continue
        for place, share in zip(places, split(total, weights), strict=True):
            amounts[place] += share
    rows = zip(ordered, amounts, strict=True)
    return [count.document() | {"amount": format_price(amount, currency)} for count, amount in rows] + rest


def _totals(lines: Sequence[Line]) -> dict[tuple[str, str, str], int]:
    totals: dict[tuple[str, str, str], int] = {}
    for line in lines:
        if line.usage:
            part = (line.usage.period, line.usage.operation, line.usage.plan_sha256)
            totals[part] = totals.get(part, 0) + line.usage.amount
    return totals


def _belongs(count: Count, part: tuple[str, str, str]) -> bool:
    month, operation, plan_hash = part
    return (count.key.month, count.key.plan_hash) == (month, plan_hash) and operation in ("", count.key.operation)


def _fee(part: tuple[str, str, str], amount: int, currency: str) -> dict[str, Any]:
    """What is paid whatever was called."""
    month, operation, plan_hash = part
    nothing = dict.fromkeys(("calls", "records", "bytes_in", "bytes_out", "credited"), 0)
    texts = {"month": month, "operation": operation, "plan_hash": plan_hash, "outcome": "", "mode": "live"}
    return texts | nothing | {"amount": format_price(amount, currency)}


def _party(party: Party) -> dict[str, str]:
    return {"id": party.id, "name": party.name, "name_en": party.name_en, "credit_code": party.credit_code}


def _cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula is shown as a text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "@", "\t", "\r") else value

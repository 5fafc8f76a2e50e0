"""Tables for spreadsheets: CSV in UTF-8 with a mark at its beginning, and nothing in it that is run. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from billing.settlement.types import SettlementRow
from core.money import format_amount

BOM = "\ufeff"
"""By it spreadsheets know that the text is UTF-8."""
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Number:
    """A cell that is a number already; every other text is shown as a text."""

    text: str


Cell = str | Number | int


def lines(rows: Iterable[Sequence[Cell]]) -> str:
    """Rows as CSV. A text that a spreadsheet would run as a formula is shown as a text."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([_cell(each) for each in row])
    return text.getvalue()


def settlement(rows: Sequence[SettlementRow], names: Mapping[str, str]) -> str:
    """A supplier's month, a line for each customer and listing, then the sums of each currency."""
    figures = ("net", "commission", "share", "on_hold", "available")
    table: list[list[Cell]] = [["supplier", "buyer", "listing", "invoices", "currency", *figures]]
    for row in rows:
        amounts = [Number(format_amount(getattr(row, name), row.currency)) for name in figures]
        parties = [names.get(each, each) for each in (row.supplier_id, row.buyer_id)]
        table.append([*parties, row.listing_id, row.invoices, row.currency, *amounts])
    for currency in sorted({row.currency for row in rows}):
        mine = [row for row in rows if row.currency == currency]
        sums = [Number(format_amount(sum(getattr(row, name) for row in mine), currency)) for name in figures]
        table.append(["total", "", "", sum(row.invoices for row in mine), currency, *sums])
    return BOM + lines(table)


def _cell(value: Cell) -> object:
    if isinstance(value, Number):
        return value.text
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value

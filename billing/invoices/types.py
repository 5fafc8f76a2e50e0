"""Invoices and credit notes as documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

FORMAT_VERSION = 1
ISSUER = "platform"
"""The platform issues every invoice; numbers are gap-less for each issuer and series."""


class Series(StrEnum):
    """A row of numbers: invoices, or the credit notes that correct them."""

    INVOICE = "INV"
    CREDIT_NOTE = "CRN"


@dataclass(frozen=True)
class Party:
    """A party as it was on the day: later changes of name do not reach an issued document."""

    id: str
    name: str
    name_en: str
    credit_code: str


@dataclass(frozen=True)
class Usage:
    """What a line of usage is for: ``amount`` is exact, in 10⁻⁷ of the minor unit; its line's net is it, rounded.

    ``period`` is the month in which the calls were made, which is an earlier one for usage that came late.
    """

    period: str
    operation: str
    plan_sha256: str
    kind: str
    unit: str
    price: int
    per: int
    amount: int


@dataclass(frozen=True)
class Line:
    """One line: net and tax sum to the gross. ``of`` is the number of the line that one of a credit note corrects."""

    listing_id: str
    description: Mapping[str, str]
    quantity: int
    net: int
    tax_rate_bp: int
    tax: int
    gross: int
    currency: str
    usage: Usage | None = None
    of: int | None = None


@dataclass(frozen=True)
class Span:
    """The half-open period that an invoice is for, in UTC, and the zone whose period it is.

    ``month`` is one of usage, or names the period of a fee (``F202611``, ``F2026Q4``, ``F2026``), or that of what was
    missing to a minimum (``M202611``); these two have no ``usage_sha256``.
    """

    month: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    usage_sha256: str


@dataclass(frozen=True)
class OpenSnapshot:
    """What is still to be paid of an invoice, since when it is owed, and whether it is for a fee in advance."""

    invoice_id: str
    order_id: str
    buyer_id: str
    currency: str
    outstanding: int
    since: datetime
    of_fee: bool


@dataclass(frozen=True)
class Invoice:
    """An invoice, or a credit note (``corrects`` names its invoice; its amounts are negative)."""

    id: str
    series: Series
    number: str
    order_id: str
    issued_at: datetime
    supplier: Party
    buyer: Party
    currency: str
    net: int
    tax: int
    gross: int
    lines: tuple[Line, ...]
    rounding: str
    corrects: str | None
    reason: str
    sha256: str
    body: str
    span: Span | None = None
    taxation: Mapping[str, Any] | None = None
    """Why it is taxed as it is, and what its buyer said of itself for it; documents without are taxed as usual."""

    @property
    def period(self) -> str:
        """The month of usage, such as ``2026-11``, or the name of a fee's period; empty for what was charged once."""
        return self.span.month if self.span else ""

    @property
    def of_usage(self) -> bool:
        """Whether it is for a month of usage, of which there is a statement."""
        return self.span is not None and bool(self.span.usage_sha256)

    @property
    def buyer_id(self) -> str:
        return self.buyer.id

    @property
    def supplier_id(self) -> str:
        return self.supplier.id

    def document(self) -> dict[str, Any]:
        """The frozen document, its amounts as strings; ``sha256`` is taken over its canonical JSON."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

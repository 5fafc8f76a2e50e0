"""How an invoice is computed and written down. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import rfc8785

from billing.coupons.types import Discount
from billing.invoices.types import FORMAT_VERSION, ISSUER, Invoice, Line, Party, Series, Span, Usage
from core.money import (
    UNITS_PER_MINOR,
    WHOLE_BP,
    Rounding,
    add_tax,
    format_amount,
    format_price,
    parse_amount,
    parse_price,
    round_together,
)


def number_of(series: Series, serial: int) -> str:
    """The printed number, such as ``INV-00000042``."""
    return f"{series}-{serial:08d}"


def line_of(
    listing_id: str, description: str | Mapping[str, str], net: int, currency: str, rate_bp: int, rounding: Rounding
) -> Line:
    """One line with its tax, rounded once, here."""
    texts = {"zh": description} if isinstance(description, str) else {k: v for k, v in description.items() if v}
    amounts = add_tax(net, rate_bp, rounding)
    return Line(listing_id, texts, 1, amounts.net, rate_bp, amounts.tax, amounts.gross, currency)


def discounted(full: Line, discount: Discount, rounding: Rounding) -> list[Line]:
    """The line of what it costs, and one of its own for what the coupon takes off.

    Together they are taxed as what is left; that is never less than nothing.
    """
    left = add_tax(full.net - min(discount.amount, full.net), full.tax_rate_bp, rounding)
    texts = {"zh": f"优惠券 {discount.code}", "en": f"Coupon {discount.code}"}
    net, tax = left.net - full.net, left.tax - full.tax
    return [full, replace(full, description=texts, net=net, tax=tax, gross=net + tax)]


def usage_lines(
    listing_id: str, parts: Sequence[tuple[Usage, int]], currency: str, rate_bp: int, rounding: Rounding
) -> list[Line]:
    """The lines of usage and its quantity in one window of a plan, each rounded once, here, then taxed.

    Their sum is what was held for it at most: the exact sum, rounded, and the tax on that.
    """
    nets = round_together([usage.amount for usage, _ in parts], UNITS_PER_MINOR, rounding)
    taxes = round_together([net * rate_bp for net in nets], WHOLE_BP, rounding)
    return [
        Line(listing_id, _texts(usage), quantity, net, rate_bp, tax, net + tax, currency, usage)
        for (usage, quantity), net, tax in zip(parts, nets, taxes, strict=True)
    ]


def _texts(usage: Usage) -> dict[str, str]:
    return dict.fromkeys(("zh", "en"), f"{usage.period} {usage.operation}".rstrip())


def mirrored(line: Line) -> Line:
    """The line of a credit note: the same to the last unit, with the sign turned."""
    usage = replace(line.usage, amount=-line.usage.amount) if line.usage else None
    return replace(line, net=-line.net, tax=-line.tax, gross=-line.gross, usage=usage)


def freeze(
    *, invoice_id: str, series: Series, serial: int, order_id: str, issued_at: datetime, supplier: Party, buyer: Party,
    currency: str, lines: tuple[Line, ...], rounding: str, corrects: Mapping[str, str] | None = None, reason: str = "",
    span: Span | None = None, taxation: Mapping[str, Any] | None = None,
) -> Invoice:  # fmt: skip
    """The document of these lines. Its totals are the sums of its lines."""
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    body = {
        "version": FORMAT_VERSION,
        "kind": "credit_note" if corrects else "invoice",
        "id": invoice_id,
        "issuer": ISSUER,
        "number": number_of(series, serial),
        "order": order_id,
        "issued_at": _moment(issued_at),
        "supplier": _party(supplier),
        "buyer": _party(buyer),
        "currency": currency,
        "lines": [_line(line) for line in lines],
        "net": format_amount(net, currency),
        "tax": format_amount(tax, currency),
        "gross": format_amount(net + tax, currency),
        "rounding": rounding,
    }
    if corrects:
        body |= {"corrects": dict(corrects), "reason": reason}
    if taxation:
        body["taxation"] = dict(taxation)
    if span:
        body |= {"period": _span(span)} | ({"usage_sha256": span.usage_sha256} if span.usage_sha256 else {})
    return thaw(rfc8785.dumps(body).decode())


def thaw(body: str) -> Invoice:
    """The invoice that a stored document says."""
    said: dict[str, Any] = json.loads(body)
    currency = said["currency"]
    return Invoice(
        id=said["id"],
        series=Series(said["number"].partition("-")[0]),
        number=said["number"],
        order_id=said["order"],
        issued_at=datetime.fromisoformat(said["issued_at"]),
        supplier=Party(**said["supplier"]),
        buyer=Party(**said["buyer"]),
        currency=currency,
        net=_amount(said["net"], currency),
        tax=_amount(said["tax"], currency),
        gross=_amount(said["gross"], currency),
        lines=tuple(_read_line(line, currency) for line in said["lines"]),
        rounding=said["rounding"],
        corrects=said["corrects"]["id"] if "corrects" in said else None,
        reason=said.get("reason", ""),
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        body=body,
        span=_read_span(said) if "period" in said else None,
        taxation=said.get("taxation"),
    )


def _amount(text: str, currency: str) -> int:
    return parse_amount(text, currency, signed=True)


def _party(party: Party) -> dict[str, str]:
    return {"id": party.id, "name": party.name, "name_en": party.name_en, "credit_code": party.credit_code}


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _span(span: Span) -> dict[str, str]:
    return {"month": span.month, "from": _moment(span.starts_at), "to": _moment(span.ends_at), "zone": span.zone}


def _read_span(said: Mapping[str, Any]) -> Span:
    period = said["period"]
    starts_at, ends_at = (datetime.fromisoformat(period[name]) for name in ("from", "to"))
    return Span(period["month"], starts_at, ends_at, period["zone"], said.get("usage_sha256", ""))


def _line(line: Line) -> dict[str, Any]:
    usage = {"usage": _usage(line.usage, line.currency)} if line.usage else {}
    corrects = {} if line.of is None else {"of": line.of}
    return {
        "listing": line.listing_id,
        "description": dict(line.description),
        "quantity": line.quantity,
        "net": format_amount(line.net, line.currency),
        "tax_rate_bp": line.tax_rate_bp,
        "tax": format_amount(line.tax, line.currency),
        "gross": format_amount(line.gross, line.currency),
        **usage,
        **corrects,
    }


def _usage(usage: Usage, currency: str) -> dict[str, Any]:
    return {
        "period": usage.period,
        "operation": usage.operation,
        "plan_sha256": usage.plan_sha256,
        "kind": usage.kind,
        "unit": usage.unit,
        "price": format_price(usage.price, currency),
        "per": usage.per,
        "amount": format_price(usage.amount, currency),
    }


def _read_line(said: Mapping[str, Any], currency: str) -> Line:
    net, tax, gross = (_amount(said[name], currency) for name in ("net", "tax", "gross"))
    usage = _read_usage(said["usage"], currency) if "usage" in said else None
    texts, quantity, rate_bp = said["description"], said["quantity"], said["tax_rate_bp"]
    return Line(said["listing"], texts, quantity, net, rate_bp, tax, gross, currency, usage, said.get("of"))


def _read_usage(said: Mapping[str, Any], currency: str) -> Usage:
    return Usage(
        said["period"], said["operation"], said["plan_sha256"], said["kind"], said["unit"],
        _units(said["price"], currency), said["per"], _units(said["amount"], currency),
    )  # fmt: skip


def _units(text: str, currency: str) -> int:
    units = parse_price(text.removeprefix("-"), currency, zero=True)
    return -units if text.startswith("-") else units

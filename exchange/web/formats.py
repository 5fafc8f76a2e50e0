"""How figures look on a page: money, times, sizes, ids. The zone is named once, in the page's foot."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from core import money as amounts
from core.speech import gettext
from exchange.web.zones import zone

_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥"}


def money(minor: int | None, currency: str = "CNY") -> str:
    """``¥48,000.00``; a dash for nothing, a true minus sign."""
    if minor is None:
        return "—"
    sign = _SIGNS.get(currency, f"{currency} ")
    return f"{'−' if minor < 0 else ''}{sign}{amounts.grouped(abs(minor), currency)}"


def unit_amount(units: int | None, currency: str = "CNY") -> str:
    """An amount that is not rounded, with every decimal that it has: ``¥5,132.868``."""
    if units is None:
        return "—"
    sign = _SIGNS.get(currency, f"{currency} ")
    return f"{'−' if units < 0 else ''}{sign}{amounts.format_price(abs(units), currency)}"


def moment(at: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str | Markup:
    """A time for people and for machines."""
    if at is None:
        return "—"
    iso = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup('<time datetime="%s">%s</time>') % (iso, at.astimezone(zone()).strftime(form))


def day(at: datetime | None) -> str | Markup:
    return moment(at, "%Y-%m-%d")


def period(name: str) -> str:
    """What an invoice is for: ``2026-12`` for a month of usage and for that of a fee, ``2026-Q4``, ``2026``."""
    year, rest = name.lstrip("FM")[:4], name.lstrip("FM")[4:].lstrip("-")
    return f"{year}-{rest}" if rest else year


def size(count: int | None) -> str:
    """Decimal units: 86.4 GB."""
    if count is None:
        return "—"
    value, unit = float(count), 0
    units = ("B", "kB", "MB", "GB", "TB")
    while value >= 1000 and unit < len(units) - 1:
        value, unit = value / 1000, unit + 1
    return f"{int(value)} B" if unit == 0 else f"{value:,.1f} {units[unit]}"


def number(value: int | float | None) -> str:
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def short(identifier: str | None) -> str:
    """``ord_…7b5rhe``: ids of one day begin alike, so the end tells them apart."""
    if not identifier:
        return "—"
    prefix, line, rest = identifier.partition("_")
    return f"{prefix}_…{rest[-6:]}" if line and len(rest) > 8 else identifier


def digest(text: str | None) -> str:
    """The first twelve characters of a hash."""
    return f"{text[:12]}…" if text and len(text) > 12 else text or "—"


def left(until: datetime | None, now: datetime) -> str:
    """How long is left, in days or hours."""
    if until is None:
        return ""
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return gettext("due now")
    if seconds >= 2 * 86400:
        return gettext("%(n)s days left", n=int(seconds // 86400))
    return gettext("%(n)s hours left", n=max(1, int(seconds // 3600)))

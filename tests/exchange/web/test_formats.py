"""Figures look the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import flask
import pytest

from exchange.web import formats
from exchange.web.views.notices import readable


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (4_800_000, "CNY", "¥48,000.00"),
        (-4_800_000, "CNY", "−¥48,000.00"),
        (0, "CNY", "¥0.00"),
        (1234, "JPY", "JP¥1,234"),
        (None, "CNY", "—"),
    ],
)
def test_money(minor: int | None, currency: str, shown: str) -> None:
    assert formats.money(minor, currency) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (86_400_000_000, "86.4 GB"), (None, "—")]
)
def test_sizes_are_decimal(count: int | None, shown: str) -> None:
    assert formats.size(count) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("2026-12", "2026-12"), ("F202612", "2026-12"), ("M202612", "2026-12"), ("F2026Q4", "2026-Q4"), ("F2026", "2026")],
)
def test_what_an_invoice_is_for(name: str, shown: str) -> None:
    assert formats.period(name) == shown


def test_a_time_is_shown_in_the_zone_of_the_exchange_and_kept_for_machines(app: flask.Flask) -> None:
    at = datetime(2026, 11, 24, 23, 31, tzinfo=UTC)
    with app.test_request_context("/"):
        assert formats.moment(at) == '<time datetime="2026-11-24T23:31:00Z">2026-11-25 07:31</time>'


def test_ids_are_shortened_to_their_end() -> None:
    assert formats.short("ord_01jdczt4w8fk2m6p9x3v7b5rhe") == "ord_…7b5rhe"
    assert formats.short("system") == "system"


def test_what_is_left(app: object) -> None:
    from flask import Flask

    assert isinstance(app, Flask)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert formats.left(now + timedelta(days=6), now) == "6 days left"
        assert formats.left(now + timedelta(hours=5), now) == "5 hours left"
        assert formats.left(now, now) == "due now"


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("2026-11 · 1060.00 CNY", "2026-11 · ¥1,060.00"),
        ("Pay 5 ABC, or 7.123 CNY", "Pay 5 ABC, or 7.123 CNY"),
        ("9" * 40 + " CNY", "9" * 40 + " CNY"),
        ("<b>1.00 CNY</b>", "<b>¥1.00</b>"),
    ],
)
def test_a_note_of_the_other_side_never_breaks_the_page(note: str, shown: str) -> None:
    assert readable(note) == shown

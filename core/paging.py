"""Keyset paging: (sort key, id) in a cursor that the server signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from core.db import Uow
from core.keyring import Keyring
from core.problems import Invalid

T = TypeVar("T")
MOST_PER_PAGE = 100
DEFAULT_PER_PAGE = 25


class BadCursor(Invalid):
    code, title = "bad_cursor", "This cursor was not made by this exchange"


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page; ``next_cursor`` is None on the last."""

    items: Sequence[T]
    next_cursor: str | None = None


def encode_cursor(keyring: Keyring, purpose: str, keys: list[Any]) -> str:
    body = json.dumps([purpose, *keys], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(keyring.mac("cursor", body)[:16] + body).decode().rstrip("=")


def decode_cursor(keyring: Keyring, purpose: str, text: str) -> list[Any]:
    """Raises BadCursor for anything this exchange did not make for the same list."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if len(raw) < 16 or not keyring.fits("cursor", raw[16:], raw[:16]):
            raise ValueError
        parsed: list[Any] = json.loads(raw[16:])
        found, keys = parsed[0], parsed[1:]
    except (ValueError, TypeError):
        raise BadCursor("Use the cursor of the page before, unchanged.", field="cursor") from None
    if found != purpose:
        raise BadCursor("This cursor belongs to another list.", field="cursor")
    return keys


def newest_first(
    uow: Uow,
    statement: Select[T],
    *,
    key: InstrumentedAttribute[str],
    purpose: str,
    cursor: str | None,
    limit: int = DEFAULT_PER_PAGE,
) -> Page[T]:
    """A page of ``statement`` by an id column, newest first (ids begin with their time)."""
    return _page(uow, statement, key, purpose, cursor, limit, newest=True)


def oldest_first(
    uow: Uow,
    statement: Select[T],
    *,
    key: InstrumentedAttribute[str],
    purpose: str,
    cursor: str | None,
    limit: int = DEFAULT_PER_PAGE,
) -> Page[T]:
    """The same the other way round."""
    return _page(uow, statement, key, purpose, cursor, limit, newest=False)


def _page(
    uow: Uow, statement: Select[T], key: InstrumentedAttribute[str], purpose: str, cursor: str | None, limit: int, *,
    newest: bool,
) -> Page[T]:  # fmt: skip
    limit = max(1, min(limit, MOST_PER_PAGE))
    if cursor:
        (last,) = decode_cursor(uow.house.keyring, purpose, cursor)
        statement = statement.where(key < last if newest else key > last)
    ordered = statement.order_by(key.desc() if newest else key)
    rows = list(uow.session.execute(ordered.limit(limit + 1)).scalars())
    more = len(rows) > limit
    rows = rows[:limit]
    following = encode_cursor(uow.house.keyring, purpose, [getattr(rows[-1], key.key)]) if more else None
    return Page(rows, following)


def convert(page: Page[T], to: Callable[[T], Any]) -> Page[Any]:
    return Page([to(item) for item in page.items], page.next_cursor)

"""What commands share: the house they work in, and how times are written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click

from core.house import House
from core.settings import Settings
from exchange.installation import CannotStart, require_current, require_finished


def house_of(settings: Settings) -> House:
    """The house of the data folder. Raises CannotStart when it has none, or its database is of another revision."""
    from exchange.app import build_house

    if not settings.data.is_dir():
        raise CannotStart(f"There is no exchange in {settings.data} yet: run `piaohao init` first.")
    require_finished(settings)
    house = build_house(settings)
    require_current(house.db)
    return house


def with_house(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the command the house of the data folder; it must have been made by ``init``."""

    @click.pass_obj
    @wraps(command)
    def call(settings: Settings, *arguments: Any, **options: Any) -> Any:
        return command(house_of(settings), *arguments, **options)

    return call


def moment(text: str) -> datetime:
    """A time as people write it, in UTC unless it says otherwise."""
    try:
        found = datetime.fromisoformat(text)
        if not 2000 <= found.year < 9999:
            raise ValueError
    except ValueError:
        raise click.BadParameter("write it as 2026-12-01T00:00:00Z", param_hint="--as-of") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

"""Which columns hold what the keyring sealed, and sealing them anew after a secret was rotated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from core.db import Uow

if TYPE_CHECKING:
    from core.house import House

_PER_UNIT = 100


@dataclass(frozen=True)
class SealedColumn:
    """Bytes sealed by ``secret`` under the row's own key as context."""

    secret: str
    column: InstrumentedAttribute[Any]
    key: InstrumentedAttribute[Any]


@dataclass(frozen=True)
class SealedFiles:
    """The same for files: ``anew`` seals them and answers how many there were to seal."""

    secret: str
    anew: Callable[[House], int]


def seal_anew(house: House, secret: str) -> int:
    """Seal under the present secret whatever an older one sealed; answers how much that was. Opens its own units.

    Raises ValueError, saying where, for what none of the secrets opens.
    """
    done = 0
    for place in house.sealed:
        if place.secret == secret:
            done += place.anew(house) if isinstance(place, SealedFiles) else _column(house, place)
    return done


def _column(house: House, place: SealedColumn) -> int:
    done, after = 0, ""
    while True:
        sealed = house.db.write(lambda uow, after=after: _some(uow, place, after))  # type: ignore[misc]
        if sealed is None:
            return done
        after, count = sealed
        done += count


def _some(uow: Uow, place: SealedColumn, after: str) -> tuple[str, int] | None:
    """Those of the next rows; the last of them, and how many were sealed anew. None behind the last row."""
    chosen = select(place.key, place.column).where(place.key > after, place.column.is_not(None))
    rows = uow.session.execute(chosen.order_by(place.key).limit(_PER_UNIT)).all()
    return (rows[-1][0], sum(_row(uow, place, key, sealed) for key, sealed in rows)) if rows else None


def _row(uow: Uow, place: SealedColumn, key: str, sealed: bytes) -> int:
    try:
        fresh = uow.house.keyring.sealed_anew(place.secret, sealed, key.encode())
    except ValueError as error:
        raise ValueError(f"{place.column} of {key}: {error}") from None
    if fresh is None:
        return 0
    same = (place.key == key, place.column == sealed)  # what was replaced meanwhile is sealed anew already
    uow.session.execute(update(place.column.class_).where(*same).values({place.column: fresh}))
    return 1

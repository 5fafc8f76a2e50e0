"""``piaohao doctor``: what can be wrong with an installation, looked at without changing it."""

from __future__ import annotations

from collections.abc import Iterator

from core.settings import Settings
from exchange.checkup import database, outside, place, work
from exchange.checkup.finding import Finding, Inside, Look

__all__ = ["Finding", "examine"]

_BEFORE: tuple[Look, ...] = (place.folder, place.secrets, place.unfinished, database.revision)
_INSIDE: tuple[Inside, ...] = (
    database.clocks, database.books, database.rules, database.exports, work.outbox, work.jobs, work.index, work.signer,
    work.keys,
)  # fmt: skip
_AFTER: tuple[Look, ...] = (outside.production, outside.switched_on, outside.bucket, outside.certificate)


def examine(settings: Settings) -> list[Finding]:
    """Every finding, good and bad, in a fixed order; stops early where nothing further can be told."""
    if not settings.data.is_dir():
        return [Finding(False, f"no data folder at {settings.data}", "run `piaohao init`")]
    found = [finding for look in _BEFORE for finding in look(settings)]
    if all(finding.well for finding in found if finding.text.startswith("database")):
        found += _inside(settings)
    return found + [finding for look in _AFTER for finding in look(settings)]


def _inside(settings: Settings) -> Iterator[Finding]:
    from exchange.app import build_house

    house = build_house(settings)
    try:
        for look in _INSIDE:
            try:
                yield from look(house)
            except Exception as error:  # whatever it is, it is the finding
                yield Finding(False, f"{look.__name__} cannot be looked at: {error}")
    finally:
        house.db.engine.dispose()

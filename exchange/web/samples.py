"""The sample of a listing: its rows, and over each column what the profile found there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.listings import queries
from catalog.listings.types import ListingSnapshot, SampleSnapshot
from catalog.profiles.types import ColumnProfile
from core.actor import Actor
from core.db import Uow
from core.speech import gettext
from exchange.web.formats import number
from exchange.web.words import word

_SHOWN = 10
_WHOLE = ("synthetic", "statistics")
_WIDTH, _HEIGHT = 80.0, 24.0


@dataclass(frozen=True)
class Bar:
    x: float
    width: float
    height: float


@dataclass(frozen=True)
class ColumnText:
    name: str
    words: str
    bars: list[Bar]


@dataclass(frozen=True)
class SampleText:
    """What the sample's table shows, and the rule that decided how much of it."""

    columns: list[ColumnText]
    rows: Sequence[Sequence[str]]
    rule: str


def sample(uow: Uow, actor: Actor, listing: ListingSnapshot) -> SampleText:
    """Raises PolicyRefused when the tier does not open it to the actor."""
    found = queries.sample(uow, actor, listing.id)
    shown = found.rows if found.kind in _WHOLE else found.rows[:_SHOWN]
    profile = listing.revision.profile if listing.revision else None
    known = {column.name: column for column in profile.columns} if profile else {}
    return SampleText(
        columns=[_column(name, known.get(name)) for name in found.columns],
        rows=shown,
        rule=_rule(listing.tier, len(shown), found),
    )


def _rule(tier: int, shown: int, found: SampleSnapshot) -> str:
    if found.kind == "statistics":
        said = gettext("L%(tier)s: no rows, but figures of the columns with noise", tier=tier)
    elif found.kind == "synthetic":
        said = gettext("L%(tier)s: %(shown)s rows made up in the shape of the table", tier=tier, shown=number(shown))
    else:
        total = number(found.total_rows)
        said = gettext("L%(tier)s: %(shown)s of %(total)s rows", tier=tier, shown=number(shown), total=total)
    masked = gettext("identifiers are masked") if "mask_identifiers" in found.obligations else ""
    return " · ".join(part for part in (said, masked, gettext("the same for everybody")) if part)


def _column(name: str, column: ColumnProfile | None) -> ColumnText:
    if column is None:
        return ColumnText(name, "", [])
    parts = [word("column", column.type)]
    if column.nulls:
        parts.append(gettext("%(n)s empty", n=number(column.nulls)))
    if column.distinct:
        parts.append(gettext("%(n)s values", n=number(column.distinct)))
    return ColumnText(name, " · ".join(parts), bars(list(column.histogram or ())))


def bars(counts: Sequence[int]) -> list[Bar]:
    """A histogram as bars of a drawing 80 wide and 24 high."""
    highest = max(counts, default=0)
    if highest <= 0:
        return []
    step = _WIDTH / len(counts)
    return [
        Bar(round(place * step, 2), round(step * 0.9, 2), round(_HEIGHT * count / highest, 2))
        for place, count in enumerate(counts)
    ]

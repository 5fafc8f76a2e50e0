"""What a tier shows of a table: its first rows, rows made up, or figures with noise."""

from __future__ import annotations

from catalog.listings.models import Listing
from catalog.listings.types import ListingSnapshot, SampleSnapshot
from catalog.profiles import Profile, noise, synthetic
from compliance.recognisers import mask
from compliance.tiers.types import TierRow
from core.house import House

REAL = frozenset({"full", "rows", "rows_deidentified"})
"""The words of a tier's column ``sample`` that show what is in the data."""
FIGURES = ("field", "type", "empty", "different", "distribution")
_MOST_ROWS = 100
_KEY = "sample-seed"


def has_table(listing: Listing | ListingSnapshot) -> bool:
    """Whether a sample can be made at all. Loads no profile."""
    if listing.revision is None:
        return False
    if isinstance(listing, ListingSnapshot):
        return any(file.rows is not None for file in listing.revision.files)
    return any(entry.file.rows is not None for entry in listing.revision.entries)


def drawn(
    house: House, revision_id: str, table: Profile, row: TierRow, obligations: tuple[str, ...], *, names: bool
) -> SampleSnapshot:
    """The sample of that revision at that tier: the same for everybody, and each time.

    ``names``: whether the columns are called by their names.
    """
    most = _MOST_ROWS if row.sample_rows is None else row.sample_rows
    columns = tuple(c.name if names else f"field_{n}" for n, c in enumerate(table.columns, 1))
    if row.sample in REAL:
        shown = tuple(tuple(mask(cell) for cell in cells) for cells in table.first_rows[:most])
    elif row.sample == "synthetic":
        shown = synthetic.rows(table, most, house.keyring.mac(_KEY, f"synthetic {revision_id}".encode()))
    elif row.sample == "statistics":
        return SampleSnapshot(
            FIGURES, _figures(house, revision_id, table, columns), table.rows, obligations, row.sample
        )  # fmt: skip
    else:
        shown = ()
    return SampleSnapshot(columns, shown, table.rows, obligations, row.sample)


def _figures(house: House, revision_id: str, table: Profile, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """A line for each column: name, type, and the figures with their noise."""
    noisy = noise.columns(table, house.keyring.mac(_KEY, f"statistics {revision_id}".encode()))
    return tuple(
        (
            name, column.type, str(column.nulls), "" if column.distinct is None else str(column.distinct),
            " ".join(map(str, column.histogram)),
        )
        for name, column in zip(names, noisy, strict=True)
    )  # fmt: skip

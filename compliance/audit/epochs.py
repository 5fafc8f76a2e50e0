"""Epochs: each time the database was set back behind what was signed, the log goes on under another origin.

The tree goes on too. The first entry of an epoch cites the last checkpoint of the one before, so whoever kept a
checkpoint of entries that are lost learns that they are, and how many the platform owns up to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from compliance.audit.models import AuditEpoch
from compliance.audit.verifier import Checkpoint, epoch_of
from core.house import House

LOG = "log"
"""What the entries that open epochs are about."""
OPENED = "log:open_epoch"


@dataclass(frozen=True)
class Epoch:
    """``kept`` entries the log had when it was opened; ``cites`` is the note of the last checkpoint before."""

    number: int
    origin: str
    kept: int
    cites: str
    opened_at: datetime


class Epochs:
    """The epochs of one exchange after the first, as this process knows them: they are opened while nothing runs."""

    def __init__(self) -> None:
        self._known: tuple[Epoch, ...] | None = None

    def all(self, house: House) -> tuple[Epoch, ...]:
        if self._known is None:
            columns = (AuditEpoch.number, AuditEpoch.origin, AuditEpoch.kept, AuditEpoch.cites, AuditEpoch.opened_at)
            with house.db.engine.connect() as connection:  # whether a unit is open or not
                rows = connection.execute(select(*columns).order_by(AuditEpoch.number))
                self._known = tuple(Epoch(*row) for row in rows)
        return self._known

    def enter(self, epoch: Epoch) -> None:
        """From now on entries are of this epoch."""
        self._known = (*(each for each in self._known or () if each.number < epoch.number), epoch)


def later(house: House) -> tuple[Epoch, ...]:
    """All epochs but the first, which nothing opened."""
    return house.adapter(Epochs).all(house)


def origin(house: House) -> str:
    """The log's origin now."""
    known = later(house)
    return known[-1].origin if known else house.settings.log_origin


def origins_of_entry(house: House, number: int | None) -> set[str]:
    """Under which entry ``number`` may have been written: what had no place when an epoch began got one in it."""
    return {house.settings.log_origin, *(each.origin for each in later(house) if number is None or each.kept <= number)}


def is_lost(house: House, checkpoint: Checkpoint) -> bool:
    """Whether the checkpoint covers entries that a later epoch says are lost."""
    signed_in = epoch_of(checkpoint.origin)[1]
    return any(each.number > signed_in and each.kept < checkpoint.size for each in later(house))

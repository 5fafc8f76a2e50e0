"""The end of a gateway process: all it left is loaded, so what it still held is given back and its folder removed."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from sqlalchemy import delete, update

from core.db import Uow
from core.house import House
from exchange.gateway import claim
from exchange.sidecar import leases
from exchange.sidecar.models import Epoch, Segment, Unresolved
from exchange.sidecar.types import EpochState

log = logging.getLogger("piaohao.sidecar")


def finish(house: House, folder: Path, epoch: str) -> None:
    """Settle a dead process and forget it. Repeatable."""
    settled = 0
    most = 10 if house.db.sqlite else 1  # PostgreSQL locks rows: one meter at a time waits for nobody in a circle
    while part := house.db.write(lambda uow: leases.settle(uow, epoch, most=most)):
        settled += len(part)
    house.db.write(lambda uow: _finish(uow, epoch))
    shutil.rmtree(folder / epoch, ignore_errors=True)
    claim.forget(folder, epoch)
    log.info("gateway %s has ended, %d leases settled", epoch, settled)


def _finish(uow: Uow, epoch: str) -> None:
    uow.session.execute(delete(Unresolved).where(Unresolved.epoch == epoch))
    uow.session.execute(delete(Segment).where(Segment.epoch == epoch))
    uow.session.execute(
        update(Epoch)
        .where(Epoch.epoch == epoch, Epoch.state == EpochState.LIVE)
        .values(state=EpochState.FINISHED, finished_at=uow.now())
    )

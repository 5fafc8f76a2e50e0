"""The end of a gateway process: all it left is loaded, so what it still held is given back and its folder removed."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from sqlalchemy import delete

from core.db import Uow
from core.house import House
from exchange.gateway import claim
from exchange.sidecar import leases
from exchange.sidecar.models import Segment, Unresolved

log = logging.getLogger("piaohao.sidecar")


def finish(house: House, folder: Path, epoch: str) -> None:
    """Settle a dead process and forget it. Repeatable, and repeated as long as its lock is there."""
    house.db.write(lambda uow: leases.end(uow, epoch))
    settled = 0
    most = 10 if house.db.sqlite else 1  # PostgreSQL locks rows: one meter at a time waits for nobody in a circle
    while part := house.db.write(lambda uow: leases.settle(uow, epoch, most=most)):
        settled += len(part)
    house.db.write(lambda uow: _forget(uow, epoch))
    shutil.rmtree(folder / epoch, ignore_errors=True)
    claim.forget(folder, epoch)
    log.info("gateway %s has ended, %d leases settled", epoch, settled)


def _forget(uow: Uow, epoch: str) -> None:
    uow.session.execute(delete(Unresolved).where(Unresolved.epoch == epoch))
    uow.session.execute(delete(Segment).where(Segment.epoch == epoch))

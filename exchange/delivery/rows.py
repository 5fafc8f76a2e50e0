"""Access by rows: pages of a buyer's marked copy, counted against the quota of its contract."""

from __future__ import annotations

import json
from itertools import islice

from sqlalchemy import select

from catalog.files.store import FileMissing, FileStore
from core.actor import Actor
from core.db import Uow
from core.house import House
from exchange.delivery import copies, queries, quotas, service
from exchange.delivery.errors import DeliveryFailed, RowQuotaExhausted, RowsNotAgreed, RowsUnavailable, ScopeMissing
from exchange.delivery.models import MarkedCopy, RowCount
from exchange.delivery.types import ByteRange, DeliveryFile, RowPage
from exchange.delivery.watermark.paging import Places, rows_from
from exchange.licences import Channel
from exchange.trading import licensing
from exchange.trading import service as trading
from exchange.trading.licensing import NOTHING_CLAIMED, Claim

MOST_ROWS = 1_000
_Read = list[tuple[tuple[str, ...], int, int]]


def read(
    house: House, actor: Actor, order_id: str, file_id: str, *, after: int, limit: int, claim: Claim = NOTHING_CLAIMED
) -> RowPage:
    """The rows from number ``after`` on, as many as asked for and as the quota still allows; each counts each time.

    Raises OrderNotFound, PolicyRefused, LicenceRefuses, DeliveryFileNotFound, RowsNotAgreed, RowsUnavailable,
    CopyNotReady, RowQuotaExhausted, ScopeMissing, DeliveryFailed (the buyer is refunded).
    """
    file, places, total = house.db.read(lambda uow: _readable(uow, actor, order_id, file_id, claim))
    found = _rows(house, file, places, after, limit)
    if not found:
        left = house.db.read(lambda uow: quotas.of_order(uow, order_id)[1])
        return RowPage((), after, None, left)
    taken, left = house.db.write(lambda uow: _take(uow, actor, (order_id, file_id, claim), found, after))
    names = places.layout.names
    items = tuple(dict(zip(names, cells, strict=True)) for cells, _, _ in found[:taken])
    reached = after + taken
    return RowPage(items, after, reached if reached < total else None, left)


def _readable(uow: Uow, actor: Actor, order_id: str, file_id: str, claim: Claim) -> tuple[DeliveryFile, Places, int]:
    order, file = queries.load_allowed(uow, actor, order_id, file_id)
    if actor.only_for is not None and order.listing_id not in actor.only_for:
        raise ScopeMissing(listing_id=order.listing_id)
    if not copies.by_row(uow.house, order):
        raise RowsNotAgreed(hint="Download the file.")
    licensing.require_use(uow, actor, order_id, Channel.API, claim)
    copies.require_ready(file)
    statement = select(MarkedCopy).where(MarkedCopy.order_id == order_id, MarkedCopy.file_id == file_id)
    copy = uow.session.execute(statement).scalar_one_or_none()
    if copy is None or copy.places is None or copy.rows is None:
        raise RowsUnavailable("Only tables that are no archives are read by rows.")
    return file, Places.from_dict(json.loads(copy.places)), copy.rows


def _rows(house: House, file: DeliveryFile, places: Places, after: int, limit: int) -> _Read:
    store: FileStore = house.adapter(FileStore)  # type: ignore[type-abstract]
    try:
        with store.open(file.sha256) as stream:
            return list(islice(rows_from(stream, places, after), limit))
    except FileMissing:
        house.db.write(
            lambda uow: trading.fail_delivery_by_system(uow, file.order_id, reason=f"{file.name}: bytes are missing")
        )
        raise DeliveryFailed(hint="The money is back on the balance.") from None


def _take(uow: Uow, actor: Actor, asked: tuple[str, str, Claim], found: _Read, after: int) -> tuple[int, int]:
    """Count the rows and write their receipt, in one unit; (how many may be handed out, what is left)."""
    file, _, _ = _readable(uow, actor, *asked)  # nothing leaves that was forbidden meanwhile
    row = uow.session.get(RowCount, file.order_id, with_for_update=True)
    if row is None:
        raise RowsNotAgreed(hint="Download the file.")
    taken = min(len(found), row.allowed - row.used)
    if taken <= 0:
        raise RowQuotaExhausted("All rows that were agreed have been read.", allowed=row.allowed, used=row.used)
    row.used += taken
    uow.session.flush()
    start = 0 if after == 0 else found[0][1]
    service.record_receipt(uow, actor, file, ByteRange(start, found[taken - 1][2]), rows=taken)
    return taken, row.allowed - row.used

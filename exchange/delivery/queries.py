"""Reads of delivery, for an order's parties."""

from __future__ import annotations

from sqlalchemy import select

from catalog.listings import queries as listings
from compliance.policy import require
from core.actor import Actor
from core.db import Uow
from exchange.delivery.errors import DeliveryFileNotFound
from exchange.delivery.models import Receipt
from exchange.delivery.types import ByteRange, DeliveryFile, ReceiptSnapshot
from exchange.trading import queries as trading


def receipts(uow: Uow, actor: Actor, order_id: str) -> list[ReceiptSnapshot]:
    """The receipts of an order, oldest first. Raises OrderNotFound."""
    trading.get(uow, actor, order_id)
    rows = uow.session.execute(select(Receipt).where(Receipt.order_id == order_id).order_by(Receipt.id)).scalars()
    return [row.snapshot() for row in rows]


def files(uow: Uow, actor: Actor, order_id: str) -> list[DeliveryFile]:
    """The files that the order is about. Raises OrderNotFound."""
    return _files_of(uow, order_id, trading.get(uow, actor, order_id).revision_id)


def _files_of(uow: Uow, order_id: str, revision_id: str) -> list[DeliveryFile]:
    found = listings.revision(uow, revision_id).files
    return [DeliveryFile(order_id, f.id, f.name, f.media_type, f.size, f.sha256) for f in found]


def file_to_deliver(uow: Uow, actor: Actor, order_id: str, file_id: str) -> DeliveryFile:
    """The file, if policy lets the actor fetch it now. Raises OrderNotFound, PolicyRefused, DeliveryFileNotFound."""
    order = trading.load(uow, actor, order_id)
    resource = trading.resource_of(order)
    entitled = {"entitled": order.has_rights(uow.now())}
    require(actor, "order:download", resource, entitled)
    for file in _files_of(uow, order.id, order.revision_id):
        if file.file_id == file_id:
            return file
    raise DeliveryFileNotFound()


def delivered_ranges(uow: Uow, order_id: str) -> dict[str, list[ByteRange]]:
    """What has left so far, by file."""
    ranges: dict[str, list[ByteRange]] = {}
    for row in uow.session.execute(select(Receipt).where(Receipt.order_id == order_id)).scalars():
        ranges.setdefault(row.file_id, []).append(ByteRange(row.start, row.stop))
    return ranges

"""What happens when files are delivered: receipts, and the step that the last byte brings."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.files.store import FileMissing, FileStore
from compliance.audit.service import record
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from exchange.delivery import queries
from exchange.delivery.errors import DeliveryFailed
from exchange.delivery.models import Receipt
from exchange.delivery.rules import covers
from exchange.delivery.types import ByteRange, DeliveryFile
from exchange.trading import queries as orders
from exchange.trading import service as trading
from exchange.trading.types import OrderState


def stream(house: House, actor: Actor, file: DeliveryFile, part: ByteRange) -> Iterator[bytes]:
    """The bytes of a range; when the stream ends, however it ends, a receipt says what left.

    Raises DeliveryFailed at once, after refunding the order, when the store has lost the file.
    """
    store: FileStore = house.adapter(FileStore)  # type: ignore[type-abstract]
    try:
        chunks = store.read(file.sha256, start=part.start, length=part.size)
    except FileMissing:
        house.db.write(
            lambda uow: trading.fail_delivery_by_system(uow, file.order_id, reason=f"{file.name}: bytes are missing")
        )
        raise DeliveryFailed(hint="The money is back on the balance.") from None
    return _counted(house, actor, file, part, chunks)


def _counted(
    house: House, actor: Actor, file: DeliveryFile, part: ByteRange, chunks: Iterator[bytes]
) -> Iterator[bytes]:
    sent = 0
    try:
        for chunk in chunks:
            yield chunk
            sent += len(chunk)
    finally:
        if sent:
            left = ByteRange(part.start, part.start + sent)
            house.db.write(lambda uow: record_receipt(uow, actor, file, left))


def record_receipt(uow: Uow, actor: Actor, file: DeliveryFile, left: ByteRange) -> None:
    """Write a receipt and its audit entry; mark the order delivered when every file has left in full."""
    receipt = Receipt(
        id=new_id("rcp"), order_id=file.order_id, file_id=file.file_id, sha256=file.sha256, start=left.start,
        stop=left.stop, size=file.size, account=actor.pseudonym, at=uow.now(),
    )  # fmt: skip
    uow.session.add(receipt)
    uow.session.flush()
    record(
        uow, actor, action="order:receipt", object_id=file.order_id,
        data={"receipt": receipt.id, "file": file.file_id, "sha256": file.sha256, "from": str(left.start),
              "to": str(left.stop), "size": str(file.size)},
        concerns=[c for c in (actor.organisation_id,) if c],
    )  # fmt: skip
    if _all_delivered(uow, actor, file.order_id):
        trading.mark_delivered(uow, actor, file.order_id)


def _all_delivered(uow: Uow, actor: Actor, order_id: str) -> bool:
    """Asked only until it is so: later downloads need not add up all receipts again."""
    if orders.get(uow, actor, order_id).state != OrderState.PAID:
        return False
    left = queries.delivered_ranges(uow, order_id)
    return all(covers(file.size, left.get(file.file_id, ())) for file in queries.files(uow, actor, order_id))

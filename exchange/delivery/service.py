"""What happens when files are delivered: receipts, and the step that the last byte brings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from catalog.files.store import FileMissing, FileStore
from compliance.audit.service import record
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from exchange.delivery import links, queries, rules, tickets
from exchange.delivery.errors import DeliveryFailed, NoGateway
from exchange.delivery.models import Receipt
from exchange.delivery.rules import covers
from exchange.delivery.types import ByteRange, DeliveryFile, Grant, Transfer
from exchange.trading import queries as orders
from exchange.trading import service as trading
from exchange.trading.licensing import NOTHING_CLAIMED, Claim
from exchange.trading.types import OrderState

log = logging.getLogger("piaohao.delivery")


def grant(
    uow: Uow, actor: Actor, order_id: str, file_id: str, claim: Claim = NOTHING_CLAIMED, *, otp: str = ""
) -> Grant:
    """A ticket to fetch one file from the gateway, as the tier wants links to be; who got it is in the log.

    Raises OrderNotFound, PolicyRefused, DeliveryFileNotFound, CopyNotReady, NoGateway, LinkNotBuilt,
    SecondFactorNeeded, SecondFactorWrong.
    """
    order, file = queries.load_for_delivery(uow, actor, order_id, file_id, claim)
    settings = uow.house.settings
    if settings.gateway_workers == 0:
        raise NoGateway(hint="Download the file where you are.")
    assert order.entitlement is not None
    link = links.of_tier(uow.house, order.entitlement.tier)
    links.confirm(uow, actor, link, otp)
    expires_at = (uow.now() + link.lasts).replace(microsecond=0)
    ticket = tickets.seal(
        uow.house.keyring, file, link, entitlement_id=order.entitlement.id, organisation_id=order.buyer_id,
        account=actor.pseudonym, tier=order.entitlement.tier, expires_at=expires_at,
    )  # fmt: skip
    record(
        uow, actor, action="order:grant", object_id=file.subject, tier=order.entitlement.tier,
        data={"order": order_id, "file": file.file_id, "sha256": file.sha256, "until": expires_at.isoformat()},
        concerns=[order.buyer_id] if file.marked else [order.buyer_id, order.supplier_id],
    )  # fmt: skip
    return Grant(f"{settings.gateway_address}/files/{ticket}", expires_at, link.tries, link.own_key)


def take(uow: Uow, transfer: Transfer) -> bool:
    """The receipt of a transfer that a gateway recorded; once for each call id, however often it is told.

    Answers whether it was new. What no order knows, or what left no byte, is passed over: tickets are sealed by
    this exchange, so only a database that was put back can miss them.
    """
    known = select(Receipt.id).where(Receipt.call_id == transfer.call_id)
    if uow.session.execute(known).first() is not None:
        return False
    owner = orders.buyer_of(uow, transfer.order_id)
    buyer = Actor(organisation_id=owner, pseudonym=transfer.account)
    file = queries.as_it_left(uow, buyer, transfer.order_id, transfer.file_id, transfer.sha256) if owner else None
    left = rules.left_for_certain(transfer)
    if file is None or left.size <= 0 or left.stop > file.size:
        log.warning("a transfer of nothing that is known here: %s", transfer)
        return False
    record_receipt(uow, buyer, file, left, call_id=transfer.call_id, at=transfer.at)
    return True


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


def record_receipt(
    uow: Uow,
    actor: Actor,
    file: DeliveryFile,
    left: ByteRange,
    *,
    rows: int | None = None,
    call_id: str | None = None,
    at: datetime | None = None,
) -> None:
    """Write a receipt and its audit entry; mark the order delivered when every file has left in full.

    A gateway's transfer says its call and its own time.
    """
    receipt = Receipt(
        id=new_id("rcp"), order_id=file.order_id, file_id=file.file_id, sha256=file.sha256, start=left.start,
        stop=left.stop, size=file.size, rows=rows, account=actor.pseudonym,
        call_id=call_id, at=at or uow.now(),
    )  # fmt: skip
    uow.session.add(receipt)
    uow.session.flush()
    record(
        uow, actor, action="order:receipt", object_id=file.subject,
        data={"order": file.order_id, "receipt": receipt.id, "file": file.file_id, "sha256": file.sha256,
              "from": str(left.start), "to": str(left.stop), "size": str(file.size)}
        | ({"call": call_id} if call_id else {}),
        concerns=[c for c in (actor.organisation_id,) if c],
    )  # fmt: skip
    if _all_delivered(uow, actor, file.order_id):
        trading.mark_delivered(uow, actor, file.order_id)


def _all_delivered(uow: Uow, actor: Actor, order_id: str) -> bool:
    """Asked only until it is so: later downloads need not add up all receipts again."""
    if orders.get(uow, actor, order_id).state != OrderState.PAID:
        return False
    left = queries.delivered_ranges(uow, order_id)
    files = queries.files(uow, actor, order_id)
    return all(file.ready and covers(file.size, left.get((file.file_id, file.sha256), ())) for file in files)

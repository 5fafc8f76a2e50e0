"""Reads of delivery, for an order's parties."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import case, func, select

from catalog.listings import queries as listings
from compliance.policy import declaring, require
from core.actor import Actor
from core.db import Uow
from exchange.delivery import copies
from exchange.delivery.errors import DeliveryFileNotFound, DownloadNotAgreed
from exchange.delivery.models import MarkedCopy, Receipt, TraceCase
from exchange.delivery.types import ByteRange, CopySnapshot, DeliveryFile, ReceiptSnapshot
from exchange.licences import Channel
from exchange.trading import licensing
from exchange.trading import queries as trading
from exchange.trading.licensing import NOTHING_CLAIMED, Claim
from exchange.trading.types import OrderSnapshot

_QUARTER_S = 900


def receipts(uow: Uow, actor: Actor, order_id: str) -> list[ReceiptSnapshot]:
    """The receipts of an order, oldest first; the supplier reads no hash of a buyer's copy. Raises OrderNotFound."""
    order = trading.get(uow, actor, order_id)
    rows = uow.session.execute(select(Receipt).where(Receipt.order_id == order_id).order_by(Receipt.id)).scalars()
    found = [row.snapshot() for row in rows]
    if actor.organisation_id != order.supplier_id:
        return found
    own = {file.sha256 for file in _originals(uow, order)}
    return [each if each.sha256 in own else dataclasses.replace(each, sha256="") for each in found]


def receipts_of(uow: Uow, order_id: str) -> list[ReceiptSnapshot]:
    """The receipts of an order, oldest first. Asks no policy: for evidence given to a payer's bank."""
    chosen = select(Receipt).where(Receipt.order_id == order_id).order_by(Receipt.id)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def handed_out(uow: Uow, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """(rows, bytes of files) that left in that time, by order. Asks no policy: for whoever watches over the trade."""
    left = case((Receipt.rows.is_(None), Receipt.stop - Receipt.start), else_=0)
    chosen = (
        select(Receipt.order_id, func.coalesce(func.sum(Receipt.rows), 0), func.coalesce(func.sum(left), 0))
        .where(Receipt.at >= since, Receipt.at < until)
        .group_by(Receipt.order_id)
    )
    return {order_id: (int(rows), int(size)) for order_id, rows, size in uow.session.execute(chosen)}


@dataclasses.dataclass(frozen=True)
class Fetched:
    """What one order's buyer fetched in one UTC quarter of an hour: answers with files or parts of them, and rows."""

    order_id: str
    quarter: int
    downloads: int
    rows: int


def by_quarter(uow: Uow, since: datetime, until: datetime, order_ids: Iterable[str] | None = None) -> list[Fetched]:
    """What left in that time, oldest first; of these orders only, when they are said. Asks no policy."""
    chosen = select(Receipt.order_id, Receipt.at, Receipt.rows).where(Receipt.at >= since, Receipt.at < until)
    if order_ids is not None:
        chosen = chosen.where(Receipt.order_id.in_(set(order_ids)))
    sums: dict[tuple[str, int], list[int]] = {}
    for order_id, at, rows in uow.session.execute(chosen.order_by(Receipt.at)):
        quarter = sums.setdefault((order_id, int(at.timestamp()) // _QUARTER_S), [0, 0])
        quarter[0] += rows is None
        quarter[1] += rows or 0
    return [Fetched(*key, *counted) for key, counted in sums.items()]


def first_fetched(uow: Uow, order_ids: Iterable[str]) -> dict[str, int]:
    """The quarter of an hour in which something of each order left first. Asks no policy."""
    chosen = select(Receipt.order_id, func.min(Receipt.at)).where(Receipt.order_id.in_(set(order_ids)))
    rows = uow.session.execute(chosen.group_by(Receipt.order_id))
    return {order_id: int(at.timestamp()) // _QUARTER_S for order_id, at in rows}


def accused(uow: Uow, since: datetime) -> list[tuple[str, str, str, datetime]]:
    """(case, order, buyer, when) of every order that a leaked file named since then, oldest first. Asks no policy."""
    chosen = select(TraceCase).where(TraceCase.done_at >= since).order_by(TraceCase.done_at, TraceCase.id)
    found: dict[tuple[str, str, str, datetime], None] = {}
    for case_ in uow.session.execute(chosen).scalars():
        for report in case_.snapshot().reports:
            for each in report["suspicions"]:
                if each["accused"] and case_.done_at is not None:
                    found[(case_.id, each["order_id"], each["buyer_id"], case_.done_at)] = None
    return list(found)


def files(uow: Uow, actor: Actor, order_id: str) -> list[DeliveryFile]:
    """The files that the order is about, as they leave: marked copies where it has them.

    The supplier learns that a copy is marked, and not what makes it the buyer's. Raises OrderNotFound.
    """
    order = trading.get(uow, actor, order_id)
    found = copies.delivered(uow, order, _originals(uow, order))
    if actor.organisation_id != order.supplier_id:
        return found
    return [dataclasses.replace(each, sha256="", size=0) if each.marked else each for each in found]


def _originals(uow: Uow, order: OrderSnapshot) -> list[DeliveryFile]:
    found = listings.revision(uow, order.revision_id).files
    tier = order.entitlement.tier if order.entitlement is not None else order.tier
    return [DeliveryFile(order.id, f.id, f.name, f.media_type, f.size, f.sha256, tier=tier) for f in found]


def marked_copies(uow: Uow, actor: Actor, order_id: str) -> list[CopySnapshot]:
    """The marked copies of an order; the supplier learns that they are, and not what makes them the buyer's.

    Raises OrderNotFound.
    """
    order = trading.get(uow, actor, order_id)
    made = list(copies.of_order(uow, order_id).values())
    if actor.organisation_id == order.supplier_id:
        return [dataclasses.replace(each, sha256=None, size=None) for each in made]
    return made


def file_to_deliver(
    uow: Uow, actor: Actor, order_id: str, file_id: str, claim: Claim = NOTHING_CLAIMED
) -> DeliveryFile:
    """The file, if policy, licence and contract let the actor fetch it now.

    Raises OrderNotFound, PolicyRefused, LicenceRefuses, DownloadNotAgreed, DeliveryFileNotFound, CopyNotReady.
    """
    return load_for_delivery(uow, actor, order_id, file_id, claim)[1]


def load_for_delivery(
    uow: Uow, actor: Actor, order_id: str, file_id: str, claim: Claim = NOTHING_CLAIMED
) -> tuple[OrderSnapshot, DeliveryFile]:
    """The same with its order."""
    snapshot, file = load_allowed(uow, actor, order_id, file_id)
    if not copies.may_download(uow.house, snapshot):
        raise DownloadNotAgreed(hint="Read its rows at the same address followed by /rows.")
    licensing.require_use(uow, actor, order_id, Channel.DOWNLOAD, claim)
    copies.require_ready(file)
    return snapshot, file


def load_allowed(uow: Uow, actor: Actor, order_id: str, file_id: str) -> tuple[OrderSnapshot, DeliveryFile]:
    """A file of an order of which policy lets the actor have what the contract says.

    Raises OrderNotFound, PolicyRefused, DeliveryFileNotFound.
    """
    order = trading.load(uow, actor, order_id)
    context = trading.declared(uow, order) | declaring(actor, order.purpose) | {"entitled": order.has_rights(uow.now())}
    tier = order.entitlement.tier if order.entitlement is not None else order.tier
    require(actor, "order:download", trading.used(uow.house, order, tier), context)
    file = file_of(uow, actor, order_id, file_id)
    if file is None:
        raise DeliveryFileNotFound()
    return order.snapshot(), file


def file_of(uow: Uow, actor: Actor, order_id: str, file_id: str) -> DeliveryFile | None:
    """One file of an order. Raises OrderNotFound."""
    return next((file for file in files(uow, actor, order_id) if file.file_id == file_id), None)


def as_it_left(uow: Uow, actor: Actor, order_id: str, file_id: str, sha256: str) -> DeliveryFile | None:
    """The file of an order that has those bytes: as it was uploaded, or the buyer's copy, whichever leaves now.

    Raises OrderNotFound.
    """
    original = next(
        (file for file in _originals(uow, trading.get(uow, actor, order_id)) if file.file_id == file_id), None
    )
    if original is None or original.sha256 == sha256:
        return original
    copy = copies.as_copy(original, copies.of_order(uow, order_id).get(file_id))
    return copy if copy.sha256 == sha256 else None


def copies_in_evidence(uow: Uow, actor: Actor, order_id: str) -> list[str]:
    """The ids of the buyer's own copies for an order's bundle: none for its supplier, whom their bytes do not concern.

    Raises OrderNotFound.
    """
    if actor.organisation_id == trading.get(uow, actor, order_id).supplier_id:
        return []
    return sorted(copy.id for copy in copies.of_order(uow, order_id).values())


def delivered_ranges(uow: Uow, order_id: str) -> dict[tuple[str, str], list[ByteRange]]:
    """What has left so far, by file and by the hash of its bytes: parts of a copy are none of its original."""
    ranges: dict[tuple[str, str], list[ByteRange]] = {}
    for row in uow.session.execute(select(Receipt).where(Receipt.order_id == order_id)).scalars():
        ranges.setdefault((row.file_id, row.sha256), []).append(ByteRange(row.start, row.stop))
    return ranges


def copied_bytes(uow: Uow) -> dict[str, int]:
    """Size by SHA-256 of every marked copy. Asks no policy: for who looks after the store."""
    made = select(MarkedCopy.sha256, MarkedCopy.size).where(MarkedCopy.sha256.is_not(None))
    return {str(digest): int(size or 0) for digest, size in uow.session.execute(made)}


def untraced_bytes(uow: Uow) -> dict[str, int]:
    """The same of leaked files that are still to be traced."""
    waiting = select(TraceCase.sha256, TraceCase.size).where(TraceCase.done_at.is_(None))
    return dict(uow.session.execute(waiting).tuples().all())

"""Marked copies: who gets one, how it is made, and where its bytes are."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast

from sqlalchemy import select

from catalog.files.store import FileMissing, FileStore
from catalog.files.types import FileSnapshot
from catalog.listings import queries as listings
from catalog.listings.types import ListingKind, RevisionSnapshot
from compliance.audit.service import record
from core import jobs
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.jobs import JobRun
from core.keyring import Keyring
from exchange.delivery import quotas
from exchange.delivery.errors import CopyImpossible, CopyNotReady
from exchange.delivery.models import MarkedCopy
from exchange.delivery.types import CopySnapshot, DeliveryFile
from exchange.delivery.watermark import files as watermark
from exchange.delivery.watermark.sounds import is_sound
from exchange.delivery.watermark.survey import estimate
from exchange.delivery.watermark.tables import FORMATS
from exchange.delivery.watermark.types import Unmarkable
from exchange.trading import marks
from exchange.trading import queries as orders
from exchange.trading import service as trading
from exchange.trading.events import EntitlementChanged, OrderChanged
from exchange.trading.types import OrderSnapshot, OrderState

JOB = "delivery.copy"
_SECRET = "watermark"  # noqa: S105  (the name of a secret)
_IN_FORCE = (OrderState.PAID, OrderState.DELIVERED, OrderState.ACCEPTED)
log = logging.getLogger("piaohao.delivery")


def key_of(keyring: Keyring, order_id: str, original_sha256: str) -> bytes:
    """The key of one order's copy of one file."""
    return keyring.mac(_SECRET, f"{order_id}|{original_sha256}".encode())


class FileMarks:
    """Whether files can carry marks, as their profiles tell; what is there only turns out when a copy is made."""

    def unmarkable(self, revision: RevisionSnapshot, *, by_row: bool) -> list[tuple[str, str]]:
        found = ((file.name, _why_not(file, by_row=by_row)) for file in revision.files)
        return [(name, reason) for name, reason in found if reason]


def _why_not(file: FileSnapshot, *, by_row: bool) -> str:
    table = file.profile
    if by_row and PurePath(file.name).suffix.lower() not in FORMATS:
        return "not_a_table"
    if _may_sound(file):
        return ""
    if table is None or table.format not in FORMATS.values():
        return "not_a_table"
    return estimate([column.name for column in table.columns], table.first_rows, table.rows)


def _may_sound(file: FileSnapshot) -> bool:
    """A sound of 16 bits, or an archive with sounds in it: of those only making the copy tells how they are written."""
    if is_sound(file.name):
        return file.facts.get("format") == "wav" and file.facts.get("bits") == 16
    return file.facts.get("format") == "zip" and not {"wav", "wave"}.isdisjoint(file.facts.get("formats", ()))


def is_marked(house: House, order: OrderSnapshot) -> bool:
    """Whether what leaves under this order carries its buyer's mark: its contract says so, or its tier of now does."""
    if order.kind != ListingKind.DATASET:
        return False
    return marks.demanded(house, _tier(order)) or bool(agreed(order).get("watermark"))


def agreed(order: OrderSnapshot) -> Mapping[str, Any]:
    """The terms that both sides agreed on; empty for an order at the list price."""
    return order.agreement or {}


def may_download(house: House, order: OrderSnapshot) -> bool:
    """Whether files leave whole: what the tier delivers by rows does so only when the contract says it."""
    if order.kind != ListingKind.DATASET:
        return False
    terms = agreed(order)
    if terms:
        return "download" in terms.get("deliveries", ())
    return not marks.by_row(house, _tier(order))


def by_row(house: House, order: OrderSnapshot) -> bool:
    """Whether its rows can be read one page after the other."""
    if order.kind != ListingKind.DATASET:
        return False
    return "api" in agreed(order).get("deliveries", ()) or marks.by_row(house, _tier(order))


def _tier(order: OrderSnapshot) -> int:
    return order.entitlement.tier if order.entitlement is not None else order.tier


def follow_order(uow: Uow, event: OrderChanged) -> None:
    """What was paid for is made ready."""
    if event.state == OrderState.PAID:
        prepare(uow, event.order_id)


def follow_right(uow: Uow, event: EntitlementChanged) -> None:
    """A tier that rose may demand marks of what was sold without."""
    order_id = marks.order_of(uow, event.entitlement_id)
    if order_id is not None:
        prepare(uow, order_id)


def prepare(uow: Uow, order_id: str) -> None:
    """See to it that the copies that an order needs are made; those that are there or on their way are left."""
    buyer = orders.buyer_of(uow, order_id)
    order = orders.get(uow, Actor(organisation_id=buyer), order_id) if buyer else None
    if order is None or order.state not in _IN_FORCE or not is_marked(uow.house, order):
        return
    if by_row(uow.house, order):
        quotas.open_quota(uow, order_id, agreed(order).get("count"))
    known = set(uow.session.execute(select(MarkedCopy.file_id).where(MarkedCopy.order_id == order_id)).scalars())
    for file in listings.revision(uow, order.revision_id).files:
        if file.id in known:
            continue
        made = MarkedCopy(
            id=new_id("cpy"), order_id=order_id, file_id=file.id, buyer_id=order.buyer_id,
            original_sha256=file.sha256, created_at=uow.now(),
        )  # fmt: skip
        uow.session.add(made)
        uow.session.flush()
        jobs.enqueue(uow, JOB, {"copy": made.id, "name": file.name}, lane=jobs.lane_for(file.size))


def make(house: House, run: JobRun) -> None:
    """Make one copy. One that cannot carry a mark after all is never delivered: the buyer is refunded or, of an order
    that was accepted before, may ask for it by a dispute.
    """
    copy_id, name = str(run.payload["copy"]), str(run.payload["name"])
    row = house.db.read(lambda uow: _order_and_original(uow, copy_id))
    if row is None:
        return
    order_id, original = row
    store: FileStore = house.adapter(FileStore)  # type: ignore[type-abstract]
    key = key_of(house.keyring, order_id, original)

    def told(done: int) -> None:
        if run.due():
            run.progress(done, 0, name)

    with tempfile.TemporaryDirectory(prefix="copy-", dir=_workplace(house)) as folder:
        path = Path(folder) / "copy"
        try:
            with store.open(original) as source, path.open("w+b") as target:
                statement = watermark.write_file(source, cast(BinaryIO, target), name, key, told)
        except (Unmarkable, FileMissing) as problem:
            reason = f"{name}: {problem.reason if isinstance(problem, Unmarkable) else 'bytes are missing'}"
            log.warning("no copy for %s: %s", order_id, reason)
            house.db.write(lambda uow: _give_up(uow, copy_id, order_id, reason))
            return
        digest, size = _digest(path), path.stat().st_size
        store.adopt(path, digest)
    house.db.write(lambda uow: _made(uow, copy_id, digest, size, statement))


def _give_up(uow: Uow, copy_id: str, order_id: str, reason: str) -> None:
    """Refund the order, or say of an accepted one that it is not delivered any more.

    Of one that stands still the copy is forgotten: it is tried again when the order goes on.
    """
    if trading.fail_delivery_by_system(uow, order_id, reason=reason) is not None:
        return
    copy = uow.session.get_one(MarkedCopy, copy_id)
    if trading.withhold_delivery(uow, order_id, reason=reason):
        copy.problem = reason
    else:
        uow.session.delete(copy)


def _order_and_original(uow: Uow, copy_id: str) -> tuple[str, str] | None:
    row = uow.session.get(MarkedCopy, copy_id)
    done = row is None or row.sha256 is not None or row.problem
    return None if row is None or done else (row.order_id, row.original_sha256)


def _workplace(house: House) -> Path:
    folder = house.settings.data / "files" / "copying"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _made(uow: Uow, copy_id: str, digest: str, size: int, statement: watermark.Statement) -> None:
    row = uow.session.get_one(MarkedCopy, copy_id, with_for_update=True)
    row.sha256, row.size, row.made_at = digest, size, uow.now()
    row.statement = json.dumps(statement.as_dict(), ensure_ascii=False)
    if statement.places is not None:
        row.rows = statement.tables[0][1].rows
        row.places = json.dumps(statement.places.as_dict(), ensure_ascii=False)
    uow.session.flush()
    record(
        uow, SYSTEM, action="order:copy", object_id=row.id,
        data={"order": row.order_id, "file": row.file_id, "original": row.original_sha256, "sha256": digest,
              "size": str(size)},
        concerns=[row.buyer_id],
    )  # fmt: skip


def of_order(uow: Uow, order_id: str) -> dict[str, CopySnapshot]:
    """The copies of an order by file, for whoever may know of the order."""
    rows = uow.session.execute(select(MarkedCopy).where(MarkedCopy.order_id == order_id)).scalars()
    return {row.file_id: row.snapshot() for row in rows}


def delivered(uow: Uow, order: OrderSnapshot, files: list[DeliveryFile]) -> list[DeliveryFile]:
    """The files as they leave under this order: its marked copies in their place, of size None until they are made."""
    if not is_marked(uow.house, order):
        return files
    made = of_order(uow, order.id)
    return [as_copy(file, made.get(file.file_id)) for file in files]


def as_copy(file: DeliveryFile, copy: CopySnapshot | None) -> DeliveryFile:
    """The marked copy in the original's place; without a hash, and not ready, until it is made."""
    ready = copy is not None and copy.sha256 is not None and copy.size is not None
    if not ready:
        problem = copy.problem if copy is not None else ""
        return dataclasses.replace(file, sha256="", size=0, marked=True, ready=False, problem=problem)
    assert copy is not None
    return dataclasses.replace(file, sha256=copy.sha256 or "", size=copy.size or 0, marked=True, copy_id=copy.id)


def require_ready(file: DeliveryFile) -> None:
    """Raises CopyImpossible, CopyNotReady."""
    if file.problem:
        raise CopyImpossible(file.problem, hint="The buyer can ask for the money back by a dispute.")
    if not file.ready:
        raise CopyNotReady(hint="Ask again in a moment.", retry_after=2)

"""Opening a new epoch of the log, by a person's command alone, after the database was set back or moved."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from sqlalchemy import func, select, update

from compliance.audit import checkpoints, epochs, queries, sequencer
from compliance.audit.epochs import Epoch, Epochs
from compliance.audit.models import AuditEpoch, AuditHead, AuditPending
from compliance.audit.service import record
from compliance.audit.verifier import Checkpoint, Malformed, Tampered, epoch_of
from core.actor import SYSTEM
from core.db import Uow
from core.house import House


def reopen(house: House, *, last: str | None = None) -> Epoch | None:
    """Let the log go on: as it is when it continues what was signed last, else in a new epoch; answers that one.

    ``last`` is the note of the last checkpoint that was published, for a machine that does not have the signer's own
    head. Nothing else of the exchange may run meanwhile. Raises Tampered or Malformed for a note that is none of ours.
    """
    with checkpoints.alone(house):
        given = checkpoints.verified(house, last) if last is not None else None
        signed = max(_signed(house, given), key=_order, default=None)
        if signed is None:
            return None
        if _goes_on(house, signed, given):
            checkpoints.keep(house, signed.note)
            return None
        epoch = _open(house, signed)
        while sequencer.run(house):
            pass
        checkpoints.sign_first_of_epoch(house)
        checkpoints.publish_kept(house)
        return epoch


def _signed(house: House, given: Checkpoint | None) -> Iterator[Checkpoint]:
    """Whatever of our checkpoints can be found; what cannot be read is passed over."""
    if given:
        yield given
    newest = house.db.read(queries.newest_checkpoint)
    notes = checkpoints.published(house) + ([newest.note] if newest else [])
    for note in [*notes, checkpoints.head_text(house) or ""]:
        try:
            yield checkpoints.verified(house, note)
        except (Tampered, Malformed):
            continue


def _order(checkpoint: Checkpoint) -> tuple[int, int]:
    return epoch_of(checkpoint.origin)[1], checkpoint.size


def _goes_on(house: House, signed: Checkpoint, given: Checkpoint | None) -> bool:
    """Without the signer's head or a person's word nobody knows what was signed last: then the log does not."""
    known = given is not None or checkpoints.head_text(house) is not None
    return known and signed.origin == epochs.origin(house) and checkpoints.continues(house, signed)


def _open(house: House, signed: Checkpoint) -> Epoch:
    """The new epoch; the one that was opened but never signed when a crash came between."""
    known, last = epochs.later(house), _order(signed)[0]
    if known and known[-1].number > last:
        return known[-1]
    number = last + 1
    kept = house.db.read(_size)
    origin = f"{house.settings.log_origin}/epoch-{number}"
    epoch = Epoch(number, origin, kept, signed.note, house.clock.now())
    house.adapter(Epochs).enter(epoch)
    house.db.write(lambda uow: _begin(uow, epoch, signed))
    return epoch


def _size(uow: Uow) -> int:
    head = uow.session.get(AuditHead, 1)
    return head.size if head else 0


def _begin(uow: Uow, epoch: Epoch, signed: Checkpoint) -> None:
    uow.session.add(
        AuditEpoch(
            number=epoch.number, origin=epoch.origin, kept=epoch.kept, cites=epoch.cites, opened_at=epoch.opened_at
        )
    )  # fmt: skip
    opening = record(
        uow, SYSTEM, action=epochs.OPENED, object_id=epochs.LOG,
        data={
            "epoch": epoch.origin, "kept": str(epoch.kept), "last_origin": signed.origin,
            "last_size": str(signed.size), "last_root": base64.b64encode(signed.root).decode(),
        },
    )  # fmt: skip
    uow.session.flush()
    first = uow.session.execute(select(func.min(AuditPending.number))).scalar_one()
    before_all = update(AuditPending).where(AuditPending.entry_id == opening).values(number=first - 1)
    uow.session.execute(before_all)  # what waits was written in the epoch before, and gets its place in this one

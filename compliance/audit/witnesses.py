"""The witnesses of this log: whom the operator named, what they cosigned, and asking them to.

A witness either fetches the log and sends its cosignature, or is sent each checkpoint with a proof (C2SP
``tlog-witness``). Either way only a signature of a named witness over a checkpoint of ours is kept.
"""

from __future__ import annotations

import base64
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from compliance.audit import cosignatures, queries
from compliance.audit.cosignatures import Cosignature
from compliance.audit.models import AuditCheckpoint
from compliance.audit.verifier import Key, Malformed, Tampered
from compliance.audit.vouched import AuditCosignature
from core import outgoing
from core.db import Uow
from core.house import House
from core.problems import Invalid
from core.settings import Settings

log = logging.getLogger("piaohao.witnesses")
_SIZE = "text/x.tlog.size"
_MOST_ANSWER_BYTES = 16 << 10


class CosignatureInvalid(Invalid):
    code, title = "cosignature_invalid", "This is not a cosignature of a witness that this log knows"


@dataclass(frozen=True)
class Witness:
    """A key that the operator named; ``address`` is where it is sent checkpoints, empty when it fetches them."""

    key: Key
    address: str


def named(settings: Settings) -> list[Witness]:
    """The witnesses of the setting ``log_witnesses``. Raises ValueError naming what cannot be read."""
    found = []
    for text in filter(None, map(str.strip, settings.log_witnesses.split(","))):
        key, _, address = text.partition("@")
        try:
            found.append(Witness(cosignatures.parse_key(key), address.rstrip("/")))
        except (Malformed, Tampered) as error:
            raise ValueError(f"PIAOHAO_LOG_WITNESSES: {error}: {key[:80]}") from None
    return found


def proven(uow: Uow, size: int, lines: str) -> list[Cosignature]:
    """What named witnesses say in these lines of our checkpoint of that size.

    Raises CheckpointNotFound, and CosignatureInvalid when none of the lines is a good one.
    """
    checkpoint = uow.session.get(AuditCheckpoint, size) if 0 <= size < 1 << 62 else None
    if checkpoint is None:
        raise queries.CheckpointNotFound()
    found = [
        made
        for line in lines.splitlines()
        for each in named(uow.house.settings)
        if (made := cosignatures.verified(checkpoint.note, line, each.key)) is not None
    ]
    if not found:
        raise CosignatureInvalid("No line is one of a named witness over this checkpoint.", field="cosignatures")
    return found


def keep(uow: Uow, size: int, lines: str) -> list[Cosignature]:
    """Keep what ``proven`` answers; what is known already is left as it is. Raises as ``proven`` does."""
    found = proven(uow, size, lines)
    for made in found:
        if uow.session.get(AuditCosignature, (size, made.witness)) is None:
            uow.session.add(AuditCosignature(size=size, witness=made.witness, at=made.at, line=made.line))
            uow.session.flush()
    return found


@dataclass(frozen=True)
class LastSeen:
    """How far a witness has come with this log, and when it said so."""

    witness: str
    size: int
    at: datetime


def last_seen(uow: Uow) -> list[LastSeen]:
    """The largest checkpoint that each witness cosigned, by the witnesses' names."""
    largest = select(AuditCosignature.witness, func.max(AuditCosignature.size).label("size"))
    each = largest.group_by(AuditCosignature.witness).subquery()
    found = select(AuditCosignature).join(
        each, (each.c.witness == AuditCosignature.witness) & (each.c.size == AuditCosignature.size)
    )
    rows = uow.session.execute(found.order_by(AuditCosignature.witness)).scalars()
    return [LastSeen(row.witness, row.size, datetime.fromtimestamp(row.at, UTC)) for row in rows]


def of_checkpoint(uow: Uow, size: int) -> list[Cosignature]:
    """Who cosigned the checkpoint of that size, by name."""
    statement = select(AuditCosignature).where(AuditCosignature.size == size).order_by(AuditCosignature.witness)
    return [Cosignature(row.witness, row.at, row.line) for row in uow.session.execute(statement).scalars()]


def cosigned_note(uow: Uow, checkpoint: queries.CheckpointSnapshot) -> str:
    """The checkpoint as it was signed, with the lines of its witnesses below."""
    return checkpoint.note + "".join(each.line for each in of_checkpoint(uow, checkpoint.size))


def ask(house: House) -> int:
    """Send the newest checkpoint to every witness with an address that has not cosigned it; answers how many did."""
    return sum(_asked(house, each) for each in named(house.settings) if each.address)


@dataclass(frozen=True)
class _Request:
    size: int
    body: bytes


def _asked(house: House, witness: Witness) -> bool:
    request = house.db.read(lambda uow: _request(uow, witness, None))
    if request is None:
        return False
    answer = _sent(house, witness, request)
    if answer.status == 409 and answer.header("Content-Type").startswith(_SIZE):
        found = re.fullmatch(rb"(0|[1-9][0-9]{0,17})\n", answer.body)
        if found and int(found[1]) <= request.size:
            again = house.db.read(lambda uow: _request(uow, witness, int(found[1])))
            answer = _sent(house, witness, again or request)
    if answer.status != 200:
        log.warning("the witness %s does not cosign %d: %d", witness.key.name, request.size, answer.status)
        return False
    lines = answer.body.decode("utf-8", "replace")
    house.db.write(lambda uow: keep(uow, request.size, lines))
    return True


def _request(uow: Uow, witness: Witness, old: int | None) -> _Request | None:
    """What the witness is sent; None when it cosigned the newest checkpoint already."""
    newest = queries.newest_checkpoint(uow)
    if newest is None or uow.session.get(AuditCosignature, (newest.size, witness.key.name)) is not None:
        return None
    if old is None:
        largest = select(func.max(AuditCosignature.size)).where(AuditCosignature.witness == witness.key.name)
        old = uow.session.execute(largest).scalar() or 0
    proof = queries.consistency(uow, old, newest.size)[1] if 0 < old < newest.size else []
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in proof)]
    return _Request(newest.size, ("\n".join(lines) + "\n\n" + newest.note).encode())


def _sent(house: House, witness: Witness, request: _Request) -> outgoing.OutgoingAnswer:
    return outgoing.call(
        outgoing.OutgoingCall(
            "POST", f"{witness.address}/add-checkpoint", {"Content-Type": "text/plain"}, request.body,
            timeout_ms=20_000, most_bytes=_MOST_ANSWER_BYTES,
        ),
        house.settings.allowed_upstreams,
    )  # fmt: skip

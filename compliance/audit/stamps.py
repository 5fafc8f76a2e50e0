"""Time stamps (RFC 3161) of checkpoints: an authority says that a head of the log existed at a moment.

An extra to witnesses: it does not see to it that the log only grows, but lawyers know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select

from compliance.audit import queries
from compliance.audit.models import AuditCheckpoint
from compliance.audit.vouched import AuditStamp
from core import outgoing
from core.db import Uow
from core.house import House

_MOST_BYTES = 64 << 10


class StampRefused(Exception):
    """The authority did not stamp, or what it sent is no stamp of this checkpoint."""


@dataclass(frozen=True)
class Stamp:
    """``answer`` is the authority's time stamp response over ``note``, as it came."""

    size: int
    authority: str
    note: str
    answer: bytes
    stamped_at: datetime


def tend(house: House) -> bool:
    """Have the newest checkpoint stamped, when an authority is set and the last stamp is old enough.

    Raises StampRefused, and CallFailed when the authority is away.
    """
    url = house.settings.log_stamp_url
    due = house.db.read(_due) if url else None
    if due is None:
        return False
    answer = _asked(house, url, due.note)
    authority = (urlsplit(url).hostname or url)[:200]
    house.db.write(lambda uow: _keep(uow, due.size, authority, *answer))
    return True


def _due(uow: Uow) -> queries.CheckpointSnapshot | None:
    newest = queries.newest_checkpoint(uow)
    last = uow.session.execute(select(AuditStamp).order_by(AuditStamp.stamped_at.desc()).limit(1)).scalar()
    if newest is None or (last is not None and last.size == newest.size):
        return None
    every = timedelta(minutes=uow.house.settings.log_stamp_minutes)
    return None if last is not None and uow.now() - last.stamped_at < every else newest


def _asked(house: House, url: str, note: str) -> tuple[bytes, datetime]:
    from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response

    request = TimestampRequestBuilder().data(note.encode()).build()
    call = outgoing.OutgoingCall(
        "POST", url, {"Content-Type": "application/timestamp-query"}, request.as_bytes(), most_bytes=_MOST_BYTES
    )
    answer = outgoing.call(call, house.settings.allowed_upstreams)
    if answer.status != 200 or not answer.complete:
        raise StampRefused(f"the time stamp authority answers {answer.status}")
    try:
        stamp = decode_timestamp_response(answer.body)
        info = stamp.tst_info
    except ValueError as error:
        raise StampRefused(f"the authority's answer is no time stamp: {error}") from None
    imprint = info.message_imprint.message
    if stamp.status != 0 or imprint != request.message_imprint.message or info.nonce != request.nonce:
        raise StampRefused("the authority's answer is not about this checkpoint")
    return answer.body, info.gen_time


def _keep(uow: Uow, size: int, authority: str, answer: bytes, stamped_at: datetime) -> None:
    if uow.session.get(AuditStamp, (size, authority)) is None:
        uow.session.add(AuditStamp(size=size, authority=authority, answer=answer, stamped_at=stamped_at))


def newest(uow: Uow) -> Stamp | None:
    """The stamp of the largest checkpoint that has one."""
    return next(iter(_stamps(uow, 1)), None)


def every(uow: Uow) -> list[Stamp]:
    """All stamps, the newest first."""
    return _stamps(uow, None)


def _stamps(uow: Uow, limit: int | None) -> list[Stamp]:
    statement = select(AuditStamp, AuditCheckpoint.note).join(AuditCheckpoint, AuditCheckpoint.size == AuditStamp.size)
    rows = uow.session.execute(statement.order_by(AuditStamp.size.desc()).limit(limit))
    return [Stamp(row.size, row.authority, note, row.answer, row.stamped_at) for row, note in rows]


def verify(stamp: Stamp, certificates: bytes) -> datetime:
    """When it was stamped, if by an authority under one of these roots (PEM). Raises StampRefused."""
    from cryptography.x509 import load_pem_x509_certificates
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        builder = VerifierBuilder()
        for root in load_pem_x509_certificates(certificates):
            builder = builder.add_root_certificate(root)
        answer = decode_timestamp_response(stamp.answer)
        builder.build().verify_message(answer, stamp.note.encode())
    except (VerificationError, ValueError) as error:
        raise StampRefused(f"the stamp of {stamp.size} entries: {error}") from None
    return answer.tst_info.gen_time

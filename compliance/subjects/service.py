"""Values of people: sealed with AES-256-GCM under the subject's own key, which the keyring wraps.

What is found by a value (an address) is found by its keyed mark, so the database never holds the value.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select

from compliance.subjects import errors, events
from compliance.subjects.models import PersonalValue, Subject
from core import mail
from core.db import Uow
from core.ids import new_id
from core.keyring import Keyring

WRAPPED_BY = "subjects"
_MARKED_BY = "subject-marks"
_NONCE_BYTES = 12


def create(uow: Uow, **values: str) -> str:
    """A subject with these values; answers its id."""
    subject_id = new_id("sub")
    wrapped = uow.house.keyring.encrypt(WRAPPED_BY, secrets.token_bytes(32), subject_id.encode())
    uow.session.add(Subject(id=subject_id, wrapped=wrapped, created_at=uow.now()))
    uow.session.flush()
    for field, value in values.items():
        put(uow, subject_id, field, value)
    return subject_id


def put(uow: Uow, subject_id: str, field: str, value: str) -> None:
    """Keep a value, in place of the one before. Raises SubjectNotFound, SubjectForgotten."""
    sealed = seal(uow, subject_id, field, value.encode())
    row = uow.session.get(PersonalValue, (subject_id, field))
    if row is None:
        uow.session.add(PersonalValue(subject_id=subject_id, field=field, sealed=sealed))
    else:
        row.sealed = sealed
    uow.session.flush()


def value(uow: Uow, subject_id: str, field: str) -> str | None:
    """A value of somebody; None when it was never given, or is forgotten."""
    return people(uow, [subject_id]).get(subject_id, {}).get(field)


def people(uow: Uow, subject_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Every value of several people, by subject and field, in one query; who is forgotten is left out."""
    chosen = (
        select(Subject.id, Subject.wrapped, PersonalValue.field, PersonalValue.sealed)
        .join(PersonalValue, PersonalValue.subject_id == Subject.id)
        .where(Subject.id.in_(set(subject_ids)), Subject.wrapped.is_not(None))
    )
    ciphers: dict[str, AESGCM] = {}
    found: dict[str, dict[str, str]] = {}
    for subject_id, wrapped, field, sealed in uow.session.execute(chosen):
        assert wrapped is not None
        if subject_id not in ciphers:
            ciphers[subject_id] = _cipher(uow, subject_id, wrapped)
        opened = ciphers[subject_id].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(subject_id, field))
        found.setdefault(subject_id, {})[field] = opened.decode()
    return found


def seal(uow: Uow, subject_id: str, context: str, content: bytes) -> bytes:
    """Bytes for a table of one's own, readable as long as the subject is not forgotten; bound to ``context``.

    Raises SubjectNotFound, SubjectForgotten.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = _cipher(uow, subject_id, _wrapped(uow, subject_id))
    return nonce + cipher.encrypt(nonce, content, _bound(subject_id, context))


def unseal(uow: Uow, subject_id: str, context: str, sealed: bytes) -> bytes:
    """What ``seal`` was given. Raises SubjectNotFound, SubjectForgotten."""
    cipher = _cipher(uow, subject_id, _wrapped(uow, subject_id))
    return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(subject_id, context))


def mark(keyring: Keyring, kind: str, text: str) -> str:
    """By what a value is found without being kept: its keyed MAC, as 64 hexadecimal digits."""
    return keyring.mac(_MARKED_BY, f"{kind}\n{text}".encode()).hex()


def forget(uow: Uow, subject_id: str) -> None:
    """Destroy the key and the sealed values; again, it changes nothing. Raises SubjectNotFound.

    Whether it may be forgotten is the caller's to know: see ``compliance.retention``.
    """
    row = uow.session.get(Subject, subject_id, with_for_update=True)
    if row is None:
        raise errors.SubjectNotFound()
    if row.wrapped is None:
        return
    email = value(uow, subject_id, "email")
    if uow.house.db.sqlite:
        uow.connection.exec_driver_sql("PRAGMA secure_delete=ON")  # what is deleted is overwritten in its page
    row.wrapped, row.forgotten_at = None, uow.now()
    uow.session.execute(delete(PersonalValue).where(PersonalValue.subject_id == subject_id))
    uow.session.flush()
    uow.emit(events.SubjectForgotten(subject_id=subject_id, letters=mail.mark(uow.house, email) if email else ""))


def _wrapped(uow: Uow, subject_id: str) -> bytes:
    row = uow.session.get(Subject, subject_id)
    if row is None:
        raise errors.SubjectNotFound()
    if row.wrapped is None:
        raise errors.SubjectForgotten()
    return row.wrapped


def _cipher(uow: Uow, subject_id: str, wrapped: bytes) -> AESGCM:
    return AESGCM(uow.house.keyring.decrypt(WRAPPED_BY, wrapped, subject_id.encode()))


def _bound(subject_id: str, context: str) -> bytes:
    return f"{subject_id}\n{context}".encode()

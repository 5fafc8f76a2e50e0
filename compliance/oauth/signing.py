"""The keys that sign access tokens: published before they sign, kept until what they signed has expired."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey
from sqlalchemy import or_, select

from compliance.audit.service import record
from compliance.oauth.events import SigningKeysChanged
from compliance.oauth.models import SigningKey
from compliance.oauth.types import TOKEN_LIFE
from core.actor import SYSTEM
from core.db import Uow
from core.ids import new_id

PUBLISHED_AHEAD = timedelta(minutes=10)
_KEPT_AFTER = TOKEN_LIFE + timedelta(minutes=1)
_SIGNS_FOR = timedelta(days=90)
SEALED_BY = "oauth-signing-keys"


def current(uow: Uow) -> OKPKey | None:
    """The pair that signs now, with its ``kid``; None while there is none."""
    row = _current(uow)
    if row is None or row.sealed is None:
        return None
    raw = uow.house.keyring.decrypt(SEALED_BY, row.sealed, row.id.encode())
    private = Ed25519PrivateKey.from_private_bytes(raw)
    return OKPKey.import_key(private, {"kid": row.id, "use": "sig", "alg": "EdDSA"})


def ensure(uow: Uow) -> None:
    """See to it that there is a key: the first one signs at once, because nobody knows an older one."""
    if _current(uow) is None:
        _add(uow, signs_from=uow.now())


def rotate(uow: Uow, *, compromised: bool = False) -> tuple[str, datetime]:
    """A new key, which signs in ten minutes; answers its id and that time.

    ``compromised``: it signs now, and every token that an older key signed stops now.
    """
    signs_from = uow.now() if compromised else uow.now() + PUBLISHED_AHEAD
    older_end = uow.now() if compromised else signs_from + _KEPT_AFTER
    in_force = select(SigningKey).where(or_(SigningKey.ends_at.is_(None), SigningKey.ends_at > older_end))
    for row in uow.session.execute(in_force).scalars():
        row.ends_at = older_end
        row.sealed = None if compromised else row.sealed
    uow.session.flush()
    return _add(uow, signs_from=signs_from), signs_from


def tidy(uow: Uow) -> bool:
    """Rotate what has signed for ninety days, erase private halves that sign no more, forget what has ended.

    Answers whether there was anything to do.
    """
    signing = _current(uow)
    changed = False
    for row in uow.session.execute(select(SigningKey)).scalars().all():
        if row.ends_at is not None and row.ends_at <= uow.now():
            uow.session.delete(row)
            changed = True
        elif signing is not None and row.signs_from < signing.signs_from and row.sealed is not None:
            row.sealed = None
            changed = True
    if changed:
        uow.session.flush()
        uow.emit(SigningKeysChanged())
    if signing is not None and signing.ends_at is None and signing.signs_from + _SIGNS_FOR <= uow.now():
        rotate(uow)
        changed = True
    return changed


def _current(uow: Uow) -> SigningKey | None:
    statement = (
        select(SigningKey)
        .where(
            SigningKey.sealed.is_not(None),
            SigningKey.signs_from <= uow.now(),
            or_(SigningKey.ends_at.is_(None), SigningKey.ends_at > uow.now()),
        )
        .order_by(SigningKey.signs_from.desc(), SigningKey.id.desc())
        .limit(1)
    )
    return uow.session.execute(statement).scalar_one_or_none()


def _add(uow: Uow, *, signs_from: datetime) -> str:
    private = Ed25519PrivateKey.generate()
    kid = new_id("sgk")
    uow.session.add(
        SigningKey(
            id=kid, public=private.public_key().public_bytes_raw(), created_at=uow.now(), signs_from=signs_from,
            sealed=uow.house.keyring.encrypt(SEALED_BY, private.private_bytes_raw(), kid.encode()),
        )
    )  # fmt: skip
    uow.session.flush()
    record(uow, SYSTEM, action="signing_key:add", object_id=kid, data={"signs_from": signs_from.isoformat()})
    uow.emit(SigningKeysChanged())
    return kid

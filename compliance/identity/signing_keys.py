"""Where the keys of accounts lie: private halves sealed by the keyring, public ones kept for good."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from compliance.identity.models import SigningKey
from core.db import Uow
from core.ids import new_id

SEALED_BY = "account-signing-keys"


def in_force(uow: Uow, account_id: str) -> SigningKey | None:
    """The key that the account signs with now."""
    chosen = select(SigningKey).where(SigningKey.account_id == account_id, SigningKey.retired_at.is_(None))
    return uow.session.execute(chosen.order_by(SigningKey.id.desc()).limit(1)).scalar_one_or_none()


def ensure(uow: Uow, account_id: str) -> None:
    """Every account with a second factor has a key to sign with."""
    if in_force(uow, account_id) is None:
        make(uow, account_id)


def make(uow: Uow, account_id: str, public_key: str | None = None) -> SigningKey:
    """A fresh key; with ``public_key`` the account's own, whose private half is not here."""
    key_id, own, sealed = new_id("sgk"), public_key is not None, None
    if public_key is None:
        private = Ed25519PrivateKey.generate()
        sealed = uow.house.keyring.encrypt(SEALED_BY, private.private_bytes_raw(), key_id.encode())
        public_key = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    row = SigningKey(
        id=key_id, account_id=account_id, public_key=public_key, own=own, sealed=sealed, created_at=uow.now()
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return row


def private_half(uow: Uow, row: SigningKey) -> Ed25519PrivateKey:
    """Raises ValueError when it was destroyed, or when this keyring did not seal it."""
    sealed = row.sealed or b""
    return Ed25519PrivateKey.from_private_bytes(uow.house.keyring.decrypt(SEALED_BY, sealed, row.id.encode()))


def forget(uow: Uow, account_id: str) -> None:
    """Destroy the private halves; the public ones stay, for what was signed with them."""
    for row in uow.session.execute(select(SigningKey).where(SigningKey.account_id == account_id)).scalars():
        row.sealed, row.retired_at = None, row.retired_at or uow.now()

"""Signatures of people: an Ed25519 key for each account, every use of it confirmed by the second factor.

The exchange keeps the private half sealed by the keyring, unless the account registered a key of its own: then the
account sends signatures. Keys are replaced, never deleted: what was signed with one stays verifiable.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from compliance.audit.service import record
from compliance.identity import factors, signing_keys
from compliance.identity.errors import OwnKeySigns, SecondFactorNeeded, SignatureInvalid, SigningKeyInvalid
from compliance.identity.models import SigningKey
from compliance.identity.types import PublicKey, Signature
from core.actor import Actor
from core.db import Uow

_PROOF_OF = b"piaohao signing key of "


def sign(uow: Uow, actor: Actor, payload: bytes, otp: str, *, signature: str = "") -> Signature:
    """The actor signs exactly these bytes; ``signature`` is the actor's own, made with a key of its own.

    Raises SecondFactorNeeded, SecondFactorWrong, TooManyAttempts; SignatureInvalid when the given one does not fit;
    OwnKeySigns when the account keeps its key itself and gave none.
    """
    factors.confirm(uow, actor, otp)
    row = signing_keys.in_force(uow, actor.account_id or "")
    if row is None:
        raise SecondFactorNeeded("This account has no signing key yet.", hint="Set a second factor up under Security.")
    if signature:
        if not verify(row.public_key, payload, signature):
            raise SignatureInvalid(field="signature")
        return Signature(row.id, row.public_key, signature)
    if row.own:
        raise OwnKeySigns(field="signature")
    raw = signing_keys.private_half(uow, row).sign(payload)
    return Signature(row.id, row.public_key, base64.b64encode(raw).decode())


def verify(public_key: str, payload: bytes, signature: str) -> bool:
    """Whether the signature is of these bytes and this key; False for whatever cannot be read."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), payload)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def public_keys(uow: Uow, account_ids: Iterable[str]) -> list[PublicKey]:
    """Every key of these accounts, the oldest first; those that were replaced too."""
    chosen = select(SigningKey).where(SigningKey.account_id.in_(set(account_ids))).order_by(SigningKey.id)
    return [_public(row) for row in uow.session.execute(chosen).scalars()]


def public_key(uow: Uow, key_id: str) -> PublicKey | None:
    row = uow.session.get(SigningKey, key_id)
    return None if row is None else _public(row)


def proof_payload(pseudonym: str, public_key: str) -> bytes:
    """What the private half must have signed before its public half is taken for an account's."""
    return _PROOF_OF + f"{pseudonym} {public_key}".encode()


def register_key(uow: Uow, actor: Actor, *, public_key: str, proof: str, otp: str) -> PublicKey:
    """The account signs with a key of its own from now on; ``proof`` is its signature of ``proof_payload``.

    Raises SecondFactorNeeded, SecondFactorWrong, SigningKeyInvalid.
    """
    factors.confirm(uow, actor, otp)
    if not verify(public_key, proof_payload(actor.pseudonym, public_key), proof):
        raise SigningKeyInvalid(field="public_key")
    return _public(_replace(uow, actor.account_id or "", public_key, actor))


def renew_key(uow: Uow, actor: Actor, otp: str) -> PublicKey:
    """A fresh key that the exchange keeps sealed, in place of the one in force. Raises as ``register_key``."""
    factors.confirm(uow, actor, otp)
    return _public(_replace(uow, actor.account_id or "", None, actor))


def _replace(uow: Uow, account_id: str, public: str | None, actor: Actor) -> SigningKey:
    old = signing_keys.in_force(uow, account_id)
    if old is not None:
        old.retired_at, old.sealed = uow.now(), None
    made = signing_keys.make(uow, account_id, public)
    record(
        uow, actor, action="account:change_signing_key", object_id=actor.pseudonym,
        data={"key": made.id, "public_key": made.public_key},
    )  # fmt: skip
    return made


def _public(row: SigningKey) -> PublicKey:
    return PublicKey(row.id, row.account_id, row.public_key, row.own, row.created_at, row.retired_at)

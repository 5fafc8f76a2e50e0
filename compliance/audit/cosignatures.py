"""Cosignatures of checkpoints (C2SP ``tlog-cosignature``, Ed25519): somebody else saw this head, and it grew out of
the one that they saw before.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compliance.audit.verifier import Malformed, Tampered

_KIND = b"\x04"
_LATEST = 1 << 63


@dataclass(frozen=True)
class WitnessKey:
    """A witness' public key under its name; its id differs from that of a log's key of the same bytes."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _KIND + self.public).digest()[:4]

    def text(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_KIND + self.public).decode()}"


@dataclass(frozen=True)
class Cosignature:
    """One line under a checkpoint: who says so, and when, in seconds since 1970."""

    witness: str
    at: int
    line: str


def parse_key(text: str) -> WitnessKey:
    """A verifier key ``name+id+base64``. Raises Malformed, or Tampered when its id is of another key."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise Malformed("the witness' key is not base64") from None
    if not name or any(each.isspace() for each in name) or len(raw) != 33 or raw[:1] != _KIND:
        raise Malformed("the key is not an Ed25519 key of a witness")
    key = WitnessKey(name, raw[1:])
    if key.id.hex() != key_id:
        raise Tampered("the id of the witness' key does not fit the key")
    return key


def key_of(name: str, private: Ed25519PrivateKey) -> WitnessKey:
    return WitnessKey(name, private.public_key().public_bytes_raw())


def cosign(note: str, key: WitnessKey, private: Ed25519PrivateKey, at: int) -> str:
    """The signature line, with its line feed, over the checkpoint's text."""
    signature = struct.pack(">Q", at) + private.sign(_message(note, at))
    return f"— {key.name} {base64.b64encode(key.id + signature).decode()}\n"


def verified(note: str, line: str, key: WitnessKey) -> Cosignature | None:
    """The cosignature that the line is, if this witness made it over this checkpoint's text."""
    prefix = f"— {key.name} "
    if not line.startswith(prefix):
        return None
    try:
        raw = base64.b64decode(line.removeprefix(prefix).rstrip("\n"), validate=True)
        if len(raw) != 76 or raw[:4] != key.id:
            return None
        at = int.from_bytes(raw[4:12], "big")
        if at >= _LATEST:
            return None
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[12:], _message(note, at))
    except (ValueError, InvalidSignature):
        return None
    return Cosignature(key.name, at, f"{prefix}{base64.b64encode(raw).decode()}\n")


def _message(note: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{note.partition(chr(10) * 2)[0]}\n".encode()

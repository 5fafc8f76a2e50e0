"""Cosignatures of checkpoints (C2SP ``tlog-cosignature``, Ed25519): somebody else saw this head, and it grew out of
the one that they saw before.
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit import verifier
from compliance.audit.verifier import OF_A_WITNESS, Key, Malformed, cosigned_at


@dataclass(frozen=True)
class Cosignature:
    """One line under a checkpoint: who says so, and when, in seconds since 1970."""

    witness: str
    at: int
    line: str


def parse_key(text: str) -> Key:
    """A witness' key ``name+id+base64``. Raises Malformed, or Tampered when its id is of another key."""
    return verifier.parse_key(text, OF_A_WITNESS)


def key_of(name: str, private: Ed25519PrivateKey) -> Key:
    return Key(name, private.public_key().public_bytes_raw(), OF_A_WITNESS)


def cosign(note: str, key: Key, private: Ed25519PrivateKey, at: int) -> str:
    """The signature line, with its line feed, over the checkpoint's text."""
    message = f"cosignature/v1\ntime {at}\n{note.partition(chr(10) * 2)[0]}\n"
    signature = struct.pack(">Q", at) + private.sign(message.encode())
    return f"— {key.name} {base64.b64encode(key.id + signature).decode()}\n"


def verified(note: str, line: str, key: Key) -> Cosignature | None:
    """The cosignature that the line is, if this witness made it over this checkpoint's text."""
    line = line.rstrip("\n")
    try:
        at = cosigned_at(f"{note.partition(chr(10) * 2)[0]}\n\n{line}", key)
    except Malformed:
        return None
    return None if at is None else Cosignature(key.name, at, f"{line}\n")

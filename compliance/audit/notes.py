"""Signing checkpoints as C2SP signed notes."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit.verifier import Key


def key_of(origin: str, private: Ed25519PrivateKey) -> Key:
    return Key(origin, private.public_key().public_bytes_raw())


def sign(origin: str, size: int, root: bytes, private: Ed25519PrivateKey) -> str:
    """The checkpoint's note: origin, size, root, an empty line, one signature line."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = private.sign(text.encode())
    line = base64.b64encode(key_of(origin, private).id + signature).decode()
    return f"{text}\n— {origin} {line}\n"

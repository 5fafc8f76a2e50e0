"""Signing checkpoints as C2SP signed notes."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit.verifier import Key


def key_of(origin: str, private: Ed25519PrivateKey) -> Key:
    return Key(origin, private.public_key().public_bytes_raw())


def sign(origin: str, size: int, root: bytes, private: Ed25519PrivateKey) -> str:
    """The checkpoint's note: origin, size, root, an empty line, one signature line."""
    return signed(f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n", origin, private)


def signed(text: str, name: str, private: Ed25519PrivateKey) -> str:
    """A signed note. Raises ValueError for a text that does not end its line or holds an empty one."""
    if not text.endswith("\n") or "\n\n" in text or any(each in name for each in " +\n"):
        raise ValueError("such a text, or such a name, cannot be signed as a note")
    line = base64.b64encode(key_of(name, private).id + private.sign(text.encode())).decode()
    return f"{text}\n— {name} {line}\n"

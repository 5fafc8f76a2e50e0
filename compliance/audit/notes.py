"""Signing checkpoints as C2SP signed notes."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit.verifier import Key


def key_of(origin: str, private: Ed25519PrivateKey) -> Key:
    return Key(origin, private.public_key().public_bytes_raw())


def sign(origin: str, size: int, root: bytes, *privates: Ed25519PrivateKey) -> str:
    """The checkpoint's note: origin, size, root, an empty line, a signature line for each key."""
    return signed(f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n", origin, *privates)


def signed(text: str, name: str, *privates: Ed25519PrivateKey) -> str:
    """A signed note. Raises ValueError for a text that does not end its line or holds an empty one."""
    if not text.endswith("\n") or "\n\n" in text or any(each in name for each in " +\n"):
        raise ValueError("such a text, or such a name, cannot be signed as a note")
    lines = (base64.b64encode(key_of(name, each).id + each.sign(text.encode())).decode() for each in privates)
    return f"{text}\n" + "".join(f"— {name} {line}\n" for line in lines)

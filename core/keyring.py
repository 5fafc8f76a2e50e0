"""Secrets of this installation: files of mode 0600 in one folder, never in the database, never logged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_WEAKEST_BYTES = 32


class Keyring:
    """Named 32-byte secrets. Outside production a missing one is generated; in production that is refused."""

    def __init__(self, folder: Path, *, may_generate: bool) -> None:
        self._folder = folder
        self._may_generate = may_generate
        self._known: dict[str, bytes] = {}

    def secret(self, name: str) -> bytes:
        """The secret of that name. Raises RuntimeError in production when it is missing or short."""
        if name not in self._known:
            self._known[name] = self._load(name)
        return self._known[name]

    def _load(self, name: str) -> bytes:
        path = self._folder / name
        if not path.exists():
            if not self._may_generate:
                raise RuntimeError(f"the secret {name} is missing; production does not generate secrets")
            self._generate(path)
        value = base64.urlsafe_b64decode(path.read_text().strip())
        if len(value) < _WEAKEST_BYTES:
            raise RuntimeError(f"the secret {name} is shorter than {_WEAKEST_BYTES} bytes")
        return value

    def _generate(self, path: Path) -> None:
        """Create the file once, whoever comes first; the loser reads the winner's."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()

    def mac(self, name: str, data: bytes) -> bytes:
        """HMAC-SHA-256 of ``data`` under the named secret."""
        return hmac.new(self.secret(name), data, hashlib.sha256).digest()

    def encrypt(self, name: str, data: bytes, context: bytes) -> bytes:
        """AES-256-GCM; the answer opens only with the same ``context``."""
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.secret(name)).encrypt(nonce, data, context)

    def decrypt(self, name: str, sealed: bytes, context: bytes) -> bytes:
        """Raises ValueError when key, bytes or context differ."""
        try:
            return AESGCM(self.secret(name)).decrypt(sealed[:12], sealed[12:], context)
        except InvalidTag:
            raise ValueError("cannot be opened with this key") from None


def new_token() -> str:
    """A fresh bearer token: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token. A fast hash is enough: tokens have 256 bits of entropy."""
    return hashlib.sha256(token.encode()).hexdigest()

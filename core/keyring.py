"""Secrets of this installation: files of mode 0600 in one folder, never in the database, never logged.

A rotated secret leaves its older ones beside it, ``name.old-1`` and so on, which still open and prove what they sealed
and marked, until they are retired.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_WEAKEST_BYTES = 32
_OLD = re.compile(r"\A(.+)\.old-([1-9][0-9]*)\Z")


class SecretUnusable(RuntimeError):
    """A secret is missing, or what its file holds is none. Says which, and nothing of what is in it."""


class Keyring:
    """Named 32-byte secrets. Outside production a missing one is generated; in production that is refused."""

    def __init__(self, folder: Path, *, may_generate: bool) -> None:
        self._folder = folder
        self._may_generate = may_generate
        self._known: dict[str, list[bytes]] = {}
        self._as_of = 0

    def secret(self, name: str) -> bytes:
        """The secret of that name. Raises SecretUnusable when it cannot be read, in production also when missing."""
        return self.secrets(name)[0]

    def secrets(self, name: str) -> list[bytes]:
        """The secret and its older ones, the newest first. Raises SecretUnusable as ``secret`` does."""
        as_of = self._changed_at()
        if as_of != self._as_of:  # somebody made, rotated or retired one
            self._known, self._as_of = {}, as_of
        known = self._known
        if name not in known:
            known[name] = self._load(name)
        return known[name]

    def _changed_at(self) -> int:
        try:
            return self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _load(self, name: str) -> list[bytes]:
        path = self._folder / name
        if not path.exists():
            if not self._may_generate:
                raise SecretUnusable(f"The secret {name} is missing, and production does not generate secrets.")
            self._generate(path)
        return [self._read(each) for each in (path, *self.old(name))]

    def old(self, name: str) -> list[Path]:
        """The files of its older ones, the newest first."""
        return sorted(self._folder.glob(f"{name}.old-[1-9]*"), key=_number, reverse=True)

    def names(self) -> list[str]:
        """Those that are there, without their older ones."""
        there = (path.name for path in self._folder.glob("[!.]*") if path.is_file())
        return sorted(name for name in there if not _OLD.match(name))

    def make(self, name: str) -> bool:
        """Make a secret that is missing, also in production; whether it was."""
        missing = not (self._folder / name).exists()
        if missing:
            self._generate(self._folder / name)
        return missing

    def rotate(self, name: str, value: bytes | None = None) -> None:
        """A new secret, a random one unless told, in the place of the old one, which stays beside it."""
        self.secret(name)
        path, older = self._folder / name, self.old(name)
        number = _number(older[0]) + 1 if older else 1
        os.link(path, path.with_name(f"{name}.old-{number}"))
        fresh = path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
        self._write(fresh, value)
        fresh.replace(path)

    def retire(self, name: str) -> int:
        """Destroy its older ones; what only they open is lost. Answers how many they were."""
        older = self.old(name)
        for path in older:
            path.unlink()
        return len(older)

    def _read(self, path: Path) -> bytes:
        try:
            value = base64.urlsafe_b64decode(path.read_text().strip())
        except ValueError:
            value = b""
        if len(value) < _WEAKEST_BYTES:
            raise SecretUnusable(f"The secret {path.name} is no Base64 of at least {_WEAKEST_BYTES} bytes.")
        return value

    def _generate(self, path: Path) -> None:
        """Create the file once, whoever comes first; the loser reads the winner's."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        self._write(temporary)
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()

    @staticmethod
    def _write(path: Path, value: bytes | None = None) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.urlsafe_b64encode(value or secrets.token_bytes(_WEAKEST_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def mac(self, name: str, data: bytes) -> bytes:
        """HMAC-SHA-256 of ``data`` under the named secret."""
        return hmac.new(self.secret(name), data, hashlib.sha256).digest()

    def fits(self, name: str, data: bytes, found: bytes) -> bool:
        """Whether ``found`` begins the MAC of ``data``, under the secret or an older one; all of it is compared."""
        return any(_proves(secret, data, found) for secret in self.secrets(name))

    def encrypt(self, name: str, data: bytes, context: bytes) -> bytes:
        """AES-256-GCM; the answer opens only with the same ``context``."""
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.secret(name)).encrypt(nonce, data, context)

    def decrypt(self, name: str, sealed: bytes, context: bytes) -> bytes:
        """Opens what the secret or an older one sealed. Raises ValueError when key, bytes or context differ."""
        for secret in self.secrets(name):
            opened = _opened(secret, sealed, context)
            if opened is not None:
                return opened
        raise ValueError("cannot be opened with this key")

    def sealed_anew(self, name: str, sealed: bytes, context: bytes) -> bytes | None:
        """The same under the present secret; None when it is already. Raises ValueError as ``decrypt`` does."""
        if _opened(self.secret(name), sealed, context) is not None:
            return None
        return self.encrypt(name, self.decrypt(name, sealed, context), context)


def _number(path: Path) -> int:
    return int(path.name.rpartition("-")[2])


def _opened(secret: bytes, sealed: bytes, context: bytes) -> bytes | None:
    try:
        return AESGCM(secret).decrypt(sealed[:12], sealed[12:], context)
    except InvalidTag:
        return None


def _proves(secret: bytes, data: bytes, found: bytes) -> bool:
    return bool(found) and hmac.compare_digest(hmac.new(secret, data, hashlib.sha256).digest()[: len(found)], found)


def new_token() -> str:
    """A fresh bearer token: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token. A fast hash is enough: tokens have 256 bits of entropy."""
    return hashlib.sha256(token.encode()).hexdigest()

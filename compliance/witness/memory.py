"""What a witness remembers: its key, the last head it signed of each log, and what it refused.

The head is on the disk before the cosignature is made: a witness that was killed never signs a second past.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit.cosignatures import key_of
from compliance.audit.verifier import Key
from core.durable import write_whole
from core.locks import alone_at


class NoWitness(Exception):
    """The folder holds no witness yet, or one that cannot be read."""


@dataclass(frozen=True)
class Memory:
    """A folder; ``origin`` of a log names a folder of its own in it."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, name: str) -> Memory:
        """A new witness with a key of its own. Raises NoWitness where one is already, or for an unusable name."""
        if not name or any(each.isspace() or each == "+" for each in name):
            raise NoWitness("a witness' name has neither spaces nor +; take an address without https://")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            descriptor = os.open(folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise NoWitness(f"{folder} is a witness already") from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{name}\n{os.urandom(32).hex()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        return cls(folder)

    def private(self) -> tuple[Key, Ed25519PrivateKey]:
        """Raises NoWitness."""
        try:
            name, secret = (self.folder / "key").read_text("utf-8").splitlines()
            private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
        except (OSError, ValueError) as error:
            raise NoWitness(f"{self.folder} is no witness: {error}") from None
        return key_of(name, private), private

    def head(self, origin: str) -> str | None:
        """The note of the last checkpoint that was signed."""
        try:
            return (self._of(origin) / "head.txt").read_text("utf-8")
        except FileNotFoundError:
            return None

    def keep(self, origin: str, note: str) -> None:
        """Remember a head, for good."""
        write_whole(self._of(origin) / "head.txt", note.encode())

    def accuse(self, origin: str, size: int, signed: str, shown: str) -> Path:
        """Keep the two checkpoints that cannot both be true."""
        path = self._of(origin) / f"fork-{size}-{hashlib.sha256(shown.encode()).hexdigest()[:8]}.txt"
        write_whole(path, f"{signed}\n{shown}".encode())
        return path

    @contextmanager
    def alone(self, origin: str) -> Iterator[None]:
        """One look at a time, in whatever process: else an older head could be kept over a newer one."""
        with alone_at(self._of(origin) / "lock"):
            yield

    def _of(self, origin: str) -> Path:
        folder = self.folder / "logs" / hashlib.sha256(origin.encode()).hexdigest()[:16]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

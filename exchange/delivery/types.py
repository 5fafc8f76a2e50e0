"""Value types of delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ByteRange:
    """Half-open: ``start`` ≤ byte < ``stop``."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class DeliveryFile:
    """A file that one order entitles to: whose hash the receipt will cite."""

    order_id: str
    file_id: str
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Grant:
    """Where the gateway hands out one file, and until when a download may begin."""

    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Transfer:
    """What a gateway recorded of one answer with a file's bytes: ``start`` ≤ byte < ``stop`` left for ``account``.

    ``confirmed``: the last of them was handed to the kernel.
    """

    call_id: str
    at: datetime
    order_id: str
    file_id: str
    account: str
    start: int
    stop: int
    confirmed: bool


@dataclass(frozen=True)
class ReceiptSnapshot:
    """Bytes of one file that left for the buyer in one answer."""

    id: str
    file_id: str
    sha256: str
    start: int
    stop: int
    size: int
    at: datetime
    complete: bool

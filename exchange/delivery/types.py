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

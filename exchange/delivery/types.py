"""Value types of delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


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
    """A file that one order entitles to: whose hash the receipt will cite.

    ``marked``: it is the buyer's own copy, which is not there to be fetched until it is ``ready``; never, when there is
    a ``problem``. ``copy_id`` is the copy's.
    """

    order_id: str
    file_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    marked: bool = False
    ready: bool = True
    tier: int = 0
    problem: str = ""
    copy_id: str = ""

    @property
    def subject(self) -> str:
        """What the log tells of when the bytes leave: the order, or the buyer's own copy, which concerns it alone."""
        return self.copy_id or self.order_id


@dataclass(frozen=True)
class Grant:
    """Where the gateway hands out one file, and until when a download may begin.

    ``tries`` is how often (0: as often as one likes); with ``own_key`` only to a key or token of the holder.
    """

    url: str
    expires_at: datetime
    tries: int = 0
    own_key: bool = False


@dataclass(frozen=True)
class Transfer:
    """What a gateway recorded of one answer with a file's bytes: ``start`` ≤ byte < ``stop`` left for ``account``.

    ``confirmed``: the last of them was handed to the kernel. ``sha256`` is that of the bytes as they left.
    """

    call_id: str
    at: datetime
    order_id: str
    file_id: str
    account: str
    start: int
    stop: int
    confirmed: bool
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


@dataclass(frozen=True)
class CopySnapshot:
    """A buyer's marked copy of one file; without hash and size until it is made.

    ``statement`` says what the mark changed.
    """

    id: str
    order_id: str
    file_id: str
    buyer_id: str
    sha256: str | None
    size: int | None
    rows: int | None
    statement: Mapping[str, Any] | None
    created_at: datetime
    made_at: datetime | None
    problem: str = ""

    @property
    def made(self) -> bool:
        return self.sha256 is not None


@dataclass(frozen=True)
class RowPage:
    """Rows of a table from number ``after`` on; ``next`` is None at the end, ``left`` what the quota allows."""

    items: tuple[Mapping[str, str], ...]
    after: int
    next: int | None
    left: int


@dataclass(frozen=True)
class Suspicion:
    """What speaks for one order's copy being the leak; from ``threshold`` on its buyer is named."""

    order_id: str
    buyer_id: str
    accused: bool
    score: float
    threshold: float
    positions: int
    agreeing: int
    honeytokens: int


@dataclass(frozen=True)
class TraceReport:
    """One table that a leak has rows of, how many were recognised, and the suspicions, strongest first."""

    file_id: str
    table: str
    leaked: str
    rows: int
    recognised: int
    copies: int
    suspicions: tuple[Suspicion, ...]


@dataclass(frozen=True)
class TraceSnapshot:
    """A leaked file that was handed in; ``reports`` are there once it was traced, or ``problem`` says why not."""

    id: str
    name: str
    size: int
    sha256: str
    asked_at: datetime
    done_at: datetime | None
    problem: str
    reports: tuple[Mapping[str, Any], ...]

"""What is counted, and the lines that rating makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LIVE = "live"


class Outcome(StrEnum):
    """How a call ended."""

    HIT = "hit"
    MISS = "miss"
    UPSTREAM_ERROR = "upstream_error"
    CLIENT_ABORT = "client_abort"
    REFUSED = "refused"


@dataclass(frozen=True)
class UsageCount:
    """So many calls of one outcome and mode, and what they carried. ``credited`` ones are never billed."""

    outcome: str
    mode: str = LIVE
    credited: bool = False
    calls: int = 0
    bytes_out: int = 0
    records: int = 0


class LineKind(StrEnum):
    """What a line is about. ``BEYOND`` are units that a plan without a price for more should not have let through."""

    USAGE = "usage"
    FREE = "free"
    STEP = "step"
    INCLUDED = "included"
    OVERAGE = "overage"
    PACKAGE = "package"
    BEYOND = "beyond"
    FEE = "fee"
    MINIMUM = "minimum"


@dataclass(frozen=True)
class RatedLine:
    """``quantity`` units at ``price`` for each ``per`` of them; price and amount are 10⁻⁷ of the minor unit."""

    kind: LineKind
    quantity: int
    unit: str | None
    price: int
    per: int
    amount: int

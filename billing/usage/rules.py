"""Pure rules of the usage ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from billing.usage.types import UsageRecord
from compliance.audit.verifier import leaf_hash

_MOST_RANGES = 200
MOST_COUNT = 2**53 - 1
NEVER = datetime.fromtimestamp(0, UTC)
"""What a record says that does not know its time; it would be a call of a month long over."""
_COUNTED = ("bytes_in", "bytes_out", "records", "latency_us", "seq")


def most_that(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number from 0 to ``most`` that fits; whatever is below one that fits does too."""
    low, high = 0, max(0, most)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def leaf_of(raw: bytes, salt: bytes) -> bytes:
    """A record's leaf in its batch. Without the salt nobody can try which record it is of."""
    return leaf_hash(salt + raw)


def digest(record: UsageRecord) -> str:
    return hashlib.sha256(record.salt + record.raw).hexdigest()


def is_countable(record: UsageRecord) -> bool:
    """Whether the record says when its call was made, and its numbers are such as a ledger can add up."""
    return record.at > NEVER and all(0 <= getattr(record, name) <= MOST_COUNT for name in _COUNTED)


def ranges_of(records: Iterable[UsageRecord]) -> str:
    """Of each epoch the first and last sequence number: ``0123456789abcdef:0-99``, parted by spaces."""
    spans: dict[str, tuple[int, int]] = {}
    for record in records:
        first, last = spans.get(record.epoch, (record.seq, record.seq))
        spans[record.epoch] = (min(first, record.seq), max(last, record.seq))
    shown = [f"{epoch}:{first}-{last}" for epoch, (first, last) in sorted(spans.items())]
    return " ".join(shown[:_MOST_RANGES]) + (f" +{len(shown) - _MOST_RANGES}" if len(shown) > _MOST_RANGES else "")


def in_chunks(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

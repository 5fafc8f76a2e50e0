"""Pseudo-random symbols of a copy: nobody without its key can tell which they are."""

from __future__ import annotations

from hashlib import blake2b
from math import log2
from struct import Struct

from exchange.delivery.watermark.types import Carrier

MOST_CARRIERS = 32
_AS_NUMBERS = Struct(">32H")


def symbols(key: bytes, row: int, carriers: tuple[Carrier, ...]) -> list[int]:
    """The symbol of each carrier in a row of the original, counted from nought."""
    digest = blake2b(row.to_bytes(8, "big"), key=key, digest_size=64).digest()
    drawn = _AS_NUMBERS.unpack(digest)
    return [number % carrier.base for number, carrier in zip(drawn, carriers, strict=False)]


class Stream:
    """Numbers drawn from a key, the same on every machine and with every version."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key, self._purpose = key, purpose.encode()
        self._number = 0
        self.bits = 0.0

    def below(self, limit: int) -> int:
        """A number from nought, below ``limit``; ``bits`` counts how much chance was used up."""
        drawn = blake2b(self._purpose + self._number.to_bytes(8, "big"), key=self._key, digest_size=16).digest()
        self._number += 1
        self.bits += log2(limit)
        return int.from_bytes(drawn, "big") % limit

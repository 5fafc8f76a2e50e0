"""A device that shows one-time codes (RFC 6238), as anybody could write it: with the standard library alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

STEP_S = 30
_ON_THE_WAY_S = 8
"""A code takes that long at most to be judged: the oldest one is not shown when it would be too old by then."""


@dataclass
class Device:
    """Shows each code once; of those that the exchange takes at a moment it begins with the oldest."""

    secret: str
    _shown: int = -1

    def code(self, now_s: float) -> str | None:
        """A fresh code for this moment of the exchange; None when all that it would take were shown already."""
        present, into = divmod(int(now_s), STEP_S)
        step = max(present - (into < STEP_S - _ON_THE_WAY_S), self._shown + 1)
        if step > present + 1:
            return None
        self._shown = step
        return code_of(self.secret, step)


def code_of(secret: str, step: int) -> str:
    """The six digits of a secret (base32) in a step of thirty seconds since 1970."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"

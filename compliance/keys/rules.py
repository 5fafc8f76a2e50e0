"""The text of a key, and its times: pure rules."""

from __future__ import annotations

import base64
import re
import secrets
from datetime import datetime, timedelta

from compliance.keys.errors import ExpiryInvalid
from compliance.keys.types import Mode

MOST_KEYS = 50
LONGEST_OVERLAP_HOURS = 30 * 24
LONGEST_LIFE = timedelta(days=5 * 366)
KEY_PATTERN = re.compile(r"\Aph_(live|test)_([a-z2-7]{8})_([A-Za-z0-9_-]{43})\Z")


def new_prefix() -> str:
    """Eight base32 characters that tell keys apart; they are no secret."""
    return base64.b32encode(secrets.token_bytes(5)).decode().lower()


def key_text(mode: str, prefix: str) -> str:
    """A fresh key: its mode, its prefix, and 256 random bits."""
    return f"ph_{Mode(mode)}_{prefix}_{secrets.token_urlsafe(32)}"


def shown_prefix(mode: str, prefix: str) -> str:
    """The beginning of the key, as people recognise it."""
    return f"ph_{mode}_{prefix}"


def check_expiry(expires_at: datetime | None, now: datetime) -> None:
    """Raises ExpiryInvalid for the past and for more than five years from now."""
    if expires_at is None:
        return
    if expires_at <= now:
        raise ExpiryInvalid("It has passed already.", field="expires_at")
    if expires_at > now + LONGEST_LIFE:
        raise ExpiryInvalid("At most five years from now; leave it out for a key that does not expire.",
                            field="expires_at")  # fmt: skip


def successor_expiry(created_at: datetime, expires_at: datetime | None, now: datetime) -> datetime | None:
    """A successor lives as long as its predecessor was meant to."""
    return None if expires_at is None else now + (expires_at - created_at)


def end_of_overlap(expires_at: datetime | None, now: datetime, hours: int) -> datetime:
    """When the old key ends: after the overlap, or at its own expiry when that comes first."""
    end = now + timedelta(hours=hours)
    return end if expires_at is None else min(end, expires_at)

"""How much and how long: sizes in bytes, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one gateway process. What exceeds one is refused or closed, each in its own way."""

    target_bytes: int = 8_192
    head_bytes: int = 32_768
    headers: int = 100
    body_bytes: int = 16 << 20
    pointer_bytes: int = 1 << 20
    upstream_head_bytes: int = 65_536
    pipelined_bytes: int = 65_536

    head_s: float = 10.0
    body_s: float = 30.0
    idle_s: float = 60.0
    stall_s: float = 60.0
    total_s: float = 300.0
    lease_s: float = 2.0
    recall_s: float = 1.0
    """So long a call waits for what others are asked to give back; from another machine that takes three units."""
    drain_s: float = 10.0

    connections: int = 10_000
    upstream_connections: int = 512
    upstream_kept: int = 64
    upstream_kept_s: float = 4.0
    fresh_enough_s: float = 1.0
    """Calls that must not be repeated are only sent on a kept connection that was used this shortly ago."""
    waiting: int = 1_000
    stale_s: float = 5.0


class BoundUnknown(ValueError):
    """No bound has that name, or the value is not a number."""


def with_changes(changes: dict[str, str]) -> Bounds:
    """Bounds with some of them given as text. Raises BoundUnknown."""
    defaults = Bounds()
    given = {}
    for name, text in changes.items():
        try:
            given[name] = type(getattr(defaults, name))(text)
        except (AttributeError, ValueError):
            raise BoundUnknown(f"{name}={text}") from None
    return Bounds(**given)

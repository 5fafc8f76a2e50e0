"""Facts of keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class KeyChanged(Event):
    """A key was made, rotated or revoked: what gateways know of it is out of date."""

    name: ClassVar[str] = "keys.key_changed"
    key_id: str

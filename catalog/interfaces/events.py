"""Facts of interfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class UpstreamCredentialChanged(Event):
    """What is injected into calls of the upstream is another value now."""

    name: ClassVar[str] = "interfaces.credential_changed"
    interface_id: str

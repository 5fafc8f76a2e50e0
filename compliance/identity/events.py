"""Facts of identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class QualificationChanged(Event):
    """An organisation's state or level changed, and with it what its members may see and buy."""

    name: ClassVar[str] = "identity.qualification_changed"
    organisation_id: str
    state: str
    level: int


@dataclass(frozen=True)
class AccountDisabled(Event):
    """Nobody acts through the account any more; the credentials that it made stop too."""

    name: ClassVar[str] = "identity.account_disabled"
    account_id: str

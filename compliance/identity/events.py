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


@dataclass(frozen=True)
class AccountForgotten(Event):
    """Nothing personal of the account is left in identity; who keeps something of it for the person lets go."""

    name: ClassVar[str] = "identity.account_forgotten"
    account_id: str


@dataclass(frozen=True)
class OwnerChanged(Event):
    """An organisation has another owner; what was proven by the one before is asked again."""

    name: ClassVar[str] = "identity.owner_changed"
    organisation_id: str
    owner: str


@dataclass(frozen=True)
class OrganisationClosing(Event):
    """An organisation is about to close; whoever still has something open with it refuses by raising."""

    name: ClassVar[str] = "identity.organisation_closing"
    organisation_id: str

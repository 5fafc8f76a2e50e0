"""What clients do when others change."""

from __future__ import annotations

from compliance.identity.events import AccountDisabled
from compliance.oauth import service
from core.db import Uow


def stop_clients(uow: Uow, event: AccountDisabled) -> None:
    """The clients that a disabled account registered stop in the same unit."""
    service.account_stopped(uow, event.account_id)

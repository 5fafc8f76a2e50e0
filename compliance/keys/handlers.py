"""What keys do when others change."""

from __future__ import annotations

from compliance.identity.events import AccountDisabled
from compliance.keys import service
from core.db import Uow


def stop_keys(uow: Uow, event: AccountDisabled) -> None:
    """The keys that a disabled account made stop in the same unit."""
    service.account_stopped(uow, event.account_id)

"""What the board does when an organisation leaves."""

from __future__ import annotations

from catalog.demands import service
from compliance.identity.events import OrganisationClosing
from core.db import Uow


def close_all(uow: Uow, event: OrganisationClosing) -> None:
    service.close_all(uow, event.organisation_id)

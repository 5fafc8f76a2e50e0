"""What freezes do when others change."""

from __future__ import annotations

from compliance.freezes import service
from compliance.freezes.types import Frozen
from compliance.identity import queries as identity
from compliance.identity.events import QualificationChanged
from compliance.identity.types import QualificationState
from core.db import Uow


def follow_organisation(uow: Uow, event: QualificationChanged) -> None:
    """A suspended organisation stands still until it is reinstated."""
    if event.state == QualificationState.SUSPENDED:
        reason = identity.organisation(uow, event.organisation_id).reason
        service.enter(uow, Frozen.ORGANISATION, event.organisation_id, reason=reason)
    else:
        service.strike(uow, event.organisation_id)

"""What the frame around every page shows: whose account, how many tasks, the newest checkpoint."""

from __future__ import annotations

from typing import Any

from compliance.audit import queries as audit
from compliance.identity import queries as identity
from core.actor import Actor
from core.db import Uow
from exchange.notices import queries as notices


def frame(uow: Uow, actor: Actor) -> dict[str, Any]:
    """Read with one unit for the whole frame."""
    own = identity.organisation(uow, actor.organisation_id) if actor.organisation_id else None
    return {
        "organisation": own,
        "name": identity.account_name(uow, actor.account_id) if actor.account_id else "",
        "checkpoint": audit.newest_checkpoint(uow),
        "open_tasks": len(notices.tasks(uow, actor)) if actor.signed_in else 0,
        "unread": notices.unread(uow, actor),
    }

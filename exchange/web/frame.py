"""What the frame around every page shows: whose account, how many tasks, the newest checkpoint."""

from __future__ import annotations

import logging
from typing import Any

import flask

from compliance.audit import queries as audit
from compliance.identity import queries as identity
from core.actor import Actor
from core.db import Uow
from exchange.announcements import queries as announced
from exchange.notices import queries as notices
from exchange.web.session import actor as who_asks
from exchange.web.session import house

log = logging.getLogger("piaohao.web")


def frame_of_request() -> dict[str, Any]:
    """Read once for each request. It never breaks a page: an error page must show even without a database."""
    if "frame" not in flask.g:
        try:
            who = who_asks()
            flask.g.frame = house().db.read(lambda uow: frame(uow, who))
        except Exception:
            log.exception("the frame of the page could not be read")
            flask.g.frame = {"organisation": None, "checkpoint": None, "tasks": []}
    known: dict[str, Any] = flask.g.frame
    return known


def frame(uow: Uow, actor: Actor) -> dict[str, Any]:
    """Read with one unit for the whole frame. The person's own name stands where there is no organisation's."""
    own = identity.organisation(uow, actor.organisation_id) if actor.organisation_id else None
    return {
        "organisation": own,
        "name": identity.account_name(uow, actor.account_id) if actor.account_id and own is None else "",
        "checkpoint": audit.newest_checkpoint(uow),
        "tasks": notices.tasks(uow, actor),
        "unread": notices.unread(uow, actor),
        "announced": announced.shown(uow),
    }

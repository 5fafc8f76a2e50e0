"""The time zone of a page: that of the reader's organisation, else the exchange's."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import flask

from exchange.web.frame import frame_of_request
from exchange.web.session import house


def zone() -> ZoneInfo:
    """Not inside a unit of work: the first call of a request reads who asks."""
    if "zone" not in flask.g:
        own = frame_of_request()["organisation"]
        flask.g.zone = ZoneInfo(own.timezone if own else house().settings.timezone)
    known: ZoneInfo = flask.g.zone
    return known


def described(at: datetime) -> str:
    """``UTC+8 (Asia/Shanghai)``, with the offset that holds at that time."""
    hours = (zone().utcoffset(at) or at - at).total_seconds() / 3600
    return f"UTC{hours:+g} ({zone().key})".replace("-", "−", 1) if hours < 0 else f"UTC{hours:+g} ({zone().key})"

"""Documents that come with a form: kept one by one before what they prove is said."""

from __future__ import annotations

import flask

from compliance.documents import service
from exchange.web.session import actor, house


def attached(name: str) -> list[str]:
    """The ids of the documents that a form's file field of that name brought; nothing for an empty field."""
    sent = [file for file in flask.request.files.getlist(name) if file.filename]
    return [
        service.hand_in(house(), actor(), name=file.filename or "", content=file.stream.read()).id for file in sent
    ]  # fmt: skip

"""OAuth's place in the house."""

from __future__ import annotations

import flask

from compliance.identity.events import AccountDisabled
from compliance.oauth import handlers, programs
from compliance.oauth.models import SigningKey
from compliance.oauth.signing import SEALED_BY
from compliance.oauth.views import api
from core.house import House
from core.sealing import SealedColumn


def include(house: House) -> None:
    house.add_api(api)
    house.programs = programs.authenticate
    house.mounts.append(_mount)
    house.sealed.append(SealedColumn(SEALED_BY, SigningKey.sealed, SigningKey.id))
    house.registry.inline(AccountDisabled, handlers.stop_clients)


def _mount(app: flask.Flask, house: House) -> None:
    """Only the process that serves it loads the server's library."""
    from compliance.oauth.endpoints import mount

    mount(app, house)

"""Temporary: a house of what exists already, until all packages are there."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path

import flask

import migrations
from core import http
from core.db import Base, Database
from core.house import House
from core.settings import Settings

FEATURES = (
    "core.outbox core.jobs core.idempotency compliance.audit.models compliance.identity.models compliance.review.models "
    "catalog.files.models catalog.listings.models catalog.references.models catalog.search.models billing.ledger.models "
    "billing.invoices.models billing.payments.models billing.settlement.models exchange.trading.models "
    "exchange.delivery.models"
).split()
INCLUDES = (
    "compliance.policy compliance.audit compliance.identity compliance.review compliance.qualification catalog.files "
    "catalog.profiles catalog.listings catalog.references catalog.search billing.ledger billing.invoices "
    "billing.payments billing.settlement exchange.trading exchange.delivery exchange.notices"
).split()


def _modules(names: list[str]) -> Iterator[object]:
    for name in names:
        with contextlib.suppress(ImportError):
            yield importlib.import_module(name)


def complete() -> bool:
    try:
        importlib.import_module("exchange.app")
    except ImportError:
        return False
    return any(Path(migrations.__file__).parent.joinpath("versions").glob("*.py"))


def migrate(database: Database) -> None:
    list(_modules(FEATURES))
    with database.engine.begin() as connection:
        Base.metadata.create_all(connection)
        migrations.apply_ddl(connection)


def build_house(settings: Settings) -> House:
    house = House.open(settings)
    for module in _modules([f"{name}.include" for name in INCLUDES]):
        module.include(house)  # type: ignore[attr-defined]
    return house


def create_app_of(house: House) -> flask.Flask:
    app = flask.Flask("exchange", static_folder=None)
    import flask_babel

    flask_babel.Babel(app)
    http.mount(app, house)
    return app

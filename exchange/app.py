"""The table of contents: what the exchange is made of, in order."""

from __future__ import annotations

import flask

import billing
import catalog
import compliance
from core import http, mail, openapi
from core.house import House
from core.settings import Settings
from exchange import clock_api, figures, health
from exchange.announcements.include import include as include_announcements
from exchange.delivery.include import include as include_delivery
from exchange.disputes.include import include as include_disputes
from exchange.metrics import page as metrics_page
from exchange.notices.include import include as include_notices
from exchange.oversight.include import include as include_oversight
from exchange.proxies import BehindProxies
from exchange.sidecar.include import include as include_sidecar
from exchange.trading.include import include as include_trading
from exchange.undelivered.include import include as include_undelivered
from exchange.web.include import include as include_web
from exchange.webhooks.include import include as include_webhooks


def build_house(settings: Settings) -> House:
    """Everything that any process of the exchange needs; touches no database."""
    house = House.open(settings)
    mail.include(house)
    compliance.include(house)
    catalog.include(house)
    billing.include(house)
    include_trading(house)
    include_delivery(house)
    include_disputes(house)
    include_sidecar(house)
    include_webhooks(house)
    include_oversight(house)
    include_notices(house)
    include_announcements(house)
    include_undelivered(house)
    health.include(house)
    figures.include(house)
    clock_api.include(house)
    house.mounts.append(metrics_page.mount)
    return house


def create_app(settings: Settings | None = None) -> flask.Flask:
    """The WSGI application: pages at the root, the API under ``/api/v1``."""
    return create_app_of(build_house(settings or Settings.from_environment()))


def create_app_of(house: House) -> flask.Flask:
    """The WSGI application of a house that is already built."""
    app = flask.Flask("exchange", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 70 * 1024 * 1024
    app.extensions["house"] = house
    include_web(app, house)
    for mount in (http.mount, *house.mounts):
        mount(app, house)
    openapi.mount(app, house)
    if house.settings.proxies:
        app.wsgi_app = BehindProxies(app.wsgi_app, house.settings.proxies)  # type: ignore[method-assign]
    return app

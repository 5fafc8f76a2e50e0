"""Joins the pages to the application."""

from __future__ import annotations

from importlib import import_module

import flask

from core.house import House
from exchange.web import failures, language
from exchange.web.shell import finish, pages

GROUPS = (
    "account", "members", "organisation", "security", "reset", "invitations", "home", "market", "listing", "orders",
    "money", "review", "audit", "desk", "programs", "usage", "trying", "negotiation", "invoices", "revenue",
    "interface", "licence", "qualification", "claims", "privacy", "freezes", "exports", "policy",
    "disputes", "notices", "webhooks", "tracer", "oversight", "affiliates", "impact", "invitees", "payments",
    "payouts", "taxes", "accounting", "coupons", "demands", "searches", "operating",
)  # fmt: skip


def include(app: flask.Flask, house: House) -> None:
    """Pages at ``/``, their languages, error pages and headers."""
    app.extensions.setdefault("house", house)
    language.install(app)
    for group in GROUPS:
        import_module(f"exchange.web.views.{group}")
    from exchange.web import dressing

    dressing.install(app)
    failures.install(app)
    app.register_blueprint(pages)
    app.after_request(finish)

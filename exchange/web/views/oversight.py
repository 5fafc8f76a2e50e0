"""For officers: who supplies whom, and what is unusual about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import flask
from marshmallow import Schema
from werkzeug.wrappers import Response

from compliance.identity import queries as identity
from compliance.identity.types import OrganisationSnapshot
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from core.speech import gettext
from exchange.oversight import queries, service
from exchange.oversight.thresholds import thresholds
from exchange.web import forms, language, trademap
from exchange.web.naming import names_of
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in

MEASURES = ("gross", "orders", "calls", "rows", "bytes")
DAYS = (7, 30, 90, 365)
_SHOWN = 5


class NoteForm(Schema):
    note = TextField(required=True, shortest=3, longest=2000)


@pages.get("/oversight")
def oversight() -> flask.Response:
    """The map of the trade over some days, and the newest alerts."""
    signed_in()
    return render("oversight/show.html", **read(_shown), all_days=DAYS, measures=MEASURES)


@pages.get("/oversight/alerts")
def alerts() -> flask.Response:
    signed_in()
    everything = "all" in flask.request.args
    return render("oversight/alerts.html", everything=everything, **read(lambda uow: _alerts(uow, everything)))


@pages.get("/oversight/alerts/<alert_id>")
def alert(alert_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    status = problem.status if problem else 200
    return render("oversight/alert.html", status, problem=problem, **read(lambda uow: _alert(uow, alert_id)))


@pages.post("/oversight/alerts/<alert_id>")
@again(alert)
def acknowledge_alert(alert_id: str) -> Response:
    signed_in()
    form = forms.load(NoteForm)
    act(lambda uow: service.acknowledge(uow, actor(), alert_id, **form))
    return done("alert-acknowledged", "web.alert", alert_id=alert_id)


def overview(uow: Uow) -> dict[str, Any]:
    """What an officer's desk shows of it."""
    page = queries.alerts(uow, actor(), open_only=True, limit=_SHOWN)
    found = _map(uow, 30, "gross")
    return found | {
        "alerts": page.items, "open_alerts": queries.open_count(uow, actor()),
        "organisations": found["organisations"] | _called(uow, (each.organisation_id for each in page.items)),
    }  # fmt: skip


def _shown(uow: Uow) -> dict[str, Any]:
    days, by = flask.request.args.get("days", ""), flask.request.args.get("by", "")
    return _map(uow, int(days) if days in map(str, DAYS) else 30, by if by in MEASURES else "gross")


def _map(uow: Uow, days: int, by: str) -> dict[str, Any]:
    until = house().clock.now()
    found = queries.trade_map(uow, actor(), starts_at=until - timedelta(days=days), ends_at=until)
    ids = {each.supplier_id for each in found.flows} | {each.buyer_id for each in found.flows}
    organisations = _called(uow, ids)
    names = {key: str(language.called(each)) for key, each in organisations.items()}
    return {
        "map": found, "organisations": organisations, "days": days, "by": by,
        "drawing": trademap.drawn(found.flows, by, names, gettext("others")),
        "totals": {name: sum(getattr(each, name) for each in found.flows) for name in MEASURES},
    }  # fmt: skip


def _alerts(uow: Uow, everything: bool) -> dict[str, Any]:
    page = queries.alerts(
        uow, actor(), open_only=not everything, cursor=flask.request.args.get("cursor"), limit=25
    )  # fmt: skip
    return {"page": page, "organisations": _called(uow, (each.organisation_id for each in page.items))}


def _alert(uow: Uow, alert_id: str) -> dict[str, Any]:
    found = queries.alert(uow, actor(), alert_id)
    return {
        "alert": found, "own": _called(uow, [found.organisation_id])[found.organisation_id],
        "numbers": queries.entry_numbers(uow, found), "why": thresholds().why[found.rule],
        "names": names_of(uow, [*found.evidence.get("orders", ()), *found.evidence.get("listings", ())]),
    }  # fmt: skip


def _called(uow: Uow, ids: Iterable[str]) -> dict[str, OrganisationSnapshot]:
    return dict(identity.organisations(uow, set(ids)))

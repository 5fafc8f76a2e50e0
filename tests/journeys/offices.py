"""What each office of the platform may do to things of organisations, and everything else refused.

The policy says it in conditions; here it is said route by route, so that a route which lets an office do more than
anybody meant is seen. Whoever adds a route for an office names it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import flask

from core.house import House
from core.http import SIGNED_IN, Route
from tests import build
from tests.client import Answer, ApiClient
from tests.exchange.web.browser import Browser
from tests.journeys import denials

_OWN = """
POST /second-factor/confirm | POST /signing-keys | PUT /my/notifications | POST /notices/read
"""
_BOOKS = """
GET /usage/calls/<call_id> | GET /entitlements/<entitlement_id>/standing | GET /invoices/<invoice_id>
GET /topups/<topup_id> | GET /orders/<order_id> | GET /orders/<order_id>/terms | GET /orders/<order_id>/requirements
GET /orders/<order_id>/contract | GET /orders/<order_id>/decisions | GET /orders/<order_id>/licence
GET /orders/<order_id>/files | GET /orders/<order_id>/copies | GET /orders/<order_id>/receipts
GET /orders/<order_id>/bundle | GET /orders/<order_id>/subscription
"""
_REVIEWS = """
GET /policy/versions/<version_id> | POST /policy/simulate | POST /documents
GET /documents/<document_id> | GET /documents/<document_id>/content
GET /reviews/<review_id> | PUT /reviews/<review_id>/items/<item> | POST /reviews/<review_id>/approve
POST /reviews/<review_id>/return | POST /reviews/<review_id>/claim | POST /reviews/<review_id>/release
POST /reviews/<review_id>/comments
GET /interfaces/<interface_id> | GET /interfaces/<interface_id>/trials
GET /listings/<listing_id> | GET /listings/<listing_id>/abilities | GET /listings/<listing_id>/revisions
GET /listings/<listing_id>/sample | GET /listings/<listing_id>/price | POST /listings/<listing_id>/lower-tier
GET /claims/<claim_id> | GET /listings/<listing_id>/similar | GET /demands/<demand_id>
GET /demands/<demand_id>/answers | GET /demands/<demand_id>/reports | POST /demands/<demand_id>/let-stand
POST /demands/<demand_id>/remove
"""
_DICTIONARY = "POST /synonyms | PUT /synonyms/<line_id> | POST /synonyms/<line_id>/remove"
_OVERSEES = """
POST /policy/versions | POST /policy/versions/<version_id>/activate | POST /policy/versions/<version_id>/reject
GET /decisions/<entry_id> | POST /holds | POST /holds/<hold_id>/release
PUT /organisations/<organisation_id>/parent | GET /organisations/<organisation_id>/group
PUT /reviews/<review_id>/approvals/<kind> | GET /qualifications/<organisation_id>
POST /qualifications/<organisation_id>/return | POST /qualifications/<organisation_id>/approve
POST /qualifications/<organisation_id>/suspend | POST /qualifications/<organisation_id>/reinstate
GET /freezes/<freeze_id> | GET /organisations/<organisation_id>/exports
POST /clearances | POST /clearances/<clearance_id>/withdraw
GET /privacy/requests/<request_id> | POST /privacy/requests/<request_id>/close
POST /privacy/requests/<request_id>/erase-account
POST /records/<object_id>/signers
POST /listings/<listing_id>/tier | POST /listings/<listing_id>/suspend | POST /listings/<listing_id>/reinstate
POST /claims/<claim_id>/approve | POST /claims/<claim_id>/reject
POST /orders/<order_id>/freeze | POST /orders/<order_id>/release | POST /orders/<order_id>/fail-delivery
POST /tracer | GET /tracer/<trace_id> | GET /disputes/<dispute_id> | GET /disputes/<dispute_id>/statements
POST /disputes/<dispute_id>/ruling | GET /oversight/alerts/<alert_id>
POST /oversight/alerts/<alert_id>/acknowledge | POST /notices/<notice_id>/read
"""
_MONEY = """
POST /invoices/<invoice_id>/credit-note | POST /topups | POST /topups/<topup_id>/confirm
POST /topups/<topup_id>/reject | POST /topups/<topup_id>/cancel | POST /organisations/<organisation_id>/vat-number
POST /organisations/<organisation_id>/exemption
POST /settlement-runs | POST /months/<month>/close
"""
_TAXES = "GET /organisations/<organisation_id>/tax-details"
_LOG = "GET /policy/versions/<version_id> | POST /policy/simulate | GET /decisions/<entry_id>"


def _named(*parts: str) -> frozenset[str]:
    return frozenset(name.strip() for part in parts for line in part.splitlines() for name in line.split("|")) - {""}


MAY = {
    "reviewer": _named(_OWN, _REVIEWS),
    "finance": _named(_OWN, _BOOKS, _MONEY, _TAXES),
    "operator": _named(_OWN, _BOOKS, _LOG, _TAXES, _DICTIONARY),
    "officer": _named(_OWN, _REVIEWS, _BOOKS, _TAXES, _OVERSEES),
}
"""The officer comes last, who suspends and freezes what the others look at."""
_NOT_ASKED = {"POST /clock/advance", "DELETE /session", "POST /second-factor"}
"""Routes that would change who asks, or when."""
_WANTS_CODE = "second_factor_wrong"
"""What a route says that would do it for a right code."""
_OF_ANYTHING = {"POST /records/<object_id>/signers"}
"""Routes that answer an office whatever the id, since a thing may be gone whose record is kept."""
_ASKS_FIRST = {"/privacy/<request_id>"}
"""Pages that ask for a code before they say whether there is anything: for every id they look alike."""
_OWN_PAGES = {"/settlements/<month>.csv"}
"""Pages without an id: each shows its reader's own."""
_NO_PAGE = ("/api/", "/static/", "/oauth/", "/.well-known/", "/metrics", "/sign-out")


@dataclass
class Report:
    """How many questions were asked, and what was answered otherwise than it should be."""

    asked: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Campaign:
    """The questions of one office, or of a part of them: each ``every``-th, from another one on for each office."""

    house: House
    app: flask.Flask
    scene: denials.Scene
    every: int = 1
    report: Report = field(default_factory=Report)

    def office(self, role: str) -> None:
        """What it may not do is refused and changes nothing; what it may do is not refused, if the thing is there."""
        client = ApiClient(self.app, build.platform_person(self.house, role).token)
        kinds, offset = {route.path for route in denials.routes(self.house)}, len(role) % self.every
        routes = [route for route in _commands(self.house) if _name(route) not in _NOT_ASKED][offset :: self.every]
        refused = [route for route in routes if _name(route) not in MAY[role]]
        before = denials.contents(self.house)
        for route in refused:
            self._refused(role, client, route, self.scene.ids, "another's", of_a_thing=route.path in kinds)
        of_things = [each for each in routes if each.path in kinds and _name(each) not in _OF_ANYTHING & MAY[role]]
        for ids, what in ((denials.unknown_ids(), "unknown"), (of_another_kind(self.scene.ids), "unfit")):
            for route in of_things:
                self._refused(role, client, route, ids, what, of_a_thing=what == "unknown")
        self._unchanged(role, before)
        for route in (route for route in routes if _name(route) in MAY[role]):
            answer = self._ask(client, route, self.scene.ids)
            if (answer.status in (403, 404) and answer.code != _WANTS_CODE) or answer.status >= 500:
                self.report.faults.append(f"{role} may {_name(route)}: {answer.status} {answer.code}")

    def pages(self, who: build.Built | None, name: str, *, theirs: bool = False) -> None:
        """No page breaks over an id of whatever kind; ``theirs``: nor is another's opened, by who has no office."""
        browser = Browser(self.app)
        if who is not None:
            browser.sign_in(who)
        before = denials.contents(self.house)
        rules = list(_pages(self.app))[len(name) % self.every :: self.every]
        sets = {"unknown": denials.unknown_ids(), "unfit": of_another_kind(self.scene.ids)}
        for what, ids in (sets | {"another's": self.scene.ids} if theirs else sets).items():
            for method, rule in rules:
                self._page(browser, name, method, denials.filled(rule, ids), what)
        self._unchanged(name, before)

    def _page(self, browser: Browser, name: str, method: str, address: str, what: str) -> None:
        self.report.asked += 1
        form = {"csrf": browser.csrf} if method == "POST" else None
        status = browser.client.open(address, method=method, data=form).status_code
        if status >= 500 or (method == "GET" and status not in (303, 401, 403, 404)):
            self.report.faults.append(f"{name} {method} {address} ({what}): {status}")

    def _refused(
        self, role: str, client: ApiClient, route: Route, ids: dict[str, str], what: str, *, of_a_thing: bool = True
    ) -> None:
        """What makes something new, or is told an id of another kind, may also find fault with the body first."""
        answer = self._ask(client, route, ids)
        if answer.status not in ((403, 404) if of_a_thing else (403, 404, 409, 422)):
            self.report.faults.append(f"{role} {_name(route)} ({what}): {answer.status} {answer.code}")

    def _ask(self, client: ApiClient, route: Route, ids: dict[str, str]) -> Answer:
        self.report.asked += 1
        asked = denials.question(route, ids)
        return client.send(asked.method, asked.path, json=asked.json, data=asked.data, headers=asked.headers)

    def _unchanged(self, name: str, before: dict[str, int]) -> None:
        after = denials.contents(self.house)
        self.report.faults += [f"{name} changed {table}" for table in before if before[table] != after[table]]


def of_another_kind(ids: dict[str, str]) -> dict[str, str]:
    """For each name an id that somebody has, of a thing of another kind."""
    names = sorted(ids)
    return {name: ids[other] for name, other in zip(names, names[7:] + names[:7], strict=True)}


def _commands(house: House) -> Iterator[Route]:
    """Every route that takes an id of something, and every one that changes something."""
    of_things = {_name(route) for route in denials.routes(house)}
    for route in (route for api in house.apis for route in api.routes):
        if _name(route) in of_things or (route.method != "GET" and route.who == SIGNED_IN):
            yield route


def _pages(app: flask.Flask) -> Iterator[tuple[str, str]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "<" in rule.rule and rule.rule not in _ASKS_FIRST | _OWN_PAGES and not rule.rule.startswith(_NO_PAGE):
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield method, rule.rule


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"

"""One organisation's things, and how each route that takes an id is asked for them by somebody else.

The routes come from the route table; whoever adds one with an id of a new kind names that kind here.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from sqlalchemy import select

from billing.payments import service as payments
from catalog.demands import service as demands
from catalog.files import service as files
from catalog.interfaces import service as interfaces
from catalog.references import queries as references
from catalog.references import service as importing
from catalog.references.claims import service as claims
from catalog.search.saved import service as saved
from catalog.search.synonyms import service as synonyms
from compliance.documents import service as documents
from compliance.exports import service as exports
from compliance.freezes import queries as freeze_queries
from compliance.freezes import service as freezes
from compliance.freezes.types import Frozen
from compliance.identity import invitations, ownership
from compliance.identity import queries as identity
from compliance.keys import service as keys
from compliance.oauth import service as oauth
from compliance.policy.document import current
from compliance.requests import rules as request_rules
from compliance.requests import service as requests
from compliance.retention import service as holds
from compliance.review import queries as reviews
from compliance.rulebook import service as rulebook
from core import outbox
from core.actor import SYSTEM
from core.db import Base, Uow
from core.house import House
from core.http import Route
from core.ids import new_id
from exchange.delivery import tracer
from exchange.disputes import service as disputes
from exchange.notices import queries as notices
from exchange.oversight import queries as oversight_queries
from exchange.oversight import service as oversight
from exchange.oversight.types import Finding, Rule
from exchange.trading import queries as trading
from exchange.webhooks import service as webhooks
from tests import build
from tests.billing.books import Books
from tests.billing.usage import metering
from tests.catalog.interfaces.making import DOCUMENTS

MAPPING = """
version: 1
source: {name: harbour, title: {en: Harbour data exchange}}
file: {format: csv}
language: en
key: id
title: title
summary: summary
supplier: supplier
tags: tags
"""
_PLAIN = {"number": "1", "month": "2026-01"}
_PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
_NOT_IDS = {"number", "item", "kind", "name", "month", "size"}
PREFIXES = {
    "session_id": "ses", "organisation_id": "org", "review_id": "rvw", "upload_id": "upl", "listing_id": "lst",
    "key_id": "key", "client_id": "cli", "interface_id": "ifc", "check_id": "oas",
    "reference_id": "ref", "invoice_id": "inv", "topup_id": "top", "order_id": "ord", "file_id": "fil",
    "entitlement_id": "ent", "call_id": "", "dispute_id": "dsp", "notice_id": "ntc",
    "hold_id": "hld", "freeze_id": "frz", "clearance_id": "exc", "request_id": "dsr",
    "endpoint_id": "whk", "message_id": "msg", "document_id": "doc", "account_id": "acc", "invitation_id": "inv",
    "transfer_id": "otr", "claim_id": "clm", "trace_id": "trc", "version_id": "pol", "entry_id": "aud",
    "alert_id": "alr", "payment_id": "pmt", "chargeback_id": "chb", "payout_id": "pyo", "run_id": "run",
    "coupon_id": "cpn", "object_id": "doc", "demand_id": "dmd", "answer_id": "dan",
    "search_id": "svs", "line_id": "syn", "announcement_id": "ann",
}  # fmt: skip
VALUES: dict[str, Any] = {
    "name": "别人的机构",
    "credit_code": "91110108MA0736233N",
    "answer": "pass",
    "reason": "not ours",
    "note": "not ours",
    "vat_number": "DE123456789",
    "kind": "ordinary",
    "title": {"en": "Taken over"},
    "file_ids": [new_id("fil")],
    "plan": {"version": 1, "kind": "free"},
    "purposes": ["training"],
    "tier": 5,
    "timezone": "Asia/Shanghai",
    "operation": "recogniseDigit",
    "value": "a secret of somebody else's",
    "text": "it was never ours",
    "ground": "quality",
    "url": "https://hooks.example.com/theirs",
    "outcome": "dismissed",
    "code": "AAAAAAAAAAAA",
    "otp": "000000",
    "roles": ["buyer"],
    "amount": "1.00",
    "hash": "0" * 64,
    "statement": "it was never theirs",
    "terms": {"purposes": ["training"]},
    "in_reply_to": new_id("msg"),
    "offer_id": new_id("off"),
    "buyer_id": new_id("org"),
    "parent_id": None,
    "purpose": "training",
    "accept_terms": True,
    "mechanism": "certification",
    "number": "1",
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2027-01-01T00:00:00Z",
    "currency": "CNY",
    "bank_reference": "BANK11223344",
    "document": {},
    "action": "listing:see",
    "object_id": new_id("lst"),
    "email": "theirs@example.org",
    "public_key": "A" * 43 + "=",
    "size": 3,
    "sha256": "0" * 64,
    "openapi_check_id": new_id("oas"),
    "digest": "daily",
    "method": "card",
    "evidence": "it was delivered",
    "proof": "A" * 86 + "==",
    "holder": "another firm",
    "bank": "another bank",
    "bank_code": "102100099996",
    "calls": 1,
    "until": "2999-01-01T00:00:00Z",
    "words": ["one", "another"],
    "scene": "other",
    "version": 1,
    "text_zh": "今晚停机",
    "text_en": "Down tonight",
    "shows_until": "2999-01-01T00:00:00Z",
    "hours": 1,
    "upstream": {"base_url": "https://digits.example.com", "timeout_ms": 1000, "connect_timeout_ms": 1000},
    "operations": [{"operation": "recogniseDigit"}],
}
"""A right value for each field that a body may need, so that no answer is about the body."""
OPEN_TO_ALL = {
    ("GET", "/organisations/<organisation_id>"),  # the public part of an organisation
    ("GET", "/references/<reference_id>"),  # references are public; those held back are tested with them
    ("POST", "/holds"),  # on whatever an officer names
    ("POST", "/references/<reference_id>/release"),
    ("POST", "/references/<reference_id>/quarantine"),
    ("POST", "/references/<reference_id>/claim"),  # whoever is qualified may say that a reference is its own
}


@dataclass(frozen=True)
class Scene:
    """The ids of things that two organisations have, and who belongs to neither with every role of an owner."""

    ids: dict[str, str]
    owner: build.Built
    buyer: build.Built
    outsider: build.Built


@dataclass(frozen=True)
class Question:
    """One request for things of these ids; its body is about nothing else."""

    method: str
    path: str
    json: Any = None
    data: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def scene(house: House) -> Scene:
    """Somebody sells, somebody bought, somebody else has nothing to do with either."""
    owner, buyer, outsider = (build.organisation(house, level=3) for _ in range(3))
    build.funded(house, buyer)
    order = build.paid(house, buyer, build.listed(house, owner))
    hidden = build.draft(house, owner)
    assert hidden.revision is not None
    assert order.invoice_id is not None
    ids = {
        "order_id": order.id, "invoice_id": order.invoice_id, "listing_id": hidden.id,
        "file_id": hidden.revision.files[0].id, "organisation_id": str(owner.organisation_id),
        "session_id": _session(house, owner), "upload_id": _upload(house, owner), "topup_id": _topup(house, buyer),
        "review_id": _review(house, owner), "key_id": _key(house, owner),
        "client_id": _client(house, owner), "dispute_id": _dispute(house, buyer, order.id),
        "notice_id": _notice(house, owner),
    }  # fmt: skip
    ids |= _obligations(house, owner)
    ids |= _webhook(house, owner) | _alert(house, owner) | _demand(house, owner, buyer)
    ids |= _people(house, owner) | _platforms(house) | _claim(house, owner)
    ids["document_id"] = documents.hand_in(house, owner.actor, name="charter.txt", content=b"ours").id
    ids["entry_id"] = house.db.read(lambda uow: trading.timeline(uow, buyer.actor, order.id))[0].audit_entry_id
    return Scene(ids | _interface(house, owner) | _call(house), owner, buyer, outsider)


def _obligations(house: House, owner: build.Built) -> dict[str, str]:
    """A hold, a freeze, a clearance, and a request of a person who is in the owner's data."""
    officer, now = build.platform_person(house, "officer"), house.clock.now()
    owner_id = str(owner.organisation_id)
    build.file(house, owner, "caller,score\n13912345678,1\n")
    told = {"email": "li@example.org", "phone": "13912345678"}
    with patch.object(request_rules, "new_code", lambda: "B" * 12):
        request = house.db.write(
            lambda uow: requests.open_request(uow, kind="access", particulars=told, language="en", peer="")
        )
    requests.open_with_code(house, request.id, "B" * 12)

    def work(uow: Uow) -> dict[str, str]:
        hold = holds.place_hold(uow, officer.actor, object_id=owner_id, reason="a court's order")
        freezes.enter(uow, Frozen.LISTING, new_id("lst"), reason="in doubt")
        clearance = exports.record_clearance(
            uow, officer.actor, organisation_id=owner_id, mechanism="certification", number="1", countries=[],
            valid_from=now, valid_until=now + timedelta(days=9),
        )  # fmt: skip
        frozen = freeze_queries.freezes(uow, officer.actor).items[0]
        return {"hold_id": hold.id, "freeze_id": frozen.id, "clearance_id": clearance.id, "request_id": request.id}

    return house.db.write(work)


def _demand(house: House, owner: build.Built, buyer: build.Built) -> dict[str, str]:
    """A demand that is not on the board any more, an answer to it, a saved search, a line of the dictionary."""
    operator = build.platform_person(house, "operator")
    until = house.clock.now() + timedelta(days=9)
    wanted = {"title": {"en": "Tide gauges"}, "scene": "other", "until": until}

    def work(uow: Uow) -> dict[str, str]:
        demand = demands.post(uow, owner.actor, fields=wanted)
        answer = demands.answer(uow, buyer.actor, demand.id, text="we have them")
        demands.close(uow, owner.actor, demand.id)
        kept = saved.save(uow, owner.actor, text="tides")
        line = synonyms.add(uow, operator.actor, words=["tide", "sea level"])
        return {"demand_id": demand.id, "answer_id": answer.id, "search_id": kept.id, "line_id": line.id}

    return house.db.write(work)


def _alert(house: House, owner: build.Built) -> dict[str, str]:
    """Something unusual about the owner."""
    now, owner_id = house.clock.now(), str(owner.organisation_id)
    seen = Finding("refusals", Rule.REFUSALS, owner_id, owner_id, now, now, {"count": 9, "limit": 5}, {})
    house.db.write(lambda uow: oversight.raise_alert(uow, seen))
    return {"alert_id": house.db.read(oversight_queries.open_alerts)[0].id}


def _people(house: House, owner: build.Built) -> dict[str, str]:
    """A member of the owner's organisation, somebody who is invited to it, and the offer to take it over."""
    member, otp = build.member(house, owner, "buyer"), build.otp(house, owner)
    account_id = str(member.actor.account_id)

    def work(uow: Uow) -> dict[str, str]:
        invited = invitations.invite(uow, owner.actor, email="guest@example.org", roles=["buyer"])
        offered = ownership.offer(uow, owner.actor, account_id=account_id, otp=otp)
        return {"account_id": account_id, "invitation_id": invited.id, "transfer_id": offered.id}

    return house.db.write(work)


def _platforms(house: House) -> dict[str, str]:
    """A proposed policy, and a leaked file that is being traced."""
    officer = build.platform_person(house, "officer")
    traced = tracer.hand_in(house, officer.actor, io.BytesIO(build.TABLE.encode()), "leak.csv")
    changed = json.loads(current().canonical)
    changed["version"] += 1
    changed["conditions"]["listed"]["says"]["en"] = "it is not on sale"
    made = house.db.write(lambda uow: rulebook.propose(uow, officer.actor, document=changed, reason="plainer words"))
    return {"trace_id": traced.id, "version_id": made.id}


def _claim(house: House, owner: build.Built) -> dict[str, str]:
    """A listing of another exchange, which the owner says is its own."""
    with tempfile.TemporaryDirectory() as folder:
        mapping, rows = Path(folder) / "harbour.yaml", Path(folder) / "rows.csv"
        mapping.write_text(MAPPING)
        rows.write_text("id,title,summary,supplier,tags\n1,Tide gauge readings,Hourly levels,Tide Works,sea\n")
        importing.import_file(house, SYSTEM, path=rows, source=str(mapping))
    reference = house.db.read(lambda uow: references.findable_after(uow, "", 10))[0]
    made = house.db.write(lambda uow: claims.claim(uow, owner.actor, reference.id, statement="It is ours."))
    return {"claim_id": made.id}


def _call(house: House) -> dict[str, str]:
    """A call that was recorded, and the entitlement under which it was made."""
    meter = metering.meter(Books.open(house))
    record = meter.record()
    meter.load([record])
    return {"entitlement_id": meter.right.id, "call_id": record.call_id}


def unknown_ids() -> dict[str, str]:
    """Ids that nothing has."""
    return {name: new_id(prefix) for name, prefix in PREFIXES.items() if prefix} | {"call_id": "0123456789abcdef-999"}


def routes(house: House) -> Iterator[Route]:
    """Every route that takes an id of something that is not everybody's, in its path or in its body."""
    for route in (route for api in house.apis for route in api.routes):
        names = set(_PLACEHOLDER.findall(route.path)) - _NOT_IDS
        names |= _required(route) & PREFIXES.keys()
        if names and (route.method, route.path) not in OPEN_TO_ALL:
            assert names <= PREFIXES.keys(), f"{route.path} takes an id that nobody thought of here"
            yield route


def _required(route: Route) -> set[str]:
    return {name for name, each in route.body().fields.items() if each.required} if route.body else set()


def filled(path: str, ids: dict[str, str]) -> str:
    """A route's path with these ids in it."""
    return _PLACEHOLDER.sub(lambda found: (_PLAIN | ids).get(found[1], "entity"), path)


def question(route: Route, ids: dict[str, str]) -> Question:
    path = filled(route.path.replace("/file/<kind>", "/file/csv"), ids)
    asked = [name for name, each in route.query().fields.items() if each.required] if route.query else []
    if asked:
        path += "?" + urlencode({name: VALUES[name] for name in asked})
    headers = {"If-Match": '"1"'} if route.if_match else {}
    if route.path.endswith("/parts"):
        return Question("PUT", f"{path}?offset=0", data=b"abc", headers=headers)
    fields = route.body().fields if route.body else {}
    values = VALUES | {name: id for name, id in ids.items() if name in fields}
    if route.path.startswith("/privacy/"):
        values["outcome"] = "fulfilled"
    body = {name: values[name] for name, each in fields.items() if each.required or name == "title"}
    return Question(route.method, path, body if route.body else None, headers=headers)


def _session(house: House, owner: build.Built) -> str:
    return house.db.read(lambda uow: identity.sessions(uow, owner.actor)[0].id)


def _dispute(house: House, buyer: build.Built, order_id: str) -> str:
    return house.db.write(
        lambda uow: disputes.open_dispute(uow, buyer.actor, order_id, ground="quality", text="not as described").id
    )


def _notice(house: House, owner: build.Built) -> str:
    """The newest thing that the owner was told."""
    while outbox.relay(house):
        pass
    return house.db.read(lambda uow: notices.notices(uow, owner.actor).items[0].id)


def _webhook(house: House, owner: build.Built) -> dict[str, str]:
    made = house.db.write(lambda uow: webhooks.create(uow, owner.actor, url="https://hooks.example.com/mine"))
    endpoint_id = made.snapshot.id
    sent = house.db.write(lambda uow: webhooks.test(uow, owner.actor, endpoint_id))
    return {"endpoint_id": endpoint_id, "message_id": sent.id}


def _key(house: House, owner: build.Built) -> str:
    return house.db.write(lambda uow: keys.create(uow, owner.actor, name="theirs", mode="live").snapshot.id)


def _client(house: House, owner: build.Built) -> str:
    return house.db.write(lambda uow: oauth.register(uow, owner.actor, name="theirs", mode="live").snapshot.id)


def _interface(house: House, owner: build.Built) -> dict[str, str]:
    check = interfaces.check(house, owner.actor, (DOCUMENTS / "digits.yaml").read_bytes())
    made = house.db.write(
        lambda uow: interfaces.create(
            uow, owner.actor, openapi_check_id=check.id, title=None, credential={"kind": "none", "name": ""},
            upstream={"base_url": "https://digits.example.com", "timeout_ms": 1000, "connect_timeout_ms": 1000},
            operations=[{"operation": "recogniseDigit"}],
        )
    )  # fmt: skip
    return {"interface_id": made.interface.id, "check_id": check.id}


def _upload(house: House, owner: build.Built) -> str:
    return house.db.write(lambda uow: files.declare(uow, owner.actor, name="a.csv", size=3, sha256="0" * 64).id)


def _topup(house: House, buyer: build.Built) -> str:
    finance = build.platform_person(house, "finance")
    owner = str(buyer.organisation_id)
    return house.db.write(
        lambda uow: (
            payments.record_topup(
                uow, finance.actor, organisation_id=owner, amount="10.00", currency="CNY", bank_reference="BANK99887766"
            ).id
        )
    )


def _review(house: House, owner: build.Built) -> str:
    sold = build.listed(house, owner)
    reviewer = build.platform_person(house, "reviewer")
    found = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, sold.id))
    assert found is not None
    return found.id


ASKED = frozenset(
    {
        "audit_entry", "audit_pending", "audit_concern", "audit_counter", "kept_decision", "session", "idempotency",
        "sign_in_throttle", "refused_deed",
    }
)  # fmt: skip
"""Tables that remember that somebody asked: refusals are written down, sessions were used."""


def contents(house: House) -> dict[str, int]:
    """What every other table holds, as a number for each: what was denied must not have changed it."""

    def work(uow: Uow) -> dict[str, int]:
        kept = (table for table in Base.metadata.sorted_tables if table.name not in ASKED)
        return {
            table.name: hash(frozenset(map(repr, uow.session.execute(select(table)).all()))) for table in kept
        }  # fmt: skip

    return house.db.read(work)

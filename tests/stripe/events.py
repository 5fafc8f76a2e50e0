"""Events: what happened, as it was then; each waits for its delivery."""

from __future__ import annotations

import time

import stripe

from tests.stripe.call import Call, route
from tests.stripe.errors import Refused
from tests.stripe.lists import PAGING, page, whole
from tests.stripe.store import Object

API_VERSION = stripe.api_version
_KEPT_S = 30 * 24 * 3600


def record(call: Call, kind: str, body: Object, previous: Object | None = None) -> None:
    """In the unit of the effect."""
    store = call.store
    data: Object = {"object": whole(body)}
    if previous is not None:
        data["previous_attributes"] = previous
    event: Object = {
        "id": store.new_id("evt"), "object": "event", "api_version": API_VERSION, "created": store.now(), "data": data,
        "livemode": False, "pending_webhooks": 1, "type": kind,
        "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
    }  # fmt: skip
    if call.account:
        event["account"] = call.account
    store.add(event, call.account)
    store.execute("INSERT INTO deliveries (event, state, due) VALUES (?, 'new', ?)", event["id"], time.time())


@route("GET", "/v1/events/{event}", "EventRetrieveParams")
def retrieve(call: Call, event: str) -> Object:
    found = call.store.get("event", event, call.account)
    if found["created"] < call.store.now() - _KEPT_S:
        raise Refused(f"No such event: '{event}'", status=404, code="resource_missing", param="id")
    return found


@route("GET", "/v1/events", "EventListParams", f"{PAGING} type types")
def listing(call: Call) -> Object:
    wanted = call.params.get("types") or ([call.params["type"]] if "type" in call.params else [])
    kept = [
        event
        for event in call.store.find("event", call.account)
        if event["created"] >= call.store.now() - _KEPT_S
        and (not wanted or any(event["type"] == each or _matches(event["type"], each) for each in wanted))
    ]
    return page(call, "/v1/events", kept)


def _matches(kind: str, wanted: str) -> bool:
    return wanted.endswith("*") and kind.startswith(wanted[:-1])

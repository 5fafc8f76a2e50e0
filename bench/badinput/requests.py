"""Prices that are none, things that one may not see, keys that were used before."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from uuid import uuid4

from bench.badinput.stage import Stage
from bench.client import PREFIX, Person, Reply
from core.http import Route
from core.ids import new_id
from tests.journeys import denials

_BAD = (("-1", '"-1"'), ("-1 as a number", "-1"), ("NaN", '"NaN"'), ("NaN as a number", "NaN"), ("1e30", '"1e30"'),
        ("1e30 as a number", "1e30"))  # fmt: skip
_REFUSED = ((422, "amount_invalid"), (400, "bad_json"))


def play(stage: Stage) -> None:
    for name, written in _BAD:
        _price(stage, f"a price of {name}", f'"kind":"one_off","currency":"CNY","amount":{written}', *_REFUSED)
    for name, written in _BAD[::2]:
        _price(stage, f"a price per call of {name}", f'"kind":"per_call","currency":"CNY","price":{written}', *_REFUSED)
    _price(stage, "a price in XXX", '"kind":"one_off","currency":"XXX","amount":"1.00"', (422, "currency_unknown"))
    _price(stage, "a price in USD", '"kind":"one_off","currency":"USD","amount":"1.00"', (422, "currency_not_traded"))
    _hidden_order(stage)
    _others_ids(stage)
    _used_key(stage)


def _price(stage: Stage, what: str, plan: str, *expected: tuple[int, str]) -> None:
    body = f'{{"plan":{{"version":1,{plan}}},"purposes":["training"]}}'.encode()
    with stage.sheet.case(what) as case:
        path = f"{PREFIX}/listings/{stage.cast.draft_id}/offer"
        case.replied(stage.supplier.send("POST", path, body, Content_Type="application/json"), *expected)


def _hidden_order(stage: Stage) -> None:
    """What one may not see and what there is not are told in the same words."""
    shown: list[tuple[int, str]] = []
    ids = {"an order of a listing one may not see": stage.cast.draft_id, "an order of one that is not": new_id("lst")}
    for what, listing_id in ids.items():
        with stage.sheet.case(what) as case:
            reply = stage.buyer.send("POST", f"{PREFIX}/orders", stage.cast.order() | {"listing_id": listing_id})
            case.replied(reply, (404, "listing_not_found"))
            shown.append((reply.status, json.dumps(reply.body).replace(listing_id, "…")))
            case.say("the same body as the one before" if len(shown) == 2 and shown[0] == shown[1] else "")
            case.check(len(set(shown)) == 1, f"the two differ: {shown}")


def _others_ids(stage: Stage) -> None:
    """Every route that takes an id, asked by somebody of a third organisation."""
    unknown, answers, odd = denials.unknown_ids(), Counter[str](), list[str]()
    with stage.sheet.case(f"another organisation's id in {len(stage.routes)} routes") as case:
        for route in stage.routes:
            theirs, nobodys = (_ask(stage.outsider, route, ids) for ids in (stage.scene.ids, unknown))
            answers[f"{theirs.status} {theirs.body.get('code')}"] += 1
            if theirs.status not in (403, 404) or _told(theirs, stage.scene.ids) != _told(nobodys, unknown):
                odd.append(f"{route.method} {route.path} {theirs.status}")
        case.say(", ".join(f"{count} × {answer}" for answer, count in sorted(answers.items())))
        case.say("all as for an id that does not exist" if not odd else "")
        case.check(not odd, f"told apart from an unknown id: {', '.join(odd)}")


def _ask(person: Person, route: Route, ids: dict[str, str]) -> Reply:
    asked = denials.question(route, ids)
    body: Any = asked.data if asked.data is not None else asked.json
    headers = {name.replace("-", "_"): value for name, value in asked.headers.items()}
    return person.send(asked.method, PREFIX + asked.path, body, **headers)


def _told(reply: Reply, ids: dict[str, str]) -> tuple[int, str]:
    text = json.dumps(reply.body, sort_keys=True)
    for value in ids.values():
        text = text.replace(value, "…")
    return reply.status, text


def _used_key(stage: Stage) -> None:
    key = uuid4().hex
    first = stage.buyer.must("POST", "/orders", stage.cast.order(), Idempotency_Key=key)
    with stage.sheet.case("an idempotency key again, with another body") as case:
        other = stage.cast.order() | {"purpose": "research"}
        reply = stage.buyer.send("POST", f"{PREFIX}/orders", other, Idempotency_Key=key)
        case.replied(reply, (422, "idempotency_key_reused"))
    with stage.sheet.case("the same key again, with its own body") as case:
        again = stage.buyer.send("POST", f"{PREFIX}/orders", stage.cast.order(), Idempotency_Key=key)
        case.say(f"{again.status} the first answer, Idempotent-Replayed={again.headers.get('Idempotent-Replayed')}")
        case.check((again.status, again.body) == (201, first), "another answer than the first")

"""7. Suppliers import OpenAPI documents, name upstream, secret and outcome, try a call; review; listed and found."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any

from exchange.demo.generators.drawing import Canvas
from exchange.demo.generators.pictures import written_digit
from exchange.demo.interfaces import COMPANIES, DIGITS, IDENTITY, INTERFACES, SUPPLIER_ACCOUNT, TERMS, Interface
from exchange.demo.player.client import Person
from exchange.demo.player.filling import Cast
from exchange.demo.player.offering import DECLARATIONS, both, read, review_of, work_through
from exchange.demo.player.tale import Tale, eventually
from exchange.demo.upstream import registry

_JSON = {"Content-Type": "application/json"}
_REMOTE = (
    b'{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"$ref": "http://evil.example/x"}}}'
)


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("七、接口上架", "7. Interfaces are listed")
    _unreadable(cast, tale)
    for interface in INTERFACES:
        put_up(cast, tale, interface)
    _found(cast, tale)


def supplier_of(cast: Cast, interface: Interface) -> Person:
    """The supplying member of the organisation that offers it."""
    return list(cast.members[interface.supplier].values())[1]


def _unreadable(cast: Cast, tale: Tale) -> None:
    supplier = supplier_of(cast, IDENTITY)
    for content, zh, en in (
        (b"<html>", "不是 OpenAPI 的文档被拒，并指出位置", "what is no OpenAPI document is refused"),
        (_REMOTE, "外部 $ref 不会被取回", "a remote $ref is not followed"),
    ):
        refused = supplier.send("POST", "/openapi-checks", content, _JSON)
        tale.check(refused.status == 422, zh, en, f"{refused.code}: {refused.detail}")


def put_up(cast: Cast, tale: Tale, interface: Interface) -> None:
    """Imported, tried, reviewed and listed; its listing stands with the cast."""
    supplier = supplier_of(cast, interface)
    title = both(interface.title)[tale.language]
    interface_id = _described(cast, tale, supplier, interface)
    _sealed(cast, tale, supplier, interface, interface_id)
    for operation, values, body in _trials(interface):
        trial = {"operation": operation, "values": values, "body": body}
        tried = supplier.post(f"/interfaces/{interface_id}/trials", trial).expect(201).json
        told = f"{tried['status']} {tried['outcome']}, {tried['latency_us'] / 1000:.1f} ms"
        right = tried["outcome"] in ("hit", "miss")
        tale.check(right, f"试调 {operation} 成功", f"a trial call of {operation} proves the upstream", told)
    listing_id = _drafted(supplier, interface, interface_id)
    reviewer = cast.staff["reviewer"]
    review = review_of(reviewer, listing_id)
    work_through(reviewer, review)
    reviewer.post(f"/reviews/{review['id']}/approve", {}).expect(200)
    listing = read(supplier, listing_id)
    tale.check(
        listing["state"] == "listed", f"{title} 上架", f"{title} is listed", f"L{listing['tier']}, {_price(interface)}"
    )
    cast.listings[interface.key] = listing_id


def _described(cast: Cast, tale: Tale, supplier: Person, interface: Interface) -> str:
    with urllib.request.urlopen(f"{cast.world.upstream}/openapi/{interface.document}", timeout=10) as answer:
        document = answer.read()
    checked = supplier.send("POST", "/openapi-checks", document, _JSON).expect(201).json
    names = ", ".join(f"{each['method']} {each['path']}" for each in checked["operations"])
    tale.check(
        checked["openapi"].startswith(interface.openapi), f"导入 OpenAPI {checked['openapi']}",
        f"an OpenAPI {checked['openapi']} document is imported", names,
    )  # fmt: skip
    picked = [{"operation": each.id, "outcome": dict(each.outcome)} for each in interface.operations]
    body = {
        "openapi_check_id": checked["id"], "title": interface.title[0], "upstream": {"base_url": cast.world.upstream},
        "credential": dict(interface.credential), "operations": picked,
    }  # fmt: skip
    made = supplier.post("/interfaces", body).expect(201).json
    rule = json.dumps(picked[0]["outcome"], ensure_ascii=False)
    tale.done("选定操作与结果判定", "operations and how their outcome reads are chosen", rule)
    return str(made["id"])


def _sealed(cast: Cast, tale: Tale, supplier: Person, interface: Interface, interface_id: str) -> None:
    secret = cast.world.secret
    value = f"{SUPPLIER_ACCOUNT}:{secret}" if interface.credential["kind"] == "basic" else secret
    answer = supplier.send("PUT", f"/interfaces/{interface_id}/credential", json.dumps({"value": value}).encode())
    kind = answer.expect(200).json["credential"]["kind"]
    shown = answer.body + supplier.get(f"/interfaces/{interface_id}").expect(200).body
    tale.check(
        secret.encode() not in shown, "上游凭据封存，不再显示", "the upstream's secret is sealed, never shown", kind
    )


def _trials(interface: Interface) -> list[tuple[str, dict[str, str], str | None]]:
    """Of each operation a call that the upstream can answer."""
    if interface is IDENTITY:
        return [("verifyIdentity", {}, json.dumps(person(0), ensure_ascii=False))]
    if interface is DIGITS:
        return [("recogniseDigit", {}, json.dumps(picture("7")))]
    values = {"credit_code": open_firms()[0]}
    return [("getCompany", values, None), ("getFilings", values, None)]


def person(number: int) -> dict[str, str]:
    """Number and name of somebody who is in the supplier's register."""
    id_number, name = registry.known_person(number)
    return {"id_number": id_number, "name": name}


def picture(digit: str) -> dict[str, str]:
    """A picture as the recognition wants it; of a blank page for anything that is no digit."""
    png = written_digit(7, digit) if digit.isdecimal() else Canvas(28, 28).png()
    return {"image": base64.b64encode(png).decode()}


def open_firms() -> list[str]:
    """Credit codes whose papers lie in an open archive."""
    return [code for code, firm in registry.firms().items() if not firm.filed]


def closed_firm() -> str:
    return next(code for code, firm in registry.firms().items() if firm.filed)


def _drafted(supplier: Person, interface: Interface, interface_id: str) -> str:
    particulars: dict[str, Any] = {
        "kind": "interface", "title": both(interface.title), "summary": both(interface.summary), "scene": "other",
        "tags": list(interface.tags), "licence_terms": both(TERMS), "declarations": DECLARATIONS,
    }  # fmt: skip
    listing_id = str(supplier.post("/listings", particulars).expect(201).json["id"])
    supplier.post(f"/listings/{listing_id}/revisions", {"interface_id": interface_id}).expect(201)
    supplier.post(f"/listings/{listing_id}/offer", offer_of(interface)).expect(200)
    supplier.post(f"/listings/{listing_id}/submit", {}).expect(200)
    return listing_id


def offer_of(interface: Interface) -> dict[str, Any]:
    """Price plan, purposes, term and limits."""
    return {
        "plan": dict(interface.plan), "purposes": list(interface.purposes), "term_months": interface.months,
        "limits": dict(interface.limits),
    }  # fmt: skip


def _price(interface: Interface) -> str:
    plan = interface.plan
    if plan["kind"] == "package":
        return f"{plan['quantity']} {plan['unit']}s for ¥{plan['amount']}"
    if plan["kind"] == "subscription":
        return f"¥{plan['amount']} a {plan['period']}"
    return f"¥{plan['price']} {plan['kind']}"


def _found(cast: Cast, tale: Tale) -> None:
    developer, listing_id = cast.members["yunfan"]["dev"], cast.listings[COMPANIES.key]

    def there() -> bool:
        hits = developer.get("/search", q=COMPANIES.title[0]).expect(200).json["items"]
        return any(hit["id"] == listing_id and hit["kind"] == "interface" for hit in hits)

    eventually(there, "the interface in the search")
    shown = developer.get(f"/listings/{listing_id}").expect(200)
    right = cast.world.upstream.encode() not in shown.body
    told = ", ".join(each["id"] for each in shown.json["revision"]["interface"]["operations"])
    tale.check(
        right, "可检索；他人看得到操作，看不到上游地址", "it is found; others see operations, not the upstream", told
    )

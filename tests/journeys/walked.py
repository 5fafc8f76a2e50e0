"""What random walks left in the database, judged by tables written by hand: none of the product's rules is asked."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from core.db import Base, Uow
from core.house import House

BOTH = frozenset({"buyer", "supplier"})
STEPS = {
    "": {"inquire": "inquired", "offer": "offered", "place": "placed", "agree": "agreed"},
    "inquired": {"say": "inquired", "propose": "offered", "meet_nda": "inquired"},
    "offered": {"say": "offered", "propose": "offered", "agree": "agreed", "meet_nda": "offered"},
    "agreed": {
        "meet_nda": "agreed", "meet_contract": "agreed", "meet_acceptance": "agreed", "meet_spending": "agreed",
        "meet_approval": "agreed", "place": "placed",
    },
    "placed": {"pay": "paid", "cancel": "cancelled", "expire": "cancelled"},
    "paid": {"deliver": "delivered", "accept": "accepted", "accept_overdue": "accepted", "fail": "refunded"},
    "delivered": {"accept": "accepted", "accept_overdue": "accepted", "fail": "refunded"},
    "accepted": {}, "cancelled": {}, "refunded": {}, "declined": {}, "lapsed": {},
}  # fmt: skip
ENDED_EARLY = {"inquired", "offered", "agreed"}
IN_PLACE = {"freeze", "release", "lapse"}
DISPUTED = {"dispute", "undispute", "contest", "resume", "settle", "undo", "refund", "dispute_opened", "dispute_ended"}
LEAST = {
    0: set(), 1: set(), 2: {"contract.buyer"},
    3: {"contract.buyer", "contract.supplier", "acceptance.buyer", "acceptance.supplier", "approval.supplier"},
}  # fmt: skip
"""By tier: what must have been met before an order is placed. The NDA of L3 is asked of the relation instead."""


def faults(house: House) -> Counter[str]:
    """How often each thing was found that must never be."""
    return house.db.read(lambda uow: Counter(_all(uow)))


def reached(house: House) -> dict[str, Counter[str]]:
    """Which states the walks came to, so that nobody takes silence for proof."""
    tables = {"orders": "trade_order", "listings": "listing", "organisations": "organisation", "disputes": "dispute"}

    def work(uow: Uow) -> dict[str, Counter[str]]:
        return {name: Counter(row["state"] for row in _rows(uow, table)) for name, table in tables.items()}

    return house.db.read(work)


def _rows(uow: Uow, table: str) -> list[Mapping[str, Any]]:
    found = Base.metadata.tables[table]
    return [dict(row) for row in uow.session.execute(select(found)).mappings()]


def _all(uow: Uow) -> Iterator[str]:
    yield from _reviews(uow)
    yield from _qualifications(uow)
    orders = {row["id"]: row for row in _rows(uow, "trade_order")}
    yield from _stories(uow, orders)
    yield from _requirements(uow, orders)
    yield from _contracts(uow, orders)
    yield from _terms(uow, orders)


def _by_review(uow: Uow, table: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in _rows(uow, table):
        found.setdefault(row["review_id"], []).append(row)
    return found


def _reviews(uow: Uow) -> Iterator[str]:
    items, approvals = _by_review(uow, "review_item"), _by_review(uow, "review_approval")
    newest: dict[str, Mapping[str, Any]] = {}
    owners = _members(uow)
    for review in sorted(_rows(uow, "review"), key=lambda row: row["id"]):
        if review["state"] != "approved":
            continue
        newest[review["subject_id"]] = review
        yield from _approved(review, items[review["id"]], approvals.get(review["id"], []), owners)
    for listing in _rows(uow, "listing"):
        if listing["state"] == "listed" and listing["id"] not in newest:
            yield "a listing live without an approved review"


def _approved(
    review: Mapping[str, Any], asked: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]],
    owners: Mapping[str, set[str]],
) -> Iterator[str]:  # fmt: skip
    people = [each["given_by"] for each in given if not each["document_id"]]
    judges = {each["answered_by"] for each in asked} | set(people)
    if len(asked) < 12 or any(each["answer"] not in ("pass", "not_applicable") for each in asked):
        yield "a review approved with an open item"
    if review["submitted_by"] in judges or judges & owners.get(review["owner_id"], set()):
        yield "a listing judged by its own side"
    if any(each["given_at"] is None for each in given) or len(set(people)) != len(people):
        yield "an approval that is missing, or two by one person"
    if len(people) < (2 if review["tier"] >= 3 else 1):
        yield "a review approved by too few people"


def _entries(uow: Uow, *actions: str) -> list[dict[str, Any]]:
    table = Base.metadata.tables["audit_entry"]
    found = uow.session.execute(select(table.c.body).where(table.c.action.in_(actions)).order_by(table.c.id)).scalars()
    return [json.loads(body) for body in found]


def _accounts(uow: Uow) -> dict[str, str]:
    """Account by pseudonym."""
    return {row["pseudonym"]: row["id"] for row in _rows(uow, "account")}


def _members(uow: Uow) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in _rows(uow, "membership"):
        found.setdefault(row["organisation_id"], set()).add(row["account_id"])
    return found


def _qualifications(uow: Uow) -> Iterator[str]:
    accounts, members = _accounts(uow), _members(uow)
    last: dict[str, str] = {}
    for entry in _entries(
        uow, *(f"qualification:{deed}" for deed in ("submit", "approve", "return", "suspend", "reinstate"))
    ):
        organisation, deed = entry["object"], entry["action"].partition(":")[2]
        if deed != "submit" and accounts.get(entry["actor"], "") in members.get(organisation, set()):
            yield "a qualification decided by its own organisation"
        if deed == "approve" and last.get(organisation) not in ("submit", "reinstate"):
            yield "a qualification approved that was not handed in"
        last[organisation] = deed


def _stories(uow: Uow, orders: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    state: dict[str, str] = {}
    for row in sorted(_rows(uow, "order_step"), key=lambda row: (row["order_id"], row["number"])):
        order, action = row["order_id"], row["action"]
        before = state.get(order, "")
        after = STEPS[before].get(action)
        if action in ("decline", "expire_terms") and before in ENDED_EARLY:
            after = "declined" if action == "decline" else "lapsed"
        elif action in IN_PLACE:
            after = before
        elif after is None and before in ("paid", "delivered", "accepted"):
            after = row["state"] if action in _dispute_steps(row) else None
        if after is None or row["state"] != after:
            yield f"a step that cannot be: {before or 'nothing'} {action} {row['state']}"
        state[order] = row["state"]
    for order, row in orders.items():
        if state.get(order) != row["state"]:
            yield "an order in another state than its story says"


def _dispute_steps(row: Mapping[str, Any]) -> set[str]:
    """Steps by which a dispute holds an order or lets it go; it may end accepted or refunded, nothing else."""
    return {row["action"]} if row["state"] in ("paid", "delivered", "accepted", "refunded") else set()


def _requirements(uow: Uow, orders: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    rows: dict[str, dict[str, Mapping[str, Any]]] = {}
    members = _members(uow)
    for row in _rows(uow, "order_requirement"):
        rows.setdefault(row["order_id"], {})[f"{row['kind']}.{row['side']}"] = row
    placed = {row["order_id"] for row in _rows(uow, "order_step") if row["action"] == "place"}
    under_nda = {(r["organisation_id"], r["object_id"]) for r in _rows(uow, "relation") if r["kind"] == "nda"}
    for order_id in placed:
        order, found = orders[order_id], rows.get(order_id, {})
        if any(row["met_at"] is None for row in found.values()):
            yield "an order placed with an open requirement"
        if not LEAST[order["tier"]] <= found.keys():
            yield "an order placed without what its tier asks for"
        if order["tier"] >= 3 and (order["buyer_id"], order["listing_id"]) not in under_nda:
            yield "an order placed without the agreement of confidentiality"
    for order_id, found in rows.items():
        for name, row in found.items():
            if row["met_at"] is not None:
                yield from _met(orders[order_id], name, row, found, members)


def _met(
    order: Mapping[str, Any], name: str, row: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]],
    members: Mapping[str, set[str]],
) -> Iterator[str]:  # fmt: skip
    if row["met_by"] == row["not_by"]:
        yield "the second person is the first"
    own = {"buyer": order["buyer_id"], "supplier": order["supplier_id"]}.get(row["side"])
    if own is not None and row["met_by"] not in members[own]:
        yield "a requirement met by another side"
    if own is None and row["met_by"] in members[order["buyer_id"]] | members[order["supplier_id"]]:
        yield "an officer's approval by a party"
    beside = found.get("approval.supplier")
    if name == "acceptance.supplier" and not row["not_by"] and beside and beside["met_by"] == row["met_by"]:
        yield "one person behind both of the supplier's acts"


def _contracts(uow: Uow, orders: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    signatures: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in _rows(uow, "contract_signature"):
        signatures.setdefault(row["contract_id"], {})[row["side"]] = row
    bound: dict[str, int] = {}
    for contract in _rows(uow, "contract"):
        body, order = contract["body"].encode(), orders[contract["order_id"]]
        document, signed = json.loads(body), signatures.get(contract["id"], {})
        if hashlib.sha256(body).hexdigest() != contract["sha256"]:
            yield "a contract of another hash"
        if not all(_good(each, body) for each in signed.values()):
            yield "a signature that is not of the contract"
        if contract["kind"] == "nda":
            continue
        bound[order["id"]] = bound.get(order["id"], 0) + 1
        if document["terms_sha256"] != order["agreement_hash"] or document["terms"] != json.loads(order["agreement"]):
            yield "a contract over other terms than the order"
        minor = {name: int(document["amounts"][name].replace(".", "")) for name in ("net", "tax", "gross")}
        if any(minor[name] != order[name] for name in minor):
            yield "a contract with other amounts than the order"
        needed = {"buyer"} if contract["kind"] == "licence" else BOTH
        if order["state"] not in ("agreed", "declined", "lapsed") and not needed <= signed.keys():
            yield "an order placed without all signatures"
    if any(number > 1 for number in bound.values()):
        yield "two contracts for one order"


def _good(signature: Mapping[str, Any], body: bytes) -> bool:
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature["public_key"]))
    try:
        key.verify(base64.b64decode(signature["signature"]), body)
    except InvalidSignature:
        return False
    return True


def _terms(uow: Uow, orders: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What was agreed is what the other side had put on the table last, and both hold the same bytes."""
    messages: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(_rows(uow, "order_message"), key=lambda row: row["number"]):
        messages.setdefault(row["order_id"], []).append(row)
    for order_id, found in messages.items():
        order = orders[order_id]
        agreements = [each for each in found if each["kind"] == "agreement"]
        if len(agreements) > 1:
            yield "agreed twice"
        for agreement in agreements:
            offers = [each for each in found if each["kind"] == "terms" and each["number"] < agreement["number"]]
            head = offers[-1]
            if head["id"] != agreement["in_reply_to"] or head["side"] == agreement["side"]:
                yield "agreed to terms that were not on the table"
            if not head["sha256"] == agreement["sha256"] == order["agreement_hash"]:
                yield "different terms at the two ends"
            if hashlib.sha256(rfc8785.dumps(json.loads(head["terms"]))).hexdigest() != order["agreement_hash"]:
                yield "terms of another hash"
        acts = [(each["kind"], each["side"], each["in_reply_to"], each["text"], each["sha256"]) for each in found]
        if len(set(acts)) != len(acts):
            yield "the same act twice"

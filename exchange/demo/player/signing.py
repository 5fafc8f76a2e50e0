"""How people meet what agreed terms still need: signatures, second people, approvals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exchange.demo.player.client import Person, Reply


def lacking(person: Person, order_id: str) -> list[str]:
    """The names of what nobody has met yet."""
    items = person.get(f"/orders/{order_id}/requirements").expect(200).json["items"]
    return [item["name"] for item in items if item["met_at"] is None]


def meet(person: Person, order_id: str, name: str) -> Reply:
    """With a code of the person's own device, which is set up when there is none yet."""
    if person.device is None:
        person.enrol()
    return person.post(f"/orders/{order_id}/requirements/{name}", {"otp": person.otp()})


def meet_all(person: Person, order_id: str, names: Iterable[str]) -> dict[str, Any]:
    """One after the other; answers the order as it then stands."""
    order: dict[str, Any] = person.get(f"/orders/{order_id}").expect(200).json
    for name in names:
        order = meet(person, order_id, name).expect(200).json
    return order


def signed(buyer: Person, order: dict[str, Any]) -> dict[str, Any]:
    """An order at the list price of which nothing but the buyer's signature is lacking, ready to be paid."""
    return meet_all(buyer, order["id"], lacking(buyer, order["id"])) if order["state"] == "agreed" else order

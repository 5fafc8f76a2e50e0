"""Fills the exchange: organisations join and put their datasets on sale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exchange.demo.listings import DATASETS, Dataset
from exchange.demo.people import BUYER, ORGANISATIONS, OUTSIDER, PASSWORD, STAFF
from exchange.demo.player.client import Door, Person
from exchange.demo.player.joining import join
from exchange.demo.player.offering import put_on_sale
from exchange.demo.player.tale import Tale, eventually

_BY_TWO = 3
_SIGNERS = (("beichen", "bai"), ("beichen", "qin"), ("qingyan", "zhou"), ("qingyan", "lin"))


@dataclass(frozen=True)
class World:
    """What stands around the exchange: its gateway, a supplier's service, and the secret that the service demands.

    ``letters`` is the folder that the exchange writes its letters to, as there is nobody to send them to. ``bank`` is
    where the fake payment processor answers, with the banks behind it; empty where there is none.
    """

    gateway: str
    upstream: str
    secret: str
    letters: Path
    bank: str = ""


@dataclass
class Cast:
    """Everybody who acts: the staff by key, members by organisation and first part of the address."""

    door: Door
    staff: dict[str, Person]
    world: World
    members: dict[str, dict[str, Person]] = field(default_factory=dict)
    listings: dict[str, str] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def stranger(self) -> Person:
        """Somebody who is not signed in."""
        return Person(self.door, "stranger")

    def supplier_of(self, dataset: Dataset) -> Person:
        """The supplying member of the organisation that offers it."""
        return list(self.members[dataset.supplier].values())[1]

    def everybody(self) -> list[Person]:
        return [*self.staff.values(), *(person for people in self.members.values() for person in people.values())]


def staff(door: Door) -> dict[str, Person]:
    """The people of the platform, signed in."""
    return {each.key: Person(door, each.name).sign_in(each.email, PASSWORD, each.otp_secret) for each in STAFF}


def fill(door: Door, world: World, tale: Tale, datasets: Sequence[Dataset] = DATASETS) -> Cast:
    """Organisations of each kind and the datasets they offer."""
    tale.chapter("布置交易所", "Filling the exchange")
    cast = Cast(door, staff(door), world)
    for organisation in (*ORGANISATIONS, OUTSIDER):
        cast.members[organisation.key] = join(cast.staff["officer"], organisation, world.letters)
        tale.done(
            f"{organisation.name}（{organisation.origin}）入驻", f"{organisation.name_en} ({organisation.origin}) joins"
        )
    _set_up_factors(cast, tale)
    for number, dataset in enumerate(datasets):
        reviewer = cast.staff[("reviewer", "second_reviewer")[number % 2]]
        supplier, officer = cast.supplier_of(dataset), cast.staff["officer"]
        cast.listings[dataset.key], tier = put_on_sale(supplier, reviewer, officer, dataset)
        price = f"¥{dataset.price}" if dataset.price else tale.pick("免费", "free")
        zh, en = (f"（L{tier}，两人审核）", f", L{tier} by two approvals") if tier >= _BY_TWO else ("", "")
        tale.done(f"{dataset.title[0]}（{price}）上架{zh}", f"{dataset.title[1]} ({price}) is listed{en}")
    buyer = cast.members[BUYER.key]["jiang"]
    eventually(lambda: _found(buyer) >= len(datasets), "every listing in the search")
    tale.done("全部可检索", "all of them are found", _found(buyer))
    return cast


def _set_up_factors(cast: Cast, tale: Tale) -> None:
    """Long before they sign: a device shows each code once, and two signatures in a minute would wait for the third."""
    for organisation, first in _SIGNERS:
        cast.members[organisation][first].enrol()
    tale.done("签约人设置二次验证", "those who sign contracts set up a second factor", len(_SIGNERS))


def _found(person: Person) -> int:
    return int(person.get("/search", limit=1).expect(200).json["total"])

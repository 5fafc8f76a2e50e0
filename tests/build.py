"""Builds what a test starts from: organisations, people, listings, orders. Calls services, never models."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import count
from random import Random
from typing import Any
from urllib.request import urlopen

from argon2 import PasswordHasher
from sqlalchemy import update

from billing.payments import service as payments
from catalog.files import service as files
from catalog.files.types import FileSnapshot
from catalog.interfaces import service as interfaces
from catalog.listings import queries as listing_queries
from catalog.listings import service as listings
from catalog.listings.types import DECLARATIONS, ListingSnapshot
from compliance.identity import factors, invitations
from compliance.identity import queries as identity
from compliance.identity import service as identity_service
from compliance.identity.service import Person
from compliance.review import queries as reviews
from compliance.review import service as review_service
from core.actor import Actor
from core.db import Base, Uow
from core.house import House
from exchange.demo.upstream.registry import firms
from exchange.trading import requirements
from exchange.trading import service as trading
from exchange.trading.errors import SamePerson
from exchange.trading.types import OrderSnapshot
from tests.credit_codes import credit_code
from tests.servers.upstream import Upstream

PASSWORD = "correct horse battery"
_numbers = count(1)


@dataclass(frozen=True)
class Built:
    """A person who can act, directly by ``actor`` or through the API by ``email`` and ``token``."""

    actor: Actor
    email: str
    token: str
    organisation_id: str | None = None


@cache
def _password_hash() -> str:
    """As the product hashes, with the least work: what is verified follows the cost that stands in the hash."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def person(name: str = "") -> Person:
    number = next(_numbers)
    return Person(name=name or f"Person {number}", email=f"person{number}@example.org", password_hash=_password_hash())


def organisation(house: House, *, name: str = "", origin: str = "enterprise", level: int = 2) -> Built:
    """A qualified organisation (``level=1``: merely registered) and its owner, who holds every role in it."""
    owner = person()
    number = next(_numbers)

    def work(uow: Uow) -> str:
        made = identity_service.register(
            uow, name=name or f"机构{number}", name_en=f"Organisation {number}", credit_code=credit_code(number),
            origin=origin, person=owner,
        )  # fmt: skip
        if level > 1:
            until = uow.now() + timedelta(days=365)
            identity_service.set_qualification(uow, made.id, state="approved", level=level, until=until)
        return made.id

    organisation_id = house.db.write(work)
    return _signed_in(house, owner, organisation_id)


def member(house: House, owner: Built, *roles: str) -> Built:
    """Another person of the owner's organisation, as if by an invitation."""
    who = person()
    joins(house, owner, who, *roles)
    return _signed_in(house, who, owner.organisation_id)


def joins(house: House, owner: Built, who: Person, *roles: str) -> str:
    """Somebody becomes a member of the owner's organisation; answers the account's id."""
    organisation_id = owner.actor.organisation_id or ""
    return house.db.write(lambda uow: invitations.join(uow, organisation_id, who, roles)).account_id or ""


def platform_person(house: House, *roles: str) -> Built:
    """A person of the platform, such as a reviewer, an officer, finance or an operator."""
    who = person()
    house.db.write(lambda uow: identity_service.create_platform_person(uow, who, roles))
    return _signed_in(house, who, None, factor=True)


@dataclass
class Device:
    """What makes a person's one-time codes; it never shows the same one twice."""

    secret: str
    step: int = -1

    def next_code(self, house: House) -> str:
        present = int(house.clock.now().timestamp()) // factors.STEP_S
        self.step = max(present - 1, self.step + 1)
        if self.step > present + 1:  # more codes than a device shows in that time: the clock goes on
            house.clock.advance(timedelta(seconds=(self.step - present - 1) * factors.STEP_S))
        return factors.code_at(self.secret, self.step)


_devices: dict[str, Device] = {}


def otp(house: House, account: Built | Actor | str) -> str:
    """A code of the account's second factor that was never used; sets one up when there is none yet.

    ``account`` is a person, an actor, or the id or the address of an account that has one by this function.
    """
    if isinstance(account, str):
        return _devices[account].next_code(house)
    actor = account.actor if isinstance(account, Built) else account
    assert actor.account_id is not None
    if actor.account_id not in _devices:
        _devices[actor.account_id] = _enrolled(house, actor)
    if isinstance(account, Built):
        _devices[account.email] = _devices[actor.account_id]
    return _devices[actor.account_id].next_code(house)


def has_factor(who: Built) -> bool:
    """Whether a person signs in with a second factor, also one that was set up since ``who`` was built."""
    return who.actor.second_factor or who.actor.account_id in _devices


def _signed_in(house: House, who: Person, organisation_id: str | None, *, factor: bool = False) -> Built:
    signed_in = identity_service.sign_in(house, email=who.email, password=PASSWORD)
    actor = house.db.read(lambda uow: identity.actor_of_token(uow, signed_in.token))
    assert actor is not None
    if factor:
        assert actor.account_id is not None
        _devices[actor.account_id] = _devices[who.email] = _enrolled(house, actor)
        actor = house.db.read(lambda uow: identity.actor_of_token(uow, signed_in.token))
        assert actor is not None
    return Built(actor, who.email, signed_in.token, organisation_id)


def _enrolled(house: House, actor: Actor) -> Device:
    """The actor's session counts as opened with a second factor: the platform's roles are in force in it."""
    device = Device(house.db.write(lambda uow: factors.enrol(uow, actor)).secret)
    code = device.next_code(house)
    house.db.write(lambda uow: factors.finish(uow, actor, code))
    return device


TABLE = "day,station,temperature\n" + "".join(f"2026-01-{day:02d},S{day % 3},{day - 7}\n" for day in range(1, 29))


def file(house: House, owner: Built, content: str | bytes = TABLE, name: str = "table.csv") -> FileSnapshot:
    """A file of the owner's organisation, profiled as an upload is."""
    raw = content.encode() if isinstance(content, str) else content
    return files.store_form_file(house, owner.actor, io.BytesIO(raw), name)


def draft(
    house: House, supplier: Built, *, files: list[str] | None = None, amount: str | None = "1000.00", **fields: Any
) -> ListingSnapshot:
    """A complete listing that was not submitted yet; ``amount=None`` makes it free, ``fields`` replace its texts."""
    file_ids = files or [file(house, supplier).id]
    return house.db.write(lambda uow: _draft(uow, supplier, file_ids, amount, fields))


def _draft(
    uow: Uow, supplier: Built, file_ids: list[str], amount: str | None, fields: Mapping[str, Any]
) -> ListingSnapshot:
    number = next(_numbers)
    texts = {"zh": f"气象观测数据{number}", "en": f"Weather observations {number}"}
    given = {
        "title": texts, "summary": texts, "licence_terms": {"en": "For the licensee only."}, "scene": "other",
        "declarations": dict.fromkeys(DECLARATIONS, "as stated in the contract"),
    } | dict(fields)  # fmt: skip
    listing = listings.create(uow, supplier.actor, fields=given)
    listings.add_revision(uow, supplier.actor, listing.id, file_ids)
    plan = {"version": 1, "kind": "free"} if amount is None else _one_off(amount)
    return listings.set_offer(uow, supplier.actor, listing.id, plan=plan, purposes=["training"], term_months=12)


def _one_off(amount: str) -> dict[str, Any]:
    return {"version": 1, "kind": "one_off", "currency": "CNY", "amount": amount}


def listed(house: House, supplier: Built, *, reviewer: Built | None = None, **options: Any) -> ListingSnapshot:
    """A listing on sale: drafted, submitted, and approved by a reviewer item by item."""
    made = draft(house, supplier, **options)
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, made.id))
    return approved(house, supplier, made.id, reviewer=reviewer)


def approved(house: House, supplier: Built, listing_id: str, *, reviewer: Built | None = None) -> ListingSnapshot:
    """What was handed in, approved by as many people as its tier asks for."""
    who = reviewer or platform_person(house, "reviewer")
    found = house.db.write(lambda uow: _approve(uow, supplier, who, listing_id))
    if found.state == "in_review":  # a sensitive tier waits for a second person
        officer = platform_person(house, "officer")
        found = house.db.write(lambda uow: _confirm(uow, supplier, officer, listing_id))
    return found


def forced_tier(house: House, listing_id: str, tier: int) -> None:
    """Put what is on sale at a tier that nobody can approve yet: the walls must stand all the same."""
    listing = Base.metadata.tables["listing"]
    changed = update(listing).where(listing.c.id == listing_id).values(tier=tier)
    house.db.write(lambda uow: uow.session.execute(changed))


def _confirm(uow: Uow, supplier: Built, officer: Built, listing_id: str) -> ListingSnapshot:
    review = reviews.of_subject(uow, officer.actor, listing_id)
    assert review is not None
    review_service.approve(uow, officer.actor, review.id)
    return listing_queries.get(uow, supplier.actor, listing_id)


def _approve(uow: Uow, supplier: Built, reviewer: Built, listing_id: str) -> ListingSnapshot:
    review = reviews.of_subject(uow, reviewer.actor, listing_id)
    assert review is not None
    review_service.answer_items(uow, reviewer.actor, review.id, {item.id: ("pass", "") for item in review.items})
    review_service.approve(uow, reviewer.actor, review.id)
    return listing_queries.get(uow, supplier.actor, listing_id)


PER_HIT = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.04"}


def interface(house: House, supplier: Built, upstream: Upstream, *, proven: bool = True) -> str:
    """The supplier's register of firms, its secret sealed and its operation tried; answers the interface's id.

    The house must allow the upstream's address (``calling_house`` does).
    """
    with urlopen(f"{upstream.url}/openapi/companies.json", timeout=10) as answer:
        check = interfaces.check(house, supplier.actor, answer.read())
    picked = [{"operation": "getCompany", "outcome": {"statuses": {"200": "hit", "404": "miss"}}}]
    made = house.db.write(
        lambda uow: interfaces.create(
            uow, supplier.actor, openapi_check_id=check.id, title=None,
            upstream={"base_url": upstream.url, "timeout_ms": 10_000, "connect_timeout_ms": 2_000},
            credential={"kind": "query", "name": "appkey"}, operations=picked,
        )
    )  # fmt: skip
    interface_id = made.interface.id
    house.db.write(lambda uow: interfaces.set_credential(uow, supplier.actor, interface_id, value=upstream.secret))
    if proven:
        known = {"credit_code": next(iter(firms()))}
        interfaces.try_operation(
            house, supplier.actor, interface_id, operation="getCompany", values=known, body=None
        )  # fmt: skip
    return interface_id


def interface_draft(
    house: House, supplier: Built, upstream: Upstream, *, plan: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None, purposes: Sequence[str] = ("product",), term_months: int = 12,
) -> ListingSnapshot:  # fmt: skip
    """A complete listing of an interface that was not submitted yet; priced at ¥0.04 a hit unless it is said."""
    interface_id = interface(house, supplier, upstream)
    number = next(_numbers)
    texts = {"zh": f"企业信息接口{number}", "en": f"Register of firms {number}"}
    given = {
        "kind": "interface", "title": texts, "summary": texts, "licence_terms": {"en": "For the licensee only."},
        "scene": "other", "declarations": dict.fromkeys(DECLARATIONS, "as stated in the contract"),
    }  # fmt: skip

    def work(uow: Uow) -> ListingSnapshot:
        listing = listings.create(uow, supplier.actor, fields=given)
        listings.add_revision(uow, supplier.actor, listing.id, interface_id=interface_id)
        return listings.set_offer(
            uow, supplier.actor, listing.id, plan=plan or PER_HIT, purposes=purposes, term_months=term_months,
            limits=limits,
        )  # fmt: skip

    return house.db.write(work)


def interface_listed(house: House, supplier: Built, upstream: Upstream, **options: Any) -> ListingSnapshot:
    """A listing of an interface on sale; options as of ``interface_draft``."""
    made = interface_draft(house, supplier, upstream, **options)
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, made.id))
    return approved(house, supplier, made.id)


def funded(house: House, buyer: Built, amount: str = "100000.00") -> None:
    """Bring money onto the buyer's balance: one person of finance records it, another confirms."""
    first, second = platform_person(house, "finance"), platform_person(house, "finance")
    assert buyer.organisation_id is not None
    owner, reference = buyer.organisation_id, f"BANK{next(_numbers):08d}"
    made = house.db.write(
        lambda uow: payments.record_topup(
            uow, first.actor, organisation_id=owner, amount=amount, currency="CNY", bank_reference=reference
        )
    )
    house.db.write(lambda uow: payments.confirm_topup(uow, second.actor, made.id))


def placed(
    house: House,
    buyer: Built,
    listing: ListingSnapshot,
    *,
    suppliers: Sequence[Built] = (),
    buyers: Sequence[Built] = (),
) -> OrderSnapshot:
    """An order at the list price, not paid yet; whatever its tier asks for is signed and approved.

    From L3 on that takes ``suppliers``, two people of the supplier, and ``buyers``, somebody beside the buyer.
    """
    offer = listing.offer
    assert offer is not None
    order = house.db.write(
        lambda uow: trading.place(
            uow, buyer.actor, listing_id=listing.id, offer_id=offer.id, purpose=offer.purposes[0], accept_terms=True
        )
    )
    return settled(house, order, buyers=[buyer, *buyers], suppliers=suppliers) if order.state == "agreed" else order


def settled(
    house: House, order: OrderSnapshot, *, buyers: Sequence[Built], suppliers: Sequence[Built]
) -> OrderSnapshot:
    """What an agreed order needs is met by the first of these people who may."""
    people = {"buyer": buyers, "supplier": suppliers, "officer": []}
    needed = house.db.read(lambda uow: requirements.of_order(uow, buyers[0].actor, order.id))
    for each in (each for each in needed if each.met_at is None):
        if each.side == "officer":
            people["officer"] = [platform_person(house, "officer")]
        order = _met(house, order, each.name, people[each.side])
    return order


def _met(house: House, order: OrderSnapshot, name: str, people: Sequence[Built]) -> OrderSnapshot:
    for who in people:
        code = otp(house, who)
        try:
            return house.db.write(
                lambda uow, who=who, code=code: requirements.meet(uow, who.actor, order.id, name, otp=code)  # type: ignore[misc]
            )
        except SamePerson:
            continue
    raise AssertionError(f"nobody of these may meet {name}")


def paid(house: House, buyer: Built, listing: ListingSnapshot, **people: Any) -> OrderSnapshot:
    """An order paid from the balance, which must hold enough (see ``funded``); ``people`` as of ``placed``."""
    order = placed(house, buyer, listing, **people)
    return house.db.write(lambda uow: trading.pay(uow, buyer.actor, order.id))


def measured(rows: int = 400, seed: int = 7) -> str:
    """A table that can carry marks: decimals, and moments to the second."""
    chance = Random(seed)
    lines = [
        f"R{n:06d},S{chance.randrange(40)},2026-{1 + n % 12:02d}-{1 + n % 28:02d} 10:{chance.randrange(60):02d}:"
        f"{chance.randrange(60):02d},{chance.gauss(15, 8):.2f},{chance.gauss(1000, 10):.1f}\n"
        for n in range(rows)
    ]
    return "record,station,at,temperature,pressure\n" + "".join(lines)

"""Builds what a test starts from: organisations, people, listings, orders. Calls services, never models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import count

from compliance.identity import queries as identity
from compliance.identity import service as identity_service
from compliance.identity.rules import hash_password
from compliance.identity.service import Person
from core.actor import Actor
from core.db import Uow
from core.house import House
from tests.credit_codes import credit_code

PASSWORD = "correct horse battery"
_numbers = count(1)


@dataclass(frozen=True)
class Built:
    """A person who can act, directly by ``actor`` or through the API by ``email`` and ``token``."""

    actor: Actor
    email: str
    token: str
    organisation_id: str | None = None


@lru_cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


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


def platform_person(house: House, *roles: str) -> Built:
    """A person of the platform, such as a reviewer, an officer, finance or an operator."""
    who = person()
    house.db.write(lambda uow: identity_service.create_platform_person(uow, who, roles))
    return _signed_in(house, who, None)


def _signed_in(house: House, who: Person, organisation_id: str | None) -> Built:
    signed_in = identity_service.sign_in(house, email=who.email, password=PASSWORD)
    actor = house.db.read(lambda uow: identity.actor_of_token(uow, signed_in.token))
    assert actor is not None
    return Built(actor, who.email, signed_in.token, organisation_id)

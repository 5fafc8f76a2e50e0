"""What cannot be done through the public API: the first people of the platform."""

from __future__ import annotations

from compliance.identity import factors, service
from core.db import Uow
from core.house import House
from core.settings import Settings
from exchange.app import build_house
from exchange.demo.people import PASSWORD, STAFF, Staff


def main(settings: Settings) -> None:
    """Create the staff of the demonstration in a fresh exchange."""
    house = build_house(settings)
    try:
        appoint(house)
    finally:
        house.db.engine.dispose()


def appoint(house: House) -> None:
    """Create every person of the staff, with the second factor that the demonstration knows."""
    for each in STAFF:
        person = service.new_person(name=each.name, email=each.email, password=PASSWORD)
        house.db.write(lambda uow, p=person, e=each: _appoint(uow, p, e))  # type: ignore[misc]


def _appoint(uow: Uow, person: service.Person, staff: Staff) -> None:
    account_id = service.create_platform_person(uow, person, staff.roles)
    factors.give(uow, account_id, staff.otp_secret)

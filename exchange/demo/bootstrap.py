"""What cannot be done through the public API: the first people of the platform."""

from __future__ import annotations

from compliance.identity import service
from core.house import House
from core.settings import Settings
from exchange.app import build_house
from exchange.demo.people import PASSWORD, STAFF


def main(settings: Settings) -> None:
    """Create the staff of the demonstration in a fresh exchange."""
    house = build_house(settings)
    try:
        appoint(house)
    finally:
        house.db.engine.dispose()


def appoint(house: House) -> None:
    """Create every person of the staff, one after the other."""
    for each in STAFF:
        person = service.new_person(name=each.name, email=each.email, password=PASSWORD)
        house.db.write(lambda uow, p=person, r=each.roles: service.create_platform_person(uow, p, r))  # type: ignore[misc]

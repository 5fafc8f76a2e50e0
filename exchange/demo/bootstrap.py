"""What cannot be done through the public API: the first people of the platform, and what other exchanges list."""

from __future__ import annotations

from pathlib import Path

from catalog.references.service import import_file
from compliance.identity import factors, service
from core.actor import SYSTEM
from core.db import Uow
from core.house import House
from core.settings import Settings
from exchange.app import build_house
from exchange.demo import elsewhere
from exchange.demo.people import PASSWORD, STAFF, Staff


def main(settings: Settings) -> None:
    """Create the staff of the demonstration in a fresh exchange."""
    house = build_house(settings)
    try:
        appoint(house)
        look_elsewhere(house, settings.data)
    finally:
        house.db.engine.dispose()


def appoint(house: House) -> None:
    """Create every person of the staff, with the second factor that the demonstration knows."""
    for each in STAFF:
        person = service.new_person(name=each.name, email=each.email, password=PASSWORD)
        house.db.write(lambda uow, p=person, e=each: _appoint(uow, p, e))  # type: ignore[misc]


def look_elsewhere(house: House, folder: Path) -> None:
    """Import the listings of a made-up exchange as external references."""
    file = folder / "elsewhere.csv"
    file.write_bytes(elsewhere.rows())
    import_file(house, SYSTEM, path=file, source=str(elsewhere.mapping()))


def _appoint(uow: Uow, person: service.Person, staff: Staff) -> None:
    account_id = service.create_platform_person(uow, person, staff.roles)
    factors.give(uow, account_id, staff.otp_secret)

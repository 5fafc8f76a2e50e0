"""What is left of a forgotten person outside the tables."""

from __future__ import annotations

from compliance.subjects.events import SubjectForgotten
from core.house import House
from core.mail import Folder, Mailer


def remove_letters(house: House, event: SubjectForgotten) -> None:
    """Letters that were written to a folder go; those that a server took are out of our hands."""
    mailer = house.adapter(Mailer)  # type: ignore[type-abstract]
    if isinstance(mailer, Folder) and event.letters:
        mailer.forget(event.letters)


def scrub(house: House, event: SubjectForgotten) -> None:
    """Neither the write-ahead log nor dead rows still hold the key that was destroyed."""
    house.db.scrub("subject", "personal_value")

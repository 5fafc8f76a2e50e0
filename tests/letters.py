"""The letters that an exchange wrote to its folder."""

from __future__ import annotations

import email
from dataclasses import dataclass

from core.house import House


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    body: str


def letters(house: House) -> list[Letter]:
    """In the order in which they were queued."""
    found = []
    for path in sorted((house.settings.data / "mail").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes())
        body = message.get_payload(decode=True)
        assert isinstance(body, bytes)
        found.append(Letter(str(message["To"]), str(message["Subject"]), body.decode()))
    return found

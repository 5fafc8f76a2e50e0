"""Reading the letters that the exchange wrote."""

from __future__ import annotations

import email
import email.policy
import re

from core.house import House
from exchange.worker import attend_once


def bodies(house: House, address: str) -> list[str]:
    """The texts of all letters to an address, in the order of their files."""
    attend_once(house)
    found = []
    for path in sorted((house.settings.data / "mail").glob("*.eml")):
        letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if letter["To"] == address:
            content = letter.get_body()
            assert content is not None
            found.append(str(content.get_content()))
    return found


def code_in(body: str) -> str:
    """The code of a letter."""
    found = re.search(r"^([2-9A-Z]{12})$", body, re.MULTILINE)
    assert found is not None, body
    return found[1]

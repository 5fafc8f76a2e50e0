"""The letters of a demonstration: the exchange writes them into a folder, where each person finds the own ones."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path

from exchange.demo.player.tale import eventually

_CODE = re.compile(r"^[0-9A-Z]{12}$", re.MULTILINE)
_LINK = re.compile(r"/invitation\?token=([\w-]+)")


def invitation(folder: Path, address: str) -> str:
    """The token of the invitation that was written to this address; waits until it has come. Raises Difference."""
    return _newest(folder, address, _LINK, f"an invitation to {address}")


def code(folder: Path, address: str) -> str:
    """The code by which somebody confirms a request; waits until it has come. Raises Difference."""
    return _newest(folder, address, _CODE, f"a code for {address}")


def _newest(folder: Path, address: str, sought: re.Pattern[str], what: str) -> str:
    found: list[str] = []

    def came() -> bool:
        found[:] = _in_letters(folder, address, sought)
        return bool(found)

    eventually(came, what)
    return found[-1]


def _in_letters(folder: Path, address: str, sought: re.Pattern[str]) -> list[str]:
    found: list[str] = []
    for path in sorted(folder.glob("*.eml")):
        letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if letter["To"] == address:
            found += sought.findall(letter.get_content())
    return found

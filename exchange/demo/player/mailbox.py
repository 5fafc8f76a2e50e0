"""The letters of a demonstration: the exchange writes them into a folder, where each person finds the own ones."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path

from exchange.demo.player.tale import eventually

_LINK = re.compile(r"/invitation\?token=([\w-]+)")


def invitation(folder: Path, address: str) -> str:
    """The token of the invitation that was written to this address; waits until it has come. Raises Difference."""
    found: list[str] = []

    def came() -> bool:
        found[:] = _tokens(folder, address)
        return bool(found)

    eventually(came, f"an invitation to {address}")
    return found[-1]


def _tokens(folder: Path, address: str) -> list[str]:
    tokens: list[str] = []
    for path in sorted(folder.glob("*.eml")):
        letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if letter["To"] == address:
            tokens += _LINK.findall(letter.get_content())
    return tokens

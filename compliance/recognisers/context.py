"""What a column says about the candidates in its cells: its name, and how many of its cells are alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from compliance.recognisers import people
from compliance.recognisers.types import ColumnScan, Found, Identifier

_WORDS = {
    Identifier.PASSPORT: re.compile(r"护照|通行证|passport", re.IGNORECASE),
    Identifier.BANK_CARD: re.compile(r"卡号|银行|账号|帐号|账户|card|bank|account|\bpan\b|iban", re.IGNORECASE),
    Identifier.IP_ADDRESS: re.compile(r"\bip|ip地址|_ip|地址|addr|host|client|peer", re.IGNORECASE),
}
_SPEAKS_AGAINST = {
    Identifier.IP_ADDRESS: re.compile(r"版本|章节|条款|version|\bver\b|build|release|firmware|\boid\b", re.IGNORECASE),
}
# Bare numbers that could be cards: of those that are not, one in ten passes the Luhn check.
_LIKE_A_CARD = re.compile(r"\d{13,19}", re.ASCII)
_EXAMPLES_KEPT = 3


def speaks_of(kind: Identifier, text: str) -> bool:
    """Whether a text names that kind of identifier."""
    return _WORDS[kind].search(text) is not None


class ColumnTally:
    """Counts of one column while its cells go by."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._counts: dict[Identifier, int] = {}
        self._examples: list[tuple[Identifier, str]] = []
        self._like_cards = self._bare_cards = 0

    def add(self, cell: str, found: list[Found]) -> None:
        """One cell and what was found in it."""
        bare = _LIKE_A_CARD.fullmatch(cell.strip()) is not None
        self._like_cards += bare
        for kind in dict.fromkeys(each.kind for each in found):
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._bare_cards += bare and kind == Identifier.BANK_CARD
        for each in found[:_EXAMPLES_KEPT]:
            if sum(kind == each.kind for kind, _ in self._examples) < _EXAMPLES_KEPT:
                self._examples.append((each.kind, each.masked))

    def state(self) -> dict[str, Any]:
        """All that was counted, as a plain document; empty when that is nothing."""
        if not self._counts and not self._like_cards:
            return {}
        return {
            "counts": {str(kind): number for kind, number in self._counts.items()},
            "examples": [[str(kind), text] for kind, text in self._examples],
            "cards": [self._like_cards, self._bare_cards],
        }

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Count on from there."""
        self._counts = {Identifier(kind): number for kind, number in state["counts"].items()}
        self._examples = [(Identifier(kind), text) for kind, text in state["examples"]]
        self._like_cards, self._bare_cards = state["cards"]

    def result(self) -> ColumnScan:
        """What the column holds, once every cell was seen."""
        doubted = {kind: self._doubted(kind) for kind in self._counts}
        counts = {str(kind): number - doubted[kind] for kind, number in self._counts.items() if number > doubted[kind]}
        unconfirmed = {str(kind): number for kind, number in doubted.items() if number}
        examples = tuple(text for kind, text in self._examples if str(kind) in counts)[:_EXAMPLES_KEPT]
        return ColumnScan(self.name, counts, examples, unconfirmed)

    def _doubted(self, kind: Identifier) -> int:
        """How many of the cells the column speaks against."""
        if people.speaks_against(kind, self.name):
            return self._counts[kind]
        against = _SPEAKS_AGAINST.get(kind)
        if against is not None and against.search(self.name) and not speaks_of(kind, self.name):
            return self._counts[kind]
        if kind == Identifier.BANK_CARD and not speaks_of(kind, self.name) and 2 * self._bare_cards < self._like_cards:
            return self._bare_cards
        return 0

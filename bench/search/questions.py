"""Questions of the kinds that people ask, made from the corpus's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from bench.search.corpus import FORMS, PLACES, TOPICS, product_code, rare
from catalog.search import question
from catalog.search.types import FACETS, REFERENCE, Ask, Sort
from compliance.policy import Clause

EVERYBODY = (
    Clause(states=frozenset({"listed"}), max_tier=1),
    Clause(states=frozenset({REFERENCE})),
)
"""What somebody who has not signed in may find: listings of tiers 0 and 1, and references."""


def of_kind(kind: str, count: int, seed: int = 5) -> list[Ask]:
    """``count`` questions of one of ``KINDS``; the same for everyone who asks."""
    chance = Random(f"{seed} {kind}")
    return [_MAKERS[kind](chance) for _ in range(count)]


def _ask(text: str = "", **more: object) -> Ask:
    return Ask(question=question.ask(text), visible=EVERYBODY, **more)  # type: ignore[arg-type]


def _one_word(chance: Random) -> Ask:
    word = chance.choice(chance.choice(TOPICS)[1].split())
    return _ask(chance.choice((word, rare(chance)[1], product_code(chance), chance.choice(PLACES)[1])))


def _two_words(chance: Random) -> Ask:
    return _ask(f"{chance.choice(PLACES)[1]} {chance.choice(chance.choice(TOPICS)[1].split())}")


def _phrase(chance: Random) -> Ask:
    topic = chance.choice([english for _chinese, english in TOPICS if " " in english])
    return _ask(f'"{topic} {chance.choice(FORMS)[1]}"')


def _chinese(chance: Random) -> Ask:
    text = chance.choice(PLACES)[0] + chance.choice(TOPICS)[0] + chance.choice(FORMS)[0]
    length = chance.randint(4, 9)
    return _ask(text[max(0, chance.randint(0, 2)) :][:length])


def _faceted(chance: Random) -> Ask:
    filters: Mapping[str, frozenset[str]] = {
        "scene": frozenset({chance.choice(("finance", "health", "speech"))}),
        "price_kind": frozenset({"per_hit", "one_time"}),
    }
    return _ask(chance.choice(chance.choice(TOPICS)), filters=filters, facets=FACETS)


def _browse(chance: Random) -> Ask:
    return _ask(sort=Sort.NEWEST, offset=20 * chance.randrange(5))


_MAKERS: dict[str, Callable[[Random], Ask]] = {
    "one word": _one_word, "two words": _two_words, "phrase": _phrase, "Chinese, 4 to 9": _chinese,
    "filter, seven facets": _faceted, "browse": _browse,
}  # fmt: skip
KINDS = tuple(_MAKERS)

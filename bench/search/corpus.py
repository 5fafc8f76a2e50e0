"""Generated bilingual listings: topics of the trade in both languages, and rare words with a long tail.

Each listing is made from its number and the seed alone, so that any part of a corpus can be made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import yaml

from catalog.search.types import REFERENCE, SearchDocument

_WORDS = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"))


def _pairs(name: str) -> tuple[tuple[str, str], ...]:
    """Chinese and English of each line."""
    split = (line.split(" = ") for line in _WORDS[name])
    return tuple((chinese, english) for chinese, english in split)


TOPICS, PLACES, FORMS = _pairs("topics"), _pairs("places"), _pairs("forms")
_FILLING, _UNITS = _pairs("filling"), _pairs("units")
_SCENES = ("finance", "health", "transport", "energy", "agriculture", "speech", "vision", "government", "retail")
_ORIGINS = ("collected", "purchased", "generated", "public")
_PRICES = ("free", "one_time", "per_hit", "subscription", "negotiated")
_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_SYLLABLES = ("ka", "lo", "mi", "ne", "ru", "so", "ta", "vi", "xe", "zo", "bra", "den", "fil", "gor", "hal", "jun")
_CHARACTERS = _WORDS["characters"]


def listings(count: int, seed: int = 1, first: int = 0) -> Iterator[SearchDocument]:
    """``count`` listings from number ``first`` on; nine of ten on sale, open to all up to tier 1, some references."""
    for number in range(first, first + count):
        yield listing(number, seed)


def listing(number: int, seed: int = 1) -> SearchDocument:
    """The listing of this number."""
    chance = Random(seed * 1_000_003 + number)
    topic, place, form = chance.choice(TOPICS), chance.choice(PLACES), chance.choice(FORMS)
    name, code, unit = rare(chance), product_code(chance), chance.choice(_UNITS)
    year = str(chance.randint(1998, 2025))
    filled = chance.sample(_FILLING, chance.randint(2, 4))
    texts = [" ".join(pair[side] for pair in filled) for side in (0, 1)]
    zh, en = (
        texts[side].format(years=year, unit=unit[side], word=name[side], code=code) for side in (0, 1)
    )  # fmt: skip
    refers = chance.random() < 0.05
    kind = "interface" if form[1].endswith(("interface", "service", "feed")) else "dataset"
    return SearchDocument(
        id=f"{'ref' if refers else 'lst'}_{number:09d}{1:017d}", kind=kind,
        title={"zh": f"{place[0]}{topic[0]}{form[0]}{code}", "en": f"{place[1]} {topic[1]} {form[1]} {code}"},
        summary={"zh": f"{name[0]}提供的{topic[0]}", "en": f"{topic[1].capitalize()} by {name[1]}"},
        description={"zh": zh, "en": en}, tags=(topic[0], topic[1], place[0]), scene=chance.choice(_SCENES),
        origin=chance.choice(_ORIGINS), tier=0 if refers else chance.choices(range(6), (30, 30, 20, 12, 6, 2))[0],
        state=REFERENCE if refers else chance.choices(("listed", "draft", "withdrawn"), (18, 1, 1))[0],
        owner=f"org_{chance.randrange(1000):026d}", owner_name=f"{name[0]}数据 {name[1].capitalize()} Data",
        price_kind=chance.choice(_PRICES), price=chance.randrange(10**12),
        updated_at=_BEGAN + timedelta(seconds=chance.randrange(90_000_000)),
        source=chance.choice(("east", "west")) if refers else "", orderable=not refers and chance.random() < 0.7,
    )  # fmt: skip


def rare(chance: Random) -> tuple[str, str]:
    """A name in both languages; few names are frequent and most are rare, as suppliers' are."""
    rank = Random(int(chance.paretovariate(0.6)) % 200_000)
    return "".join(rank.choices(_CHARACTERS, k=3)), "".join(rank.choices(_SYLLABLES, k=4))


def product_code(chance: Random) -> str:
    """Something like ``KX-4821``, told in a title and typed by buyers."""
    return f"{chance.choice('ABDFGKMRTX')}{chance.choice('CLPSXZ')}-{chance.randrange(10_000):04d}"

"""A bridge between Chinese and English: words of the trade that mean the same.

``lexicon.txt`` holds one idea a line, Chinese on the left of ``=``, English on the right. A query in
one language also looks for the other's words. The lexicon is small and written by hand: it covers
what data exchanges trade in, not the languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from catalog.search import analysis

_FILE = Path(__file__).with_name("lexicon.txt")
_MOST_WORDS = 5
_MOST_HAN = 12


@dataclass(frozen=True)
class Concept:
    """What a part of a query also means: in the other language, and otherwise in its own."""

    asked: str
    translations: tuple[str, ...]
    synonyms: tuple[str, ...]

    @property
    def others(self) -> tuple[str, ...]:
        return self.translations + self.synonyms


@dataclass(frozen=True)
class _Line:
    chinese: tuple[str, ...]
    english: tuple[str, ...]


def concepts(text: str) -> list[Concept]:
    """The ideas of the lexicon that occur in ``text``, the longest match first at each place."""
    found: list[Concept] = []
    words: list[str] = []
    for run in analysis.runs(text):
        if analysis.is_han(run):
            found += [*_english(words), *_chinese(run)]
            words = []
        else:
            words.append(run)
    return found + list(_english(words))


def read(text: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The lines of a lexicon. Raises ValueError naming the first line that is not one."""
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        chinese, equals, english = content.partition("=")
        sides = tuple(tuple(w.strip() for w in side.split(",") if w.strip()) for side in (chinese, english))
        if not equals or not all(sides):
            raise ValueError(f"lexicon line {number}: write it as 气象, 天气 = weather, meteorology")
        lines.append((sides[0], sides[1]))
    return lines


def _chinese(run: str) -> Iterator[Concept]:
    place = 0
    while place < len(run):
        size = _longest(run, place)
        if size:
            yield _concept(run[place : place + size], chinese=True)
        place += size or 1


def _longest(run: str, place: int) -> int:
    sizes = range(min(_MOST_HAN, len(run) - place), 0, -1)
    return next((size for size in sizes if run[place : place + size] in _by_word()), 0)


def _english(words: list[str]) -> Iterator[Concept]:
    place = 0
    while place < len(words):
        sizes = range(min(_MOST_WORDS, len(words) - place), 0, -1)
        size = next((s for s in sizes if _stem(words[place : place + s]) in _by_word()), 0)
        if size:
            yield _concept(_stem(words[place : place + size]), chinese=False)
        place += size or 1


def _concept(asked: str, *, chinese: bool) -> Concept:
    lines = _by_word()[asked]
    own = [word for line in lines for word in (line.chinese if chinese else line.english)]
    other = [word for line in lines for word in (line.english if chinese else line.chinese)]
    synonyms = [word for word in own if _key(word) != asked]
    return Concept(asked, tuple(dict.fromkeys(other)), tuple(dict.fromkeys(synonyms)))


@lru_cache(maxsize=1)
def _by_word() -> dict[str, tuple[_Line, ...]]:
    index: dict[str, list[_Line]] = {}
    for chinese, english in read(_FILE.read_text(encoding="utf-8")):
        line = _Line(chinese, english)
        for word in dict.fromkeys(_key(word) for word in (*chinese, *english)):
            index.setdefault(word, []).append(line)
    return {word: tuple(lines) for word, lines in index.items()}


def _key(word: str) -> str:
    found = analysis.runs(word)
    return "".join(found) if all(map(analysis.is_han, found)) else _stem(found)


def _stem(words: list[str]) -> str:
    return " ".join(_singular(word) for word in words)


def _singular(word: str) -> str:
    """Enough of English plurals to find a word in the lexicon; both sides of the comparison pass through it."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word

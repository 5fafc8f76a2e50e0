"""A bridge between Chinese and English: words of the trade that mean the same.

``lexicon.txt`` holds one idea a line, Chinese on the left of ``=``, English on the right. A query in
one language also looks for the other's words. The lexicon is small and written by hand: it covers
what data exchanges trade in, not the languages.

An index keeps of each text the names of the lines that one of its words stands on, so that a query
looks for one name where it would look for many words of both languages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from catalog.search import analysis

_FILE = Path(__file__).with_name("lexicon.txt")
MOST_WORDS = 5
MOST_HAN = 12


@dataclass(frozen=True)
class Concept:
    """What a part of a query also means, in both languages.

    ``others`` are words. Those of the lexicon go by the ``names`` that an index keeps for their lines; ``equals`` are
    words of which it knows nothing.
    """

    asked: str
    others: tuple[str, ...]
    names: tuple[str, ...]
    equals: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """Words that mean the same; ``name`` is what an index keeps for them, if it does."""

    chinese: tuple[str, ...]
    english: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class Lexicon:
    """Lines by each of their words; ``mixed`` are the words of both scripts, such as ``a 股``."""

    by_word: Mapping[str, tuple[Line, ...]]
    mixed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Lexicon:
        index: dict[str, list[Line]] = {}
        for line in lines:
            for word in dict.fromkeys(key_of(word) for word in (*line.chinese, *line.english)):
                index.setdefault(word, []).append(line)
        mixed = frozenset(word for word in index if len(set(map(analysis.is_han, word.split(" ")))) > 1)
        return cls({word: tuple(found) for word, found in index.items()}, mixed)


NONE = Lexicon({})


def same(words: Iterable[str]) -> Line:
    """A line of words that are equal, whatever their language."""
    kept = [word for word in words if analysis.runs(word)]
    chinese = tuple(word for word in kept if analysis.is_han(analysis.runs(word)[0]))
    return Line(chinese, tuple(word for word in kept if word not in chinese))


def fits(word: str) -> bool:
    """Whether a word is short enough to be met in a query."""
    runs = analysis.runs(word)
    if any(map(analysis.is_han, runs)):
        return len(_units(runs)) <= MOST_HAN
    return len(runs) <= MOST_WORDS


def concepts(text: str, also: Lexicon = NONE) -> list[Concept]:
    """The ideas that occur in ``text``, of the lexicon and of ``also``, the longest match first at each place."""
    found, rest = _mixed(analysis.runs(text), also)
    words: list[str] = []
    for run in rest:
        if not run:
            found += _english(words, also)
            words = []
        elif analysis.is_han(run):
            found += [*_english(words, also), *_chinese(run, also)]
            words = []
        else:
            words.append(run)
    return found + list(_english(words, also))


def named(runs: Iterable[str]) -> list[str]:
    """The names of the lexicon's lines that words of a text stand on, one for each word, also within longer ones.

    ``runs`` are the text, as ``analysis`` cuts it. Whatever a part of a text is named, the whole is named too.
    """
    found: list[str] = []
    words: list[str] = []
    for run in runs:
        if analysis.is_word(run):
            words.append(_singular(run))
            continue
        if words:
            found += _named(words, " ", chinese=False)
            words = []
        found += _named(run, "", chinese=True)
    return found + _named(words, " ", chinese=False)


def edition() -> str:
    """Tells one lexicon from another: an index knows only that which it was built with."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()[:8]


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


def _mixed(runs: list[str], also: Lexicon) -> tuple[list[Concept], list[str]]:
    """The words of both scripts, and the runs without them: an empty one stands in place of each."""
    if not also.mixed:
        return [], runs
    found: list[Concept] = []
    rest: list[str] = []
    units, place, joins = _units(runs), 0, False
    while place < len(units):
        ends = range(min(place + MOST_HAN, len(units)), place + 1, -1)
        end = next((end for end in ends if _written(units[place:end]) in also.mixed), 0)
        if end:
            word = _written(units[place:end])
            found.append(_concept(word, also, chinese=analysis.is_han(word)))
            rest.append("")
        elif joins and units[place][1]:
            rest[-1] += units[place][0]
        else:
            rest.append(units[place][0])
        place, joins = end or place + 1, not end
    return found, rest


def _units(runs: Iterable[str]) -> list[tuple[str, bool]]:
    """Words, and single characters of Han; of each whether it goes on with the run of the one before."""
    found: list[tuple[str, bool]] = []
    for run in runs:
        parts = run if analysis.is_han(run) else [run]
        found += [(part, place > 0) for place, part in enumerate(parts)]
    return found


def _written(units: Sequence[tuple[str, bool]]) -> str:
    """A part of a query as the words of a lexicon are written."""
    return "".join(_singular(unit) if goes_on or not place else f" {_singular(unit)}"
                   for place, (unit, goes_on) in enumerate(units))  # fmt: skip


def _chinese(run: str, also: Lexicon) -> Iterator[Concept]:
    place = 0
    while place < len(run):
        sizes = range(min(MOST_HAN, len(run) - place), 0, -1)
        size = next((s for s in sizes if _lines(run[place : place + s], also)), 0)
        if size:
            yield _concept(run[place : place + size], also, chinese=True)
        place += size or 1


def _english(words: list[str], also: Lexicon) -> Iterator[Concept]:
    place = 0
    while place < len(words):
        sizes = range(min(MOST_WORDS, len(words) - place), 0, -1)
        size = next((s for s in sizes if _lines(_stem(words[place : place + s]), also)), 0)
        if size:
            yield _concept(_stem(words[place : place + size]), also, chinese=False)
        place += size or 1


def _lines(word: str, also: Lexicon) -> tuple[Line, ...]:
    return _own().by_word.get(word, ()) + also.by_word.get(word, ())


def _concept(asked: str, also: Lexicon, *, chinese: bool) -> Concept:
    names: list[str] = []
    equals: list[str] = []
    words: list[str] = []
    for line in _lines(asked, also):
        own, other = (line.chinese, line.english) if chinese else (line.english, line.chinese)
        others = [*other, *(word for word in own if key_of(word) != asked)]
        words += others
        if line.name:
            names.append(line.name)
        else:
            equals += others
    return Concept(asked, *(tuple(dict.fromkeys(each)) for each in (words, names, equals)))


def _named(parts: Sequence[str], between: str, *, chinese: bool) -> list[str]:
    """``parts`` are characters, or words in their singular."""
    known, longest = _names(chinese=chinese)
    found: list[str] = []
    for place, first in enumerate(parts):
        if size := longest.get(first):
            for end in range(place + 1, min(place + size, len(parts)) + 1):
                found += known.get(between.join(parts[place:end]), ())
    return found


@lru_cache(maxsize=2)
def _names(*, chinese: bool) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    """The names by each word of a language, and the length of the longest that begins with a character or a word."""
    known, longest = dict[str, tuple[str, ...]](), dict[str, int]()
    for key, lines in _own().by_word.items():
        if analysis.is_han(key) == chinese:
            known[key] = tuple(line.name for line in lines)
            parts = list(key) if chinese else key.split(" ")
            longest[parts[0]] = max(longest.get(parts[0], 0), len(parts))
    return known, longest


@lru_cache(maxsize=1)
def _own() -> Lexicon:
    """No text has a term like its lines' names: terms have small letters."""
    lines = enumerate(read(_FILE.read_text(encoding="utf-8")))
    return Lexicon.of(Line(chinese, english, name=f"L{number}") for number, (chinese, english) in lines)


def key_of(word: str) -> str:
    """How a word is kept; words with one key are the same."""
    found = analysis.runs(word)
    return "".join(found) if all(map(analysis.is_han, found)) else _stem(found)


def _stem(words: list[str]) -> str:
    return " ".join(_singular(word) for word in words)


@lru_cache(maxsize=20_000)
def _singular(word: str) -> str:
    """Enough of English plurals to find a word in the lexicon; both sides of the comparison pass through it."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word

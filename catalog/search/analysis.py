"""The one analysis of text, shared by every engine, so that all of them find the same.

NFKC, traditional to simplified characters, lower case; then runs of Han as overlapping pairs (a
single character stays), and words of ``a–z`` and ``0–9``. No dictionary: product codes, new words
and half words are found as well as old ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add

import opencc

_HAN = "〇㐀-䶿一-鿿豈-﫿\U00020000-\U000323af"
_RUNS = re.compile(f"[{_HAN}]+|[a-z0-9]+")
_FIRST_HAN = _HAN[0]
_IS_HAN = re.compile(f"[{_HAN}]")
_SAME = re.compile(rb"\x00+|\x01+")
_WORDLY = re.compile("[a-z0-9]")
_LONGEST_WORD = 64
_SHORT = 400
_STOP_WORDS = (
    "a an and are as at be by for from has have i in into is it its me my of on or our that the their there these this"
    " to was we were what which with you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split(" "))


@dataclass(frozen=True)
class Piece:
    """A part of a shown text; ``hit`` when it answers the query."""

    text: str
    hit: bool


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def normalise(text: str) -> str:
    """One spelling of characters: width, traditional forms and case are folded."""
    return _remembered(text) if len(text) <= _SHORT else _normalise(text)


def _normalise(text: str) -> str:
    sound = text.encode("utf-8", "ignore").decode("utf-8")
    return str(_converter().convert(unicodedata.normalize("NFKC", sound))).lower()


_remembered = lru_cache(maxsize=8192)(_normalise)


def terms(text: str) -> list[str]:
    """The terms of a text in their order."""
    return terms_of(runs(text))


def terms_of(parts: Iterable[str]) -> list[str]:
    """The terms of a text that is cut into ``runs`` already."""
    found: list[str] = []
    for run in parts:
        if len(run) == 1 or is_word(run):
            found.append(run[:_LONGEST_WORD])
        else:
            found += map(add, run, run[1:])
    return found


def query_terms(text: str) -> list[str]:
    """The terms of a query: English stop words are left out, unless nothing else was asked."""
    found = terms(text)
    return [term for term in found if term not in STOP_WORDS] or found


def runs(text: str) -> list[str]:
    """The normalised text cut into runs of Han and words, before pairs are made."""
    return _RUNS.findall(normalise(text))


def replaced(text: str, other: Callable[[str], str]) -> str:
    """The normalised text with each of its runs put through ``other``."""
    return _RUNS.sub(lambda match: other(match.group()), normalise(text)).strip()


def is_word(run: str) -> bool:
    """Whether one of ``runs`` is a word of letters and digits, and not of Han characters."""
    return run < _FIRST_HAN


def is_han(run: str) -> bool:
    """Whether a run is of Han characters."""
    return bool(run) and _IS_HAN.match(run) is not None


@lru_cache(maxsize=20_000)
def syllables(run: str) -> tuple[str, ...]:
    """How each character of a run of Han is spoken here."""
    import pypinyin  # heavy, and seldom needed where nothing is indexed

    return tuple(pypinyin.lazy_pinyin(run, errors="ignore"))


def pinyin(run: str) -> tuple[str, str]:
    """How a run of Han is typed without an input method: in full, and by initials."""
    spoken = syllables(run)
    return "".join(spoken), "".join([syllable[:1] for syllable in spoken])


def ways(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """How a text is typed, run by run: as it is written, in full pinyin, and by initials."""
    written = runs(text)
    spoken = [pinyin(run) if is_han(run) else (run, run) for run in written]
    return tuple(written), tuple([full for full, _ in spoken]), tuple([initials for _, initials in spoken])


def highlight(text: str, wanted: Sequence[str]) -> tuple[Piece, ...]:
    """The text in pieces, those that hold one of the ``wanted`` terms marked; joined they are the text."""
    if not wanted or not text:
        return (Piece(text, False),) if text else ()
    characters, origins = _mapped(text)
    marks = bytearray(len(text))
    for start, end in _places(characters, wanted):
        first, last = origins[start], origins[end - 1]
        marks[first : last + 1] = b"\1" * (last + 1 - first)
    return tuple(_pieces(text, marks))


def holds_any(text: str, wanted: Sequence[str]) -> bool:
    """Whether one of the terms stands in the text."""
    return next(_places(normalise(text), wanted), None) is not None


def excerpt(text: str, wanted: Sequence[str], length: int = 160) -> str:
    """About ``length`` characters of the text, from where most of it answers the query."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    characters, origins = _mapped(flat)
    places = sorted(origins[start] for start, _end in _places(characters, wanted))
    start = max(0, min(_densest(places, length) - 20, len(flat) - length)) if places else 0
    return ("…" if start else "") + flat[start : start + length] + ("…" if start + length < len(flat) else "")


def _places(normal: str, wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the terms stand in a normalised text; a word only where it is a whole one."""
    for term in wanted:
        place = normal.find(term)
        while place >= 0:
            end = place + len(term)
            if is_han(term) or not (_WORDLY.match(normal, end) or (place and _WORDLY.match(normal, place - 1))):
                yield place, end
            place = normal.find(term, place + 1)


def _densest(places: Sequence[int], length: int) -> int:
    best, most, end = places[0], 0, 0
    for index, place in enumerate(places):
        while end < len(places) and places[end] < place + length - 20:
            end += 1
        if end - index > most:
            best, most = place, end - index
    return best


@lru_cache(maxsize=20_000)
def _normal_character(character: str) -> str:
    return normalise(character)


def _mapped(text: str) -> tuple[str, Sequence[int]]:
    """The normalised text, and of each of its characters the place in the text it comes from."""
    whole = normalise(text)
    if len(whole) == len(text):
        return whole, range(len(text))
    parts = [_normal_character(character) for character in text]
    origins = [index for index, part in enumerate(parts) for _ in part]
    return "".join(parts), origins


def _pieces(text: str, marks: bytearray) -> Iterator[Piece]:
    for run in _SAME.finditer(marks):
        start, end = run.span()
        yield Piece(text[start:end], marks[start] == 1)

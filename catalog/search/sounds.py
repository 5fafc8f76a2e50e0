"""Chinese as it is typed without an input method: pinyin in full, or the initials alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from catalog.search import analysis

_FULL = range(2, 7)
_INITIALS = range(3, 9)
_SYLLABLE = (
    "(?:(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh)"
    "(?:iang|iong|uang|ang|eng|ong|iao|ian|ing|uai|uan|ai|ei|ao|ou|an|en|ia|ie|iu|in|ua|uo|ui|un|ue|ve|a|o|e|i|u|v)"
    "|ang|eng|ai|ei|ao|ou|an|en|er|a|o|e)"
)
_ONE = re.compile(_SYLLABLE)
_SEVERAL = re.compile(f"{_SYLLABLE}{{{_FULL[0]},{_FULL[-1]}}}")
_HEADS = re.compile(f"[a-hj-tw-z]{{{_INITIALS[0]},{_INITIALS[-1]}}}")


@lru_cache(maxsize=20_000)
def syllables(run: str) -> tuple[str, ...]:
    """How each character of a run of Han is spoken here."""
    import pypinyin  # heavy, and only needed where things are indexed

    return tuple(pypinyin.lazy_pinyin(run, errors="ignore"))


def of_titles(titles: Iterable[str]) -> list[str]:
    """Stretches of two to six characters of these titles in full, and of three to eight by their initials."""
    found = (sound for title in titles for run in analysis.runs(title) if analysis.is_han(run) for sound in _of(run))
    return list(dict.fromkeys(found))


def _of(run: str) -> Iterator[str]:
    spoken = syllables(run)
    heads = "".join(syllable[:1] for syllable in spoken)
    for start in range(len(spoken)):
        yield from ("".join(spoken[start : start + size]) for size in _FULL if start + size <= len(spoken))
        yield from (heads[start : start + size] for size in _INITIALS if start + size <= len(spoken))


def typed(text: str) -> list[str]:
    """The sounds that a query may mean: words that read as pinyin, and syllables beside each other as one word."""
    words = [run for run in analysis.runs(text) if not analysis.is_han(run)]
    found = [word for word in words if _SEVERAL.fullmatch(word) or _HEADS.fullmatch(word)]
    for alone, parts in groupby(words, key=lambda word: _ONE.fullmatch(word) is not None):
        several = list(parts)
        if alone and len(several) in _FULL:
            found.append("".join(several))
    return list(dict.fromkeys(found))


def of_run(run: str) -> str:
    """A run of Han in full pinyin."""
    return "".join(syllables(run))


def alike(one: str, other: str) -> bool:
    """Whether two runs of Han are spoken the same."""
    return _same(syllables(one), syllables(other))


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    return bool(one) and one == other

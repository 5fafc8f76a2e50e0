"""Chinese as it is typed without an input method: pinyin in full, or the initials alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate, groupby

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
_TONES = frozenset("\u0300\u0301\u0304\u030c")
_NUMBER = re.compile("[1-5]")
_NUMBERED = re.compile(f"(?:{_SYLLABLE}[1-5]){{1,{_FULL[-1]}}}")
_HEADS = re.compile(f"[a-hj-tw-z]{{{_INITIALS[0]},{_INITIALS[-1]}}}")


def of_titles(titles: Iterable[str]) -> list[str]:
    """Stretches of two to six characters of these titles in full, and of three to eight by their initials."""
    found: dict[str, None] = {}
    for title in titles:
        for run in analysis.runs(title):
            if analysis.is_han(run):
                found.update(dict.fromkeys(_of(run)))
    return list(found)


def _of(run: str) -> list[str]:
    spoken = analysis.syllables(run)
    full, heads = "".join(spoken), "".join([syllable[:1] for syllable in spoken])
    ends, found = [0, *accumulate(map(len, spoken))], list[str]()
    for start in range(len(spoken)):
        beyond = len(spoken) - start + 1
        found += [full[ends[start] : ends[start + size]] for size in range(_FULL.start, min(_FULL.stop, beyond))]
        found += [heads[start : start + size] for size in range(_INITIALS.start, min(_INITIALS.stop, beyond))]
    return found


def typed(text: str) -> list[str]:
    """The sounds that a query may mean: words that read as pinyin, and syllables beside each other as one word."""
    words = [_toneless(run) for run in analysis.runs(_unmarked(text)) if not analysis.is_han(run)]
    found = [word for word in words if _SEVERAL.fullmatch(word) or _HEADS.fullmatch(word)]
    for alone, parts in groupby(words, key=lambda word: _ONE.fullmatch(word) is not None):
        several = list(parts)
        if alone and len(several) in _FULL:
            found.append("".join(several))
    return list(dict.fromkeys(found))


def _unmarked(text: str) -> str:
    """The text without the marks of tones: yǔyīn as yuyin, lǜ as lv."""
    apart = "".join(sign for sign in unicodedata.normalize("NFD", text) if sign not in _TONES)
    return apart.replace("u\u0308", "v").replace("U\u0308", "V")


def _toneless(word: str) -> str:
    """A word without the numbers of tones, if it is syllables that each have one: yu3yin1 as yuyin."""
    return _NUMBER.sub("", word) if _NUMBERED.fullmatch(word) else word


def of_run(run: str) -> str:
    """A run of Han in full pinyin."""
    return "".join(analysis.syllables(run))


def alike(one: str, other: str) -> bool:
    """Whether two runs of Han are spoken the same."""
    return _same(analysis.syllables(one), analysis.syllables(other))


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    return bool(one) and one == other

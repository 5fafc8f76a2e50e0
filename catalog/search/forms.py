"""One and many of English words: a query for one form also finds the other, a little less."""

from __future__ import annotations

import re

_WORD = re.compile("[a-z]{4,30}")
_HISSED = ("ses", "xes", "ches", "shes")
_NO_PLURAL = ("ss", "us", "is")


def other_forms(word: str) -> tuple[str, ...]:
    """The plural of what looks like one, or what may be the singular of a plural; nothing for codes and short words."""
    if not _WORD.fullmatch(word):
        return ()
    if word.endswith("ies"):
        return (word[:-3] + "y",)
    if word.endswith(_HISSED):
        return (word[:-2], word[:-1])
    if word.endswith("s") and not word.endswith(_NO_PLURAL):
        return (word[:-1],)
    if word.endswith("y"):
        return (word + "s", word[:-1] + "ies")
    return (word + "es",) if word.endswith(("s", "x", "ch", "sh")) else (word + "s",)

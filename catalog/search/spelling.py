"""Another spelling of a query that found little: words of titles and tags that its asker may see, and of no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from catalog.search import analysis, pending, sounds
from catalog.search.confirming import confirmed, visible_to
from catalog.search.question import Question, Wanted
from catalog.search.types import Ask, SearchEngine
from core.actor import Actor
from core.house import House

_LOOKED_AT = 30
_MOST_RUNS = 6
_SHORTEST_WORD = 4
_LONG_WORD = 8
_LONG_RUN = 3
_LONGEST_RUN = 24


def better(house: House, actor: Actor, text: str) -> str:
    """The query with words that can be found in place of those that cannot; empty when there are none."""
    runs = list(dict.fromkeys(analysis.runs(text)))
    if len(runs) > _MOST_RUNS:
        return ""
    look = _looker(house, actor)
    mended = {run: _han(look, run) if analysis.is_han(run) else _latin(look, run) for run in runs}
    if not any(mended.values()):
        return ""
    return analysis.replaced(text, lambda run: mended.get(run) or run)


Look = Callable[[Question], list[str]]


def _looker(house: House, actor: Actor) -> Look:
    """Asks an engine, and answers titles and tags of what the actor may see, confirmed."""
    hidden = house.db.read(pending.hidden)

    def look(question: Question) -> list[str]:
        asking = Ask(question=question, visible=visible_to(actor), excluded=hidden, limit=_LOOKED_AT)
        ids = house.adapter(SearchEngine).search(asking).ids  # type: ignore[type-abstract]
        hits = house.db.read(lambda uow: confirmed(uow, actor, ids))
        return [text for hit in hits for text in (*hit.title.values(), *hit.tags)]

    return look


def _latin(look: Look, word: str) -> str:
    if len(word) < _SHORTEST_WORD or word.isdigit():
        return ""
    far = 2 if len(word) >= _LONG_WORD else 1
    texts = look(Question(tuple(Wanted(field, (word,), 1.0, distance=far) for field in ("title", "tags"))))
    known = Counter(run for text in texts for run in analysis.runs(text) if not analysis.is_han(run))
    return "" if word in known else _nearest((each, distance(word, each), known[each]) for each in known if each)


def _han(look: Look, run: str) -> str:
    if not 1 < len(run) <= _LONGEST_RUN:
        return ""
    texts = look(_like_han(run))
    known = Counter(each for text in texts for each in analysis.runs(text) if analysis.is_han(each))
    if any(run in each for each in known):
        return ""
    windows: Counter[str] = Counter()
    for each, times in known.items():
        windows.update(dict.fromkeys(_windows(each, len(run)), times))
    return _nearest((window, _han_distance(run, window), times) for window, times in windows.items())


def _like_han(run: str) -> Question:
    """What is spoken like it, or shares its pairs of characters."""
    spoken = Wanted("sounds", (sounds.of_run(run),), 3.0)
    pairs, fields = dict.fromkeys(analysis.terms(run)), (("title", 0.25), ("tags", 0.15))
    return Question((spoken, *(Wanted(field, (pair,), boost) for pair in pairs for field, boost in fields)))


def _windows(run: str, size: int) -> Iterator[str]:
    sizes = (size, size - 1, size + 1) if size > _LONG_RUN else (size,)
    for each in sizes:
        yield from (run[start : start + each] for start in range(len(run) - each + 1))


def _han_distance(run: str, window: str) -> int:
    """0 when both are spoken the same; far for what is short and differs in writing and in sound."""
    if len(run) == len(window) and sounds.alike(run, window):
        return 0
    return distance(run, window) if len(run) >= _LONG_RUN else 9


def _nearest(found: Iterable[tuple[str, int, int]]) -> str:
    """The nearest, of equals the most frequent; one too far away is none."""
    near = [(away, -times, word) for word, away, times in found if away <= (2 if len(word) >= _LONG_WORD else 1)]
    return min(near)[2] if near else ""


def distance(one: str, other: str) -> int:
    """How many letters are added, left out, other ones, or exchanged with the next."""
    before: Sequence[int] = ()
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        older, before, row = before, row, [place]
        for at, there in enumerate(other, 1):
            least = min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != there))
            if place > 1 and at > 1 and letter == other[at - 2] and one[place - 2] == there:
                least = min(least, older[at - 2] + 1)
            row.append(least)
    return row[-1]

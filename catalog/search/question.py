"""What a query's text asks of an index: weighted terms and phrases, the same for every engine."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from catalog.search import analysis, lexicon, sounds
from catalog.search.forms import other_forms
from catalog.search.lexicon import Lexicon

PHRASE = 2.0
SOUND = 0.3
FORM = 0.5
MOST_TERMS = 64
_FEWEST_READ = 3
_COMMON, _COMMON_PART = 1_000, 3
"""A word that more documents hold than that, and more than one in three, says little about any of them."""
_NEARLY = 1.1
"""Where so many times as many hold the idea as hold the word, hardly anybody says it otherwise."""
_QUOTED = re.compile('["“”„＂]([^"“”„＂]*)["“”„＂]|「([^「」]*)」|『([^『』]*)』')


@dataclass(frozen=True)
class Wanted:
    """One term, or several as a phrase, in one field.

    A single term may differ by up to ``distance`` (1 or 2) letters added, left out, exchanged or others; whatever
    fits then counts the same.
    """

    field: str
    terms: tuple[str, ...]
    boost: float
    distance: int = 0


@dataclass(frozen=True)
class Question:
    """All of ``must`` make a hit, or where there are none one of ``should`` or ``either``.

    Scores of what holds are added, also of ``extra``, which makes no hit; of each of ``either`` only the best counts.
    Where ``most_read`` is not 0, of ``should``, single terms then, the rarest take part that about so many documents
    hold in all.
    """

    should: tuple[Wanted, ...] = ()
    either: tuple[tuple[Wanted, ...], ...] = ()
    must: tuple[Wanted, ...] = ()
    extra: tuple[Wanted, ...] = ()
    everything: bool = False
    most_read: int = 0

    @property
    def empty(self) -> bool:
        return not (self.should or self.either or self.must or self.everything)


EVERYTHING = Question(everything=True)


def ask(text: str, also: Lexicon = lexicon.NONE) -> Question:
    """Never all of the words: a query that asks too much still finds what answers most of it.

    What stands in quotation marks must be there, word for word. ``also`` is what else words mean here.
    """
    if not text.strip():
        return EVERYTHING
    free, phrases = _parted(text)
    words = tuple(dict.fromkeys(analysis.query_terms(free)))[:MOST_TERMS]
    concepts = lexicon.concepts(free, also)
    ordered = tuple(analysis.terms(free))[:MOST_TERMS]
    return Question(
        should=(
            *(Wanted("all", (term,), boost) for term, boost in _weights(words, concepts).items()),
            *(Wanted("sounds", (sound,), SOUND) for sound in sounds.typed(free)),
        ),
        either=tuple(filter(None, map(_alternatives, concepts))),
        must=tuple(Wanted("all", phrase, 1.0) for phrase in phrases),
        extra=(Wanted("all", ordered, PHRASE),) if len(ordered) > 1 else (),
    )


def narrowed(asked: Question, held: Sequence[int]) -> Question:
    """The same question with its rarest parts only; ``held`` says how many documents hold each of ``should``.

    Hidden documents may be among them: whether there is one more of them decides nothing where thousands are read.
    """
    read, kept = 0, set[int]()
    for count, place in sorted((count, place) for place, count in enumerate(held) if count):
        read += count
        if read <= asked.most_read or len(kept) < _FEWEST_READ:
            kept.add(place)
    return replace(asked, should=tuple(asked.should[place] for place in sorted(kept)), most_read=0)


def without_common(asked: Question, held: Mapping[str, int], of: int) -> Question:
    """The same question without words that very many hold, as long as others are left that somebody holds.

    ``held`` says of its terms how many documents hold each, of all; hidden ones may be among them, as in ``narrowed``.
    """
    common = {term for term, count in held.items() if count > _COMMON and count * _COMMON_PART > of}
    if not common or not any(count for term, count in held.items() if term not in common):
        return asked
    return replace(asked, should=tuple(wanted for wanted in asked.should if common.isdisjoint(wanted.terms)))


def by_ideas(asked: Question, held: Mapping[str, int]) -> Question:
    """The same question without words that nearly everybody says who means their idea: the idea weighs for both.

    It finds the same, since an idea is wherever one of its words is, and has a list less to read for each such word.
    ``held`` is as in ``without_common``. Words that few hold stay.
    """
    asked_for = {wanted.terms[0] for wanted in asked.should if wanted.field == "all"}
    added: dict[tuple[str, ...], float] = defaultdict(float)
    kept = []
    for wanted in asked.should:
        count = held.get(wanted.terms[0], 0)
        ideas = (idea for idea in _ideas(wanted) if idea in asked_for and _hardly_more(held[idea], count))
        if idea := next(ideas, None):
            added[(idea,)] += wanted.boost
        else:
            kept.append(wanted)
    weighed = (replace(each, boost=each.boost + added.get(each.terms, 0.0)) for each in kept)
    return replace(asked, should=tuple(weighed)) if added else asked


def _ideas(wanted: Wanted) -> list[str]:
    """What stands wherever this single term does, if it is one of the lexicon."""
    return lexicon.named(wanted.terms) if wanted.field == "all" and _exact(wanted) else []


def _hardly_more(idea: int, word: int) -> bool:
    return word > _COMMON and idea <= word * _NEARLY


def unscored(asked: Question) -> Question:
    """What finds the same with the fewest parts, for counting: scores are others.

    Where a phrase is, its terms are; where a word of the lexicon is, its ideas are.
    """
    if asked.must:
        return Question(must=asked.must)
    parts = [*asked.should, *(wanted for group in asked.either for wanted in group)]
    single = {wanted.terms[0] for wanted in parts if wanted.field == "all" and _exact(wanted)}
    kept = dict.fromkeys(replace(wanted, boost=1.0) for wanted in parts if not _within(wanted, single))
    return Question(tuple(kept), everything=asked.everything)


def _exact(wanted: Wanted) -> bool:
    return len(wanted.terms) == 1 and not wanted.distance


def _within(wanted: Wanted, single: Set[str]) -> bool:
    """Whether one of these terms finds all that this finds."""
    phrase = wanted.field == "all" and len(wanted.terms) > 1
    return not single.isdisjoint(wanted.terms if phrase else _ideas(wanted))


def shown_terms(text: str, also: Lexicon = lexicon.NONE) -> tuple[str, ...]:
    """The terms that a hit's shown text is marked with: the query's own, and their translations."""
    own = analysis.query_terms(text)
    own += [form for word in own for form in other_forms(word)]
    meant = lexicon.concepts(text, also)
    bridged = [term for concept in meant for other in concept.others for term in analysis.terms(other)]
    return tuple(dict.fromkeys(own + bridged))


def _parted(text: str) -> tuple[str, list[tuple[str, ...]]]:
    """The free words, and what is quoted as phrases."""
    quoted = ["".join(filter(None, groups)) for groups in _QUOTED.findall(text)]
    phrases = [tuple(analysis.terms(phrase))[:MOST_TERMS] for phrase in quoted]
    return _QUOTED.sub(" ", text), [phrase for phrase in dict.fromkeys(phrases) if phrase]


def _alternatives(concept: lexicon.Concept) -> tuple[Wanted, ...]:
    return tuple(Wanted("all", tuple(analysis.terms(other)), 1.0) for other in concept.equals)


def _weights(words: Iterable[str], concepts: Iterable[lexicon.Concept]) -> dict[str, float]:
    """Every single term that is looked for: the words, their other forms, and the ideas that the lexicon names."""
    found = dict.fromkeys(words, 1.0)
    found |= {form: FORM for word in words for form in other_forms(word) if form not in found}
    return found | {name: 1.0 for concept in concepts for name in concept.names}

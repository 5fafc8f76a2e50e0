"""The operators' own dictionary. It counts from the next search on, in every process; no index is built anew."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import func, select

from catalog.search import analysis, lexicon
from catalog.search.lexicon import Lexicon
from catalog.search.synonyms.errors import SynonymsInvalid, SynonymsNotFound, TooManySynonyms
from catalog.search.synonyms.models import Synonyms
from catalog.search.synonyms.types import SynonymsSnapshot
from compliance.audit.service import record
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Sentence

MOST_LINES = 2000
MOST_WORDS = 20
LONGEST_WORD = 40
_DICTIONARY = Resource("synonym", "dictionary", {})


def add(uow: Uow, actor: Actor, *, words: Sequence[str]) -> SynonymsSnapshot:
    """Say that words mean the same. Raises PolicyRefused, SynonymsInvalid, TooManySynonyms."""
    decision = require(actor, "synonym:change", _DICTIONARY)
    kept = _checked(words)
    if uow.session.execute(select(func.count()).select_from(Synonyms)).scalar_one() >= MOST_LINES:
        raise TooManySynonyms(Sentence("It holds at most %(most)s lines.", most=MOST_LINES))
    row = Synonyms(id=new_id("syn"), words=kept, created_at=uow.now())
    uow.session.add(row)
    uow.session.flush()
    _record(uow, actor, row, "add", decision)
    return row.snapshot()


def change(uow: Uow, actor: Actor, line_id: str, *, words: Sequence[str]) -> SynonymsSnapshot:
    """Raises PolicyRefused, SynonymsNotFound, SynonymsInvalid."""
    decision = require(actor, "synonym:change", _DICTIONARY)
    row = _load(uow, line_id)
    row.words = _checked(words)
    uow.session.flush()
    _record(uow, actor, row, "change", decision)
    return row.snapshot()


def remove(uow: Uow, actor: Actor, line_id: str) -> None:
    """Raises PolicyRefused, SynonymsNotFound."""
    decision = require(actor, "synonym:change", _DICTIONARY)
    row = _load(uow, line_id)
    _record(uow, actor, row, "remove", decision)
    uow.session.delete(row)
    uow.session.flush()


def lines(uow: Uow, actor: Actor) -> list[SynonymsSnapshot]:
    """The whole dictionary, newest first. Raises PolicyRefused."""
    require(actor, "synonym:see", _DICTIONARY)
    return [row.snapshot() for row in uow.session.execute(select(Synonyms).order_by(Synonyms.id.desc())).scalars()]


def present(uow: Uow) -> Lexicon:
    """What the dictionary says now, for searching."""
    rows = uow.session.execute(select(Synonyms.words).order_by(Synonyms.id)).scalars()
    return _read(tuple(tuple(words) for words in rows))


@lru_cache(maxsize=2)
def _read(kept: tuple[tuple[str, ...], ...]) -> Lexicon:
    return Lexicon.of(lexicon.same(words) for words in kept)


def _checked(words: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(word.strip() for word in words if word.strip()))
    if not 2 <= len(kept) <= MOST_WORDS:
        raise SynonymsInvalid(Sentence("Name 2 to %(most)s different words.", most=MOST_WORDS), field="words")
    for word in kept:
        if len(word) > LONGEST_WORD or "\x00" in word or not analysis.runs(word):
            raise SynonymsInvalid(
                Sentence("A word has letters, and at most %(most)s of them.", most=LONGEST_WORD), field="words"
            )
        if not lexicon.fits(word):
            raise SynonymsInvalid(
                Sentence(
                    "At most %(han)s Chinese characters, or %(words)s English words, are one word.",
                    han=lexicon.MOST_HAN, words=lexicon.MOST_WORDS,
                ),
                field="words",
            )  # fmt: skip
    if len({lexicon.key_of(word) for word in kept}) < 2:
        raise SynonymsInvalid("These words are one and the same when people search.", field="words")
    return kept


def _load(uow: Uow, line_id: str) -> Synonyms:
    row = uow.session.execute(select(Synonyms).where(Synonyms.id == line_id).with_for_update()).scalar_one_or_none()
    if row is None:
        raise SynonymsNotFound()
    return row


def _record(uow: Uow, actor: Actor, row: Synonyms, deed: str, decision: Decision) -> None:
    data = {"words": ", ".join(row.words)[:500]}
    record(uow, actor, action=f"synonym:{deed}", object_id=row.id, decision=decision, data=data)

"""Putting a question to an engine: which of its words take part depends on how many documents hold them."""

from __future__ import annotations

from dataclasses import replace

from catalog.search.question import Question, by_ideas, narrowed, without_common
from catalog.search.types import Answer, Ask, SearchEngine


def answer(engine: SearchEngine, ask: Ask) -> Answer:
    """The engine's answer. Words that very many hold find nothing by themselves, unless the others find nothing.

    Raises what the engine raises.
    """
    meant = meaning(engine, ask.question)
    found = engine.search(replace(ask, question=meant))
    if found.total or meant == ask.question or ask.question.most_read:
        return found
    return engine.search(ask)  # whether others are held by what this asker may not see, or by nothing, is not told


def meaning(engine: SearchEngine, asked: Question) -> Question:
    """The part of a question that is asked at first."""
    if asked.most_read:
        return narrowed(asked, engine.held(asked.should).counts) if asked.should else replace(asked, most_read=0)
    single = [wanted for wanted in asked.should if wanted.field == "all"]
    if len(single) < 2 or asked.must:
        return asked
    held = engine.held(single)
    terms = (wanted.terms[0] for wanted in single)
    counts = dict(zip(terms, held.counts, strict=True))
    return by_ideas(without_common(asked, counts, held.of), counts)

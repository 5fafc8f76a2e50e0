"""Subjects' place in the house."""

from __future__ import annotations

from compliance.subjects import handlers
from compliance.subjects.events import SubjectForgotten
from core.house import House


def include(house: House) -> None:
    house.registry.later(SubjectForgotten, "subjects.letters", handlers.remove_letters)
    house.registry.later(SubjectForgotten, "subjects.scrub", handlers.scrub)

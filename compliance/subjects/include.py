"""Subjects' place in the house."""

from __future__ import annotations

from compliance.subjects import handlers
from compliance.subjects.events import SubjectForgotten
from compliance.subjects.models import Subject
from compliance.subjects.service import WRAPPED_BY
from core.house import House
from core.sealing import SealedColumn


def include(house: House) -> None:
    house.sealed.append(SealedColumn(WRAPPED_BY, Subject.wrapped, Subject.id))
    house.registry.later(SubjectForgotten, "subjects.letters", handlers.remove_letters)
    house.registry.later(SubjectForgotten, "subjects.scrub", handlers.scrub)

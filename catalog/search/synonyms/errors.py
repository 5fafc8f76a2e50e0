"""What the dictionary refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class SynonymsNotFound(NotFound):
    code, title = "synonyms_not_found", "There is no such line of synonyms"


class SynonymsInvalid(Invalid):
    code, title = "synonyms_invalid", "These words make no line of synonyms"


class TooManySynonyms(Conflict):
    code, title = "too_many_synonyms", "The dictionary is full"

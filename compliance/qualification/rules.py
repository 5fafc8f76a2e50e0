"""The states of a qualification: an explicit table."""

from __future__ import annotations

from compliance.qualification.errors import QualificationStateConflict
from core.problems import Sentence

TRANSITIONS: dict[str, tuple[frozenset[str], str]] = {
    "submit": (frozenset({"registered", "returned", "approved"}), "submitted"),
    "return": (frozenset({"submitted"}), "returned"),
    "approve": (frozenset({"submitted"}), "approved"),
    "suspend": (frozenset({"registered", "submitted", "returned", "approved"}), "suspended"),
    "reinstate": (frozenset({"suspended"}), "submitted"),
}
MOST_MONTHS = 12
LEVELS = (2, 3, 4)


def follow(state: str, step: str) -> str:
    """The state after ``step``. Raises QualificationStateConflict."""
    allowed, target = TRANSITIONS[step]
    if state not in allowed:
        raise QualificationStateConflict(
            Sentence("It is %(state)s.", state=state),
            state=state,
            hint=Sentence("To %(step)s it, it must be %(names)s.", step=step, names=" or ".join(sorted(allowed))),
        )
    return target

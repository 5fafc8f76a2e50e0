"""The demand's state machine, and what may stand on the board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from catalog.demands.errors import DemandInvalid, DemandStateConflict, IdentifiersInText
from catalog.demands.types import AnswerState, DemandState
from compliance.recognisers import Identifier, find
from core.problems import Sentence

LONGEST = timedelta(days=366)
MOST_OPEN = 50
MOST_ANSWERS = 5
TRANSITIONS: dict[str, tuple[frozenset[DemandState], DemandState]] = {
    "close": (frozenset({DemandState.OPEN}), DemandState.CLOSED),
    "expire": (frozenset({DemandState.OPEN}), DemandState.EXPIRED),
    "reopen": (frozenset({DemandState.CLOSED, DemandState.EXPIRED}), DemandState.OPEN),
    "remove": (frozenset(DemandState) - {DemandState.REMOVED}, DemandState.REMOVED),
}
_ANSWERS = {
    "take_up": ({AnswerState.SENT, AnswerState.DECLINED}, AnswerState.TAKEN_UP),
    "decline": ({AnswerState.SENT, AnswerState.TAKEN_UP}, AnswerState.DECLINED),
    "withdraw": ({AnswerState.SENT, AnswerState.TAKEN_UP}, AnswerState.WITHDRAWN),
}
_KEPT_OUT = frozenset(
    {Identifier.PHONE, Identifier.EMAIL, Identifier.RESIDENT_ID, Identifier.PASSPORT, Identifier.BANK_CARD}
)


def follow(state: str, step: str) -> DemandState:
    """The state of a demand after ``step``. Raises DemandStateConflict."""
    allowed, target = TRANSITIONS[step]
    if state not in allowed:
        raise DemandStateConflict(Sentence("The demand is %(state)s.", state=state), state=state)
    return target


def settle(state: str, step: str) -> AnswerState:
    """The state of an answer after ``step``. Raises DemandStateConflict."""
    allowed, target = _ANSWERS[step]
    if state not in allowed:
        raise DemandStateConflict(Sentence("The answer is %(state)s.", state=state), state=state)
    return target


def check_text(name: str, texts: Iterable[str]) -> None:
    """Whom to write to stands with the organisation, not in a public text. Raises IdentifiersInText."""
    kinds = {found.kind for text in texts for found in find(text)} & _KEPT_OUT
    if kinds:
        raise IdentifiersInText(
            Sentence("It holds: %(kinds)s.", kinds=", ".join(sorted(kinds))), field=name,
            hint="Leave out telephone numbers, addresses of mail and numbers of documents: people answer here.",
        )  # fmt: skip


def check_until(until: datetime, now: datetime) -> None:
    """Raises DemandInvalid for a time that is over, or far away."""
    if not now < until <= now + LONGEST:
        raise DemandInvalid("It ends within a year from now.", field="until")


def check_budget(lowest: int | None, highest: int | None) -> None:
    """Raises DemandInvalid when the budget begins above its end."""
    if lowest is not None and highest is not None and lowest > highest:
        raise DemandInvalid("A budget goes from less to more.", field="highest")


def public_texts(fields: Mapping[str, object]) -> dict[str, list[str]]:
    """The texts of a demand that everybody on the board reads, by the name of their field."""
    found = {}
    for name in ("title", "details", "volume"):
        value = fields.get(name)
        if value is not None:
            found[name] = [str(text) for text in value.values()] if isinstance(value, Mapping) else [str(value)]
    return found

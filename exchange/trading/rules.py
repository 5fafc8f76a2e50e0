"""The order's state machine: an explicit table of who may lead where."""

from __future__ import annotations

from core.problems import Sentence
from exchange.trading.errors import OrderStateConflict
from exchange.trading.types import OrderState

_OPEN = frozenset({OrderState.INQUIRED, OrderState.OFFERED})
NEGOTIATED = _OPEN | {OrderState.AGREED}
"""Before there is anything to pay."""
TRANSITIONS: dict[str, tuple[frozenset[OrderState], OrderState]] = {
    "propose": (_OPEN, OrderState.OFFERED),
    "agree": (frozenset({OrderState.OFFERED}), OrderState.AGREED),
    "place": (frozenset({OrderState.AGREED}), OrderState.PLACED),
    "decline": (NEGOTIATED, OrderState.DECLINED),
    "expire_terms": (NEGOTIATED, OrderState.LAPSED),
    "pay": (frozenset({OrderState.PLACED}), OrderState.PAID),
    "cancel": (frozenset({OrderState.PLACED}), OrderState.CANCELLED),
    "expire": (frozenset({OrderState.PLACED}), OrderState.CANCELLED),
    "deliver": (frozenset({OrderState.PAID}), OrderState.DELIVERED),
    "accept": (frozenset({OrderState.PAID, OrderState.DELIVERED}), OrderState.ACCEPTED),
    "accept_overdue": (frozenset({OrderState.PAID, OrderState.DELIVERED}), OrderState.ACCEPTED),
    "fail": (frozenset({OrderState.PAID, OrderState.DELIVERED}), OrderState.REFUNDED),
    "undo": (frozenset({OrderState.PAID, OrderState.DELIVERED, OrderState.ACCEPTED}), OrderState.REFUNDED),
}
ENDED = frozenset(
    {OrderState.ACCEPTED, OrderState.CANCELLED, OrderState.REFUNDED, OrderState.DECLINED, OrderState.LAPSED}
)
NOTHING_PAID = NEGOTIATED | {OrderState.PLACED}
IN_FORCE = frozenset({OrderState.PAID, OrderState.DELIVERED, OrderState.ACCEPTED})
"""Paid for and not undone: there is a right."""
AMONG_BUYERS = frozenset({"meet_spending"})
"""Steps that the buyer's people settle among themselves: no matter of the supplier's."""
NOTHING_LEFT = ENDED - {OrderState.ACCEPTED}
_NAMES = {"accept_overdue": "accept", "propose": "offer terms for", "agree": "agree to", "expire_terms": "end"}


def follow(state: str, step: str) -> OrderState:
    """The state after ``step``. Raises OrderStateConflict naming the states from which it is possible."""
    allowed, target = TRANSITIONS[step]
    if state not in allowed:
        raise OrderStateConflict(
            Sentence("The order is %(state)s.", state=state),
            hint=Sentence(
                "To %(what)s it, it must be %(names)s.", what=_NAMES.get(step, step), names=" or ".join(sorted(allowed))
            ),
            state=state,
        )
    return target

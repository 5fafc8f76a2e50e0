"""Whose turn it is with an order, and until when: what its page says first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.speech import lazy_gettext as _l
from exchange.disputes.types import DisputeSnapshot, DisputeState
from exchange.trading.types import OrderSnapshot, OrderState
from exchange.web.words import shape, word

_TEXTS: dict[str, dict[str, Any]] = {
    "answer": {
        "you": _l("Your turn: answer"), "buyer": _l("The buyer's turn: answer"),
        "supplier": _l("The supplier's turn: answer"),
    },
    "sign": {
        "you": _l("Your turn: sign and approve"), "buyer": _l("The buyer's turn: sign and approve"),
        "supplier": _l("The supplier's turn: sign and approve"),
        "officer": _l("A compliance officer's turn: approve"),
    },
    "pay": {"you": _l("Your turn: pay"), "buyer": _l("The buyer's turn: pay")},
    "download": {"you": _l("Your turn: download"), "buyer": _l("The buyer's turn: download")},
    "accept": {"you": _l("Your turn: accept"), "buyer": _l("The buyer's turn: accept")},
    "defend": {"you": _l("Your turn: answer the dispute"), "supplier": _l("The supplier's turn: answer the dispute")},
    "rule": {"you": _l("Your turn: rule the dispute"), "officer": _l("Waiting for an officer's ruling")},
}  # fmt: skip
_SIDES = ("buyer", "supplier", "officer")


@dataclass(frozen=True)
class Turn:
    """What is waited for: in words, with its mark, and until when if there is a time."""

    text: str
    mark: str
    until: datetime | None = None
    yours: bool = False


def turn(order: OrderSnapshot, side: str, lacking: Collection[str], dispute: DisputeSnapshot | None) -> Turn:
    """``side`` is the reader's; ``lacking`` the sides of which agreed terms still need something."""
    me = "officer" if side == "platform" else side
    if dispute is not None and not dispute.ended:
        if dispute.state == DisputeState.OPEN:
            return _of("defend", "supplier", me, dispute.answer_by)
        return _of("rule", "officer", me, None)
    if order.state in (OrderState.INQUIRED, OrderState.OFFERED):
        return _of("answer", order.turn, me, order.answer_by)
    if order.state == OrderState.AGREED and lacking:
        first = me if me in lacking else next(each for each in _SIDES if each in lacking)
        return _of("sign", first, me, order.answer_by)
    what = {OrderState.PLACED: "pay", OrderState.PAID: "download", OrderState.DELIVERED: "accept"}
    if order.state in what:
        until = order.pay_by if order.state == OrderState.PLACED else order.accept_by
        return _of(what[OrderState(order.state)], "buyer", me, until)
    return Turn(word("order", order.state), shape(order.state))


def _of(deed: str, whose: str, me: str, until: datetime | None) -> Turn:
    return Turn(str(_TEXTS[deed]["you" if whose == me else whose]), "wait", until, whose == me)

"""The order's state machine against a table written by hand."""

import itertools

import pytest

from exchange.trading.errors import OrderStateConflict
from exchange.trading.rules import TRANSITIONS, follow
from exchange.trading.types import OrderState

ALLOWED = {
    ("inquired", "propose"): "offered",
    ("offered", "propose"): "offered",
    ("offered", "agree"): "agreed",
    ("agreed", "place"): "placed",
    **{(state, "decline"): "declined" for state in ("inquired", "offered", "agreed")},
    **{(state, "expire_terms"): "lapsed" for state in ("inquired", "offered", "agreed")},
    ("placed", "pay"): "paid",
    ("placed", "cancel"): "cancelled",
    ("placed", "expire"): "cancelled",
    ("paid", "deliver"): "delivered",
    ("paid", "accept"): "accepted",
    ("delivered", "accept"): "accepted",
    ("paid", "accept_overdue"): "accepted",
    ("delivered", "accept_overdue"): "accepted",
    ("paid", "fail"): "refunded",
    ("delivered", "fail"): "refunded",
    **{(state, "undo"): "refunded" for state in ("paid", "delivered", "accepted")},
}


@pytest.mark.parametrize(("state", "step"), itertools.product(OrderState, TRANSITIONS))
def test_every_pair_of_state_and_step(state: str, step: str) -> None:
    expected = ALLOWED.get((state, step))
    if expected is not None:
        assert follow(state, step) == expected
        return
    with pytest.raises(OrderStateConflict) as refused:
        follow(state, step)
    assert refused.value.problem()["hint"]

"""Work that comes by itself: one that fails stops no other."""

from __future__ import annotations

import pytest

from core.db import Uow
from core.house import House
from core.turns import each_by_itself


def test_all_have_their_turn_and_what_failed_is_raised_at_the_end(house: House) -> None:
    seen: list[int] = []

    def work(uow: Uow, number: int) -> bool:
        if number in (2, 4):
            raise ValueError(number)
        seen.append(number)
        return uow.now() is not None and number != 3

    with pytest.raises(ExceptionGroup) as caught:
        each_by_itself(house, [1, 2, 3, 4, 5], work)
    assert seen == [1, 3, 5]
    assert [str(each) for each in caught.value.exceptions] == ["2", "4"]
    assert each_by_itself(house, [1, 3, 5], work) == 2

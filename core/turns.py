"""Work that comes by itself, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from core.db import Uow
from core.house import House

T = TypeVar("T")


def each_by_itself(house: House, items: Iterable[T], work: Callable[[Uow, T], bool]) -> int:
    """Do the work for each item in a unit of its own; answers for how many there was something to do.

    One that fails stops no other. What failed is raised when all had their turn, as an ExceptionGroup.
    """
    done, failed = 0, list[Exception]()
    for item in items:
        try:
            done += house.db.write(lambda uow, item=item: work(uow, item))  # type: ignore[misc]
        except Exception as error:
            failed.append(error)
    if failed:
        raise ExceptionGroup("some could not be done", failed)
    return done

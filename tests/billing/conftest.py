"""A house with books to keep."""

from __future__ import annotations

import pytest

from core.house import House
from tests.billing.books import Books


@pytest.fixture
def books(house: House) -> Books:
    return Books.open(house)

"""After every test this process decides by the rules that ship again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compliance.policy import document


@pytest.fixture(autouse=True)
def _shipped_rules() -> Iterator[None]:
    yield
    document.use(None)

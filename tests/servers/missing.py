"""What happens when a server that some tests need is not there: they are skipped by name, and in CI they fail."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def strict() -> bool:
    """Whether a missing server is a failure (``PIAOHAO_TEST_STRICT=1``)."""
    return os.environ.get("PIAOHAO_TEST_STRICT", "0") == "1"


def not_run(what: str, why: str) -> NoReturn:
    """Skip the present test as "Chromium not run: …", or fail it where nothing may be missing."""
    text = f"{what} not run: {why}"
    if strict():
        pytest.fail(text)
    pytest.skip(text)

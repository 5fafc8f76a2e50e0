"""Browsers for the tests of the pages."""

from __future__ import annotations

from collections.abc import Callable

import flask
import pytest

from tests.exchange.web.browser import Browser


@pytest.fixture
def browser(app: flask.Flask) -> Callable[..., Browser]:
    """Opens a fresh browser: ``browser()``, or ``browser("zh")``."""
    return lambda language="en": Browser(app, language)

"""A sample of ``bench.matrix``: cells of the access matrix as the table by hand has them; nothing opens for want."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from bench.matrix import Stage, assemble, campaign, cells, without_each
from core.house import House
from tests import build
from tests.client import ApiClient


@pytest.fixture
def ask(client: ApiClient) -> Any:
    def asked(token: str | None, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        who = ApiClient(client.app, token)
        answer = who.get(path) if method == "GET" else who.post(path, dict(body or {}))
        return answer.status, answer.json

    return asked


def test_cells_are_answered_as_the_table_says(house: House, ask: Any) -> None:
    stage = assemble(house, small=True)
    chosen = Random(5).sample(list(cells(stage)), 150)
    report = campaign(stage, ask, chosen)
    assert report.faults == []
    assert set(report.asked) == {"see", "names", "sample", "inquire", "order", "download"}


def test_an_attribute_that_is_missing_opens_nothing(house: House, ask: Any) -> None:
    stage = Stage(house, officer=build.platform_person(house, "officer"))
    asked, faults = without_each(stage, ask)
    assert (faults, asked > 400) == ([], True)

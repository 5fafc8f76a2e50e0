"""A sample of ``bench.policy``: our evaluator and Cedar say the same, and whoever shows less is permitted no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.policy import CEDAR, Questions, compare, opened_by_less
from compliance.policy.document import shipped
from tests.servers.missing import not_run


@pytest.fixture
def made() -> Questions:
    return Questions(shipped(), seed=3)


def test_less_is_never_permitted_what_more_was_not(made: Questions) -> None:
    assert opened_by_less(made, 3000) == []


def test_cedar_says_the_same_and_would_notice_a_rule_that_is_not_there(made: Questions) -> None:
    if not CEDAR.exists():
        not_run("Cedar", "sh tools/setup-cedar.sh")
    questions = [made.next() for _ in range(600)]
    found = compare(questions, made.policy)
    assert found.differing == []
    assert 0.3 < found.permitted / found.asked < 0.9
    document: dict[str, Any] = json.loads(made.policy.canonical)
    document["rules"] = [rule for rule in document["rules"] if rule["id"] not in ("listing-write", "order-frozen")]
    assert compare(questions, made.policy, document=document).differing

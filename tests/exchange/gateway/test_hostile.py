"""Hostile requests over a real socket: each is refused as it should be, and smuggles nothing to the supplier."""

from __future__ import annotations

import re

import pytest

from tests.exchange.gateway.conftest import Stage
from tests.exchange.gateway.hostile import CORPUS, Hostile
from tests.exchange.gateway.running import exchange_bytes

_ANSWER = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 60
    assert len({case.name for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_a_hostile_request_is_refused(stage: Stage, case: Hostile) -> None:
    before = len(stage.upstream.seen)
    got = exchange_bytes(stage.port, case.sent)
    assert tuple(int(status) for status in _ANSWER.findall(got)) == case.expected, got[:500]
    assert f'"code": "{case.code}"'.encode() in got
    assert not [seen for seen in stage.upstream.seen[before:] if "smuggled" in seen.target or seen.body == b"abcde"]


def test_the_gateway_serves_after_all_that(stage: Stage) -> None:
    assert stage.client().get().status == 200

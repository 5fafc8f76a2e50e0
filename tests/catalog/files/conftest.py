"""A real S3 service for the tests of a module, emptied by none: names are digests and ids."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from core.house import House
from exchange.app import build_house
from tests.servers.s3 import S3, answering_here


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with answering_here() as running:
        yield running


@pytest.fixture
def bucket_house(house: House, s3: S3) -> House:
    """An exchange whose files lie in the bucket."""
    return build_house(dataclasses.replace(house.settings, **s3.settings))

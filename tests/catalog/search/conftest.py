"""An Elasticsearch for the tests of search, started with the first of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.elasticsearch import ElasticsearchMissing, Node, running
from tests.servers.missing import not_run


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Node]:
    try:
        with running() as node:
            yield node
    except ElasticsearchMissing as missing:
        not_run("Elasticsearch", str(missing))

"""Writing many documents: in requests of a bounded size, each part repeated that was refused for the moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import chain
from typing import Any

from catalog.search import fields
from catalog.search.elastic.connection import WRITING_S, Connection
from catalog.search.errors import IndexNotReady, IndexRefused, SearchAway
from catalog.search.types import SearchDocument
from core.locks import StillHeld

_MOST_OPERATIONS = 500
_MOST_CHARACTERS = 2_000_000
_PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6)
_MISSING = "index_not_found_exception"
_OVERLOADED = 429

_Operation = tuple[Mapping[str, Any], ...]
"""The line that says what is done, and the document where there is one."""


class Writing:
    """Documents on their way into ``index``. ``alias``: it must be one. Nothing is kept after an error."""

    def __init__(self, connection: Connection, index: str, still_held: StillHeld, *, alias: bool = False) -> None:
        self._connection, self._index, self._still_held, self._alias = connection, index, still_held, alias
        self._waiting: list[_Operation] = []
        self._characters = 0

    def put(self, document: SearchDocument) -> None:
        """Raises IndexNotReady when there is no such index, IndexRefused, SearchAway or what ``still_held`` raises."""
        found = fields.of(document)
        source = found.texts | found.names | found.numbers
        self._add(({"index": {"_id": document.id}}, source), sum(map(len, found.texts.values())))

    def remove(self, document_id: str) -> None:
        """As ``put``. What is not there is removed already."""
        self._add(({"delete": {"_id": document_id}},), 0)

    def finish(self) -> None:
        """Send what still waits. Raises as ``put`` does."""
        waiting, self._waiting, self._characters = self._waiting, [], 0
        for pause in (*_PAUSES_S, None):
            if not waiting:
                return
            self._still_held()
            waiting = self._send(waiting)
            if waiting and pause is not None:
                time.sleep(pause)
        if waiting:
            raise SearchAway("Elasticsearch is overloaded.", hint="Try again in a moment.")

    def _add(self, operation: _Operation, characters: int) -> None:
        self._waiting.append(operation)
        self._characters += characters
        if len(self._waiting) >= _MOST_OPERATIONS or self._characters >= _MOST_CHARACTERS:
            self.finish()

    def _send(self, operations: list[_Operation]) -> list[_Operation]:
        """Those that may be sent again in a moment."""
        answer = self._connection.call(
            lambda client: client.bulk(
                index=self._index, operations=list(chain.from_iterable(operations)), require_alias=self._alias
            ),
            WRITING_S,
        )
        if not answer["errors"]:
            return []
        results = [next(iter(item.values())) for item in answer["items"]]
        for result in results:
            _look_at(result)
        return [each for each, result in zip(operations, results, strict=True) if _for_the_moment(result)]


def _for_the_moment(result: Mapping[str, Any]) -> bool:
    return bool(result["status"] == _OVERLOADED or result["status"] >= 500)


def _look_at(result: Mapping[str, Any]) -> None:
    """Raises what no repetition mends."""
    error = result.get("error")
    if error is None or _for_the_moment(result):
        return
    if error["type"] == _MISSING:
        raise IndexNotReady("There is no index of this format.")
    raise IndexRefused(f"{result['_id']}: {error['type']}: {error.get('reason', '')}"[:500])

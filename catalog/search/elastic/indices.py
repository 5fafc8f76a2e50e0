"""The indices of one exchange in Elasticsearch: their names, their template, which of them is asked.

An index is named ``piaohao-search-FORMAT-MOMENT``; the alias ``piaohao-search-FORMAT`` leads to the one that was built
as a whole. An index of this format without the alias was begun and not finished. The alias of another format is what
processes of another release ask.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalog.search.elastic.connection import WRITING_S, Connection
from catalog.search.fields import FORMAT, KEYS, NAMES, NUMBERS, WORDS

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

VERSION = f"{FORMAT}/elasticsearch"
MOST_HITS = 20_000
_SETTINGS = {
    "number_of_shards": 1,  # the weight of a word is that among all documents
    "auto_expand_replicas": "0-1",
    "refresh_interval": "-1",  # whoever writes says when it can be seen
    "max_result_window": MOST_HITS,
    "merge.policy.expunge_deletes_allowed": 0,
}
_WORDS = {"type": "text", "analyzer": "whitespace"}
_MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "_source": {"enabled": False},
    "_meta": {"version": VERSION},
    "properties": {
        **dict.fromkeys(WORDS, _WORDS),
        **{name: _WORDS | {"index_options": "docs"} for name in KEYS},
        **{name: {"type": "keyword"} for name in NAMES},
        **{name: {"type": "long"} for name in NUMBERS},
    },
}


class Indices:
    """Those whose names begin with ``prefix``."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._family = f"{prefix}-search"
        self.alias = f"{self._family}-{FORMAT}"
        self._ours = re.compile(re.escape(self._family) + r"-[0-9a-f.]+-[0-9a-f]+")

    def stands(self) -> bool:
        """Whether there is one of this format that was built as a whole."""
        return bool(self._connection.call(lambda client: client.indices.exists_alias(name=self.alias)))

    def any(self) -> bool:
        """Whether there is one of any format that was, or is still asked by processes of another release."""
        return any(self._all().values())

    def begun(self) -> str | None:
        """The newest of this format that was begun and not finished; older ones are removed."""
        found = sorted(
            name for name, aliases in self._all().items() if not aliases and name.startswith(f"{self.alias}-")
        )
        self._remove(found[:-1])
        return found[-1] if found else None

    def create(self) -> str:
        """An empty one that nobody asks yet."""
        name = f"{self.alias}-{time.time_ns():x}"
        template = {"settings": _SETTINGS, "mappings": _MAPPINGS}

        def make(client: Elasticsearch) -> None:
            client.indices.put_index_template(
                name=self.alias, index_patterns=[f"{self.alias}-*"], template=template, meta={"version": VERSION},
                priority=500,
            )  # fmt: skip
            client.indices.create(index=name)

        self._connection.call(make, WRITING_S)
        return name

    def swap(self, name: str) -> None:
        """From now on this one is asked, at once; all others of the exchange are removed."""
        actions: list[Mapping[str, Any]] = [
            {"remove": {"index": f"{self.alias}-*", "alias": self.alias, "must_exist": False}},
            {"add": {"index": name, "alias": self.alias}},
        ]
        self._connection.call(lambda client: client.indices.update_aliases(actions=actions), WRITING_S)
        self._remove([other for other in self._all() if other != name])

    def show(self, name: str) -> None:
        """What was written can be found from now on."""
        self._connection.call(lambda client: client.indices.refresh(index=name), WRITING_S)

    def tidy(self, name: str) -> None:
        """Documents that were replaced weigh in no average any more, soon."""
        self._connection.call(
            lambda client: client.indices.forcemerge(index=name, only_expunge_deletes=True, wait_for_completion=False),
            WRITING_S,
        )

    def _all(self) -> dict[str, list[str]]:
        """All indices of the exchange with their aliases."""
        found = self._connection.call(lambda client: client.indices.get_alias(index=f"{self._family}-*").body)
        return {name: list(told["aliases"]) for name, told in found.items() if self._ours.fullmatch(name)}

    def _remove(self, names: list[str]) -> None:
        if names:
            self._connection.call(lambda client: client.indices.delete(index=names, ignore_unavailable=True), WRITING_S)

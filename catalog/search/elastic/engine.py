"""The search engine protocol on Elasticsearch: any number of hosts ask and keep one index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

from catalog.search import ordering
from catalog.search.elastic import query
from catalog.search.elastic.connection import WRITING_S, Connection
from catalog.search.elastic.indices import MOST_HITS, VERSION, Indices
from catalog.search.elastic.writing import Writing
from catalog.search.errors import IndexNotReady, SearchAway
from catalog.search.fields import prefix_key
from catalog.search.question import Wanted
from catalog.search.types import MOST_RESULTS, Answer, Ask, EngineState, Held, Load, SearchDocument
from compliance.policy import Clause
from core.locks import StillHeld

Turns = Callable[[float], AbstractContextManager[StillHeld]]
"""The turn of the one writer; it raises IndexBusy when it does not come in so many seconds."""

_PAGE = 5_000
_BEYOND = 256
"""More hits than that beyond a page are only sent for when its last one has so many equals."""
_KEPT_OPEN = "2m"


class ElasticEngine:
    """Every call raises SearchAway while Elasticsearch does not answer."""

    def __init__(self, connection: Connection, prefix: str, turns: Turns) -> None:
        self._connection, self._turns = connection, turns
        self._indices = Indices(connection, prefix)

    def ready(self) -> bool:
        return self._indices.stands()

    def refresh(self, ids: Sequence[str], load: Load) -> None:
        alias = self._indices.alias
        with self._turns(20.0) as still_held:
            writing = Writing(self._connection, alias, still_held, alias=True)
            gone = dict.fromkeys(ids)
            for document in load(ids):
                writing.put(document)
                gone.pop(document.id, None)
            for document_id in gone:
                writing.remove(document_id)
            writing.finish()
            self._indices.show(alias)

    def search(self, ask: Ask) -> Answer:
        limit = max(0, min(ask.limit, MOST_RESULTS - ask.offset))
        body = query.body(ask)
        if ordering.field_of(ask) is None:
            return self._by_score(body, ask, limit)
        answer = self._ask(body | {"from": ask.offset, "size": limit})
        return _answer(tuple(hit["sort"][1] for hit in _hits(answer)), answer, ask)

    def held(self, wanted: Sequence[Wanted]) -> Held:
        texts: dict[str, str] = {}
        for each in wanted:
            texts[each.field] = f"{texts.get(each.field, '')} {each.terms[0]}"
        known = self._statistics(texts)
        return Held([query.held(known, each) for each in wanted], query.documents(known))

    def suggest(self, prefix: str, visible: tuple[Clause, ...], excluded: frozenset[str], limit: int) -> list[str]:
        if not prefix_key(prefix):
            return []
        asked = {"must": [query.beginning(prefix)], "filter": query.allowed(visible, excluded)}
        body = {"query": {"bool": asked}, "sort": [{"_score": "desc"}, {"id": "asc"}]}
        return list(_best_ids(lambda size: _scored(self._ask(body | {"size": size})), 0, limit))

    def rebuild(self, documents: Iterable[SearchDocument], *, wait_s: float = 60.0) -> int:
        """One that was interrupted is gone on with: what stands in it as it should is not sent again."""
        with self._turns(wait_s) as still_held:
            begun = self._indices.begun()
            name = begun or self._indices.create()
            held = self._held(name) if begun else {}
            count = self._fill(name, held, documents, still_held)
            self._indices.show(name)
            if begun:
                self._indices.tidy(name)
            still_held()
            self._indices.swap(name)
        return count

    def state(self) -> EngineState:
        if not self.ready():
            return EngineState(False, VERSION)
        return EngineState(True, VERSION, dict(self._marks(self._indices.alias)))

    def _held(self, name: str) -> dict[str, str]:
        self._indices.show(name)
        return dict(self._marks(name))

    def _fill(self, name: str, held: dict[str, str], documents: Iterable[SearchDocument], still_held: StillHeld) -> int:
        writing, count = Writing(self._connection, name, still_held), 0
        for document in documents:
            count += 1
            if held.pop(document.id, None) != document.mark():
                writing.put(document)
        for document_id in held:
            writing.remove(document_id)
        writing.finish()
        return count

    def _by_score(self, body: dict[str, Any], ask: Ask, limit: int) -> Answer:
        """The first request brings total and counts; others, where many are equally good, only more hits."""
        answers: list[Any] = []

        def best(size: int) -> list[tuple[float, str]]:
            size = min(size, MOST_HITS)
            asked = {**body, "size": size} if not answers else {**body, "size": size, "aggs": {}}
            answers.append(self._ask(asked))
            return _scored(answers[-1])

        return _answer(_best_ids(best, ask.offset, limit), answers[0], ask)

    def _ask(self, body: dict[str, Any]) -> Any:
        """The answer of the present index, an empty one when there is none. Raises IndexNotReady."""
        answer = self._connection.call(
            lambda client: client.search(
                index=self._indices.alias, ignore_unavailable=True, allow_partial_search_results=False,
                track_total_hits=True, source=False, stored_fields="_none_", **_renamed(body),
            ).body
        )  # fmt: skip
        if answer["_shards"]["total"] == 0 and self._indices.any():
            raise IndexNotReady("The search index has another format.")
        return answer

    def _statistics(self, texts: Mapping[str, str]) -> Any:
        """What the index knows of the terms of these texts, by field; nothing when there is no index."""
        answer = self._connection.call(
            lambda client: client.options(ignore_status=404).termvectors(
                index=self._indices.alias, doc=texts, fields=list(texts), term_statistics=True, offsets=False,
                positions=False, payloads=False,
            ).body
        )  # fmt: skip
        return answer.get("term_vectors", {})

    def _marks(self, index: str) -> Iterator[tuple[str, str]]:
        """Each id with its mark, as they stand at one moment."""
        opened = self._connection.call(
            lambda client: client.open_point_in_time(index=index, keep_alive=_KEPT_OPEN), WRITING_S
        )
        view = {"id": opened["id"], "keep_alive": _KEPT_OPEN}
        after: list[Any] | None = None
        try:
            while hits := self._marked(view, after):
                yield from ((hit["sort"][0], hit["fields"]["mark"][0]) for hit in hits)
                after = hits[-1]["sort"]
        finally:
            with suppress(SearchAway):  # it closes by itself
                self._connection.call(lambda client: client.close_point_in_time(id=view["id"]))

    def _marked(self, view: dict[str, Any], after: list[Any] | None) -> list[Any]:
        answer = self._connection.call(
            lambda client: client.search(
                pit=view, size=_PAGE, sort=[{"id": "asc"}], search_after=after, docvalue_fields=[{"field": "mark"}],
                source=False, stored_fields="_none_", track_total_hits=False,
            ).body, WRITING_S,
        )  # fmt: skip
        return _hits(answer)


def _renamed(body: dict[str, Any]) -> dict[str, Any]:
    """As the client calls what Python has a word of its own for."""
    return {"from_" if name == "from" else name: value for name, value in body.items()}


def _hits(answer: Any) -> list[Any]:
    return list(answer["hits"]["hits"])


def _best_ids(best: Callable[[int], Sequence[tuple[float, str]]], offset: int, limit: int) -> tuple[str, ...]:
    return ordering.best_ids(best, lambda ids: [ordering.place(each) for each in ids], str, offset, limit, _BEYOND)


def _scored(answer: Any) -> list[tuple[float, str]]:
    return [(float(hit["sort"][0]), str(hit["sort"][1])) for hit in _hits(answer)]


def _answer(ids: tuple[str, ...], answer: Any, ask: Ask) -> Answer:
    total = int(answer["hits"]["total"]["value"])
    counted = answer.get("aggregations")
    facets = query.counts(counted, ask.facets) if counted else dict.fromkeys(ask.facets, ())
    return Answer(ids, total, facets)

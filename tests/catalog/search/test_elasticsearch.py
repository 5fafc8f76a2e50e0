"""What only an index on another machine can meet: it is away, it is overloaded, its making is interrupted."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest

from bench.engines import Comparison
from catalog.listings import service as listings
from catalog.search import pending, service
from catalog.search.elastic import writing
from catalog.search.elastic.connection import Connection, Place
from catalog.search.elastic.engine import ElasticEngine
from catalog.search.errors import IndexBusy, IndexNotReady, IndexRefused, SearchAway
from catalog.search.types import Ask, SearchDocument
from core import outbox
from core.house import House
from core.ids import new_id
from core.settings import Settings
from exchange.app import build_house, create_app_of
from tests import build
from tests.catalog.search import remote
from tests.catalog.search.documents import EVERYTHING, document
from tests.client import ApiClient
from tests.servers import guarded
from tests.servers.between import Between, between
from tests.servers.elasticsearch import Node


@pytest.fixture
def relayed(elasticsearch: Node) -> Iterator[Between]:
    with between(elasticsearch.port) as made:
        yield made


@pytest.fixture
def engine(relayed: Between, tmp_path: Path) -> ElasticEngine:
    made = remote.engines(relayed.url, tmp_path)()
    made.rebuild([document("a", zh="气象")])
    return made


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_PAUSES_S", (0.01, 0.01))


def everything(engine: ElasticEngine) -> tuple[str, ...]:
    return engine.search(Ask(visible=EVERYTHING)).ids


def test_who_asks_while_it_is_away_is_refused_at_once(
    engine: ElasticEngine, relayed: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    relayed.down = True
    with pytest.raises(SearchAway):
        everything(engine)
    tried = relayed.seen
    with pytest.raises(SearchAway):
        everything(engine)
    assert relayed.seen == tried
    relayed.down = False
    monkeypatch.setattr(time, "monotonic", lambda: 1e12)
    assert everything(engine) == ("a",)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_whoever_is_not_let_in_or_not_now_is_told_so(engine: ElasticEngine, relayed: Between, status: int) -> None:
    relayed.refusals, relayed.status = 1, status
    with pytest.raises(SearchAway):
        everything(engine)
    assert everything(engine) == ("a",)


@pytest.mark.usefixtures("at_once")
def test_overloaded_it_is_written_to_again(engine: ElasticEngine) -> None:
    """Of a request only what was refused is sent again."""
    sent: list[list[str]] = []
    ways = Writing(sent, [{"b": 429, "c": 503}, {"c": 429}, {}])
    ways.finish()
    assert sent == [["a", "b", "c"], ["b", "c"], ["c"]]


@pytest.mark.usefixtures("at_once")
def test_overloaded_for_long_it_counts_as_away(engine: ElasticEngine) -> None:
    with pytest.raises(SearchAway):
        Writing([], [{"b": 429}] * 3).finish()


def test_what_it_will_never_take_is_told(engine: ElasticEngine) -> None:
    with pytest.raises(IndexRefused, match="b: strict"):
        Writing([], [{"b": 400}]).finish()


class Writing(writing.Writing):
    """Three documents on their way; of each request some are refused with a status."""

    def __init__(self, sent: list[list[str]], refused: list[dict[str, int]]) -> None:
        answers = iter(refused)

        class Refusing(Connection):
            def call(self, ask: Any, within_s: float = 0.0) -> Any:
                return ask(self)

            def bulk(self, operations: Iterable[Any], **_words: Any) -> Any:
                asked = [line["index"]["_id"] for line in operations if "index" in line]
                sent.append(asked)
                statuses = next(answers)
                return {"errors": bool(statuses), "items": [result(name, statuses.get(name, 201)) for name in asked]}

        super().__init__(Refusing(Place(())), "index", lambda: None)
        for name in "abc":
            self.put(document(name, zh="气象"))


def result(name: str, status: int) -> dict[str, Any]:
    error = {"error": {"type": "strict", "reason": "no"}} if status >= 400 else {}
    return {"index": {"_id": name, "status": status} | error}


def test_an_interrupted_rebuild_is_gone_on_with(engine: ElasticEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_MOST_OPERATIONS", 10)
    many = [document(f"d{number:02}", zh=f"气象{number}") for number in range(30)]

    def broken() -> Iterator[SearchDocument]:
        yield from many[:25]
        raise ConnectionError("killed")

    with pytest.raises(ConnectionError):
        engine.rebuild(broken())
    assert everything(engine) == ("a",)
    sent: list[str] = []
    put = writing.Writing.put

    def noted(self: writing.Writing, each: SearchDocument) -> None:
        sent.append(each.id)
        put(self, each)

    monkeypatch.setattr(writing.Writing, "put", noted)
    changed = [document("d03", zh="地震"), *(each for each in many[5:] if each.id != "d03")]
    assert engine.rebuild(changed) == len(changed)
    assert sent == ["d03", *(f"d{number}" for number in range(20, 30))]
    assert engine.state().marks == {each.id: each.mark() for each in changed}
    assert engine._indices.begun() is None


def test_whoever_lost_the_turn_changes_nothing(engine: ElasticEngine) -> None:
    def lost() -> None:
        raise IndexBusy("It is somebody else's turn.")

    with pytest.MonkeyPatch.context() as patch:
        taking = engine._turns
        patch.setattr(engine, "_turns", lambda wait_s: _Lost(taking(wait_s), lost))
        with pytest.raises(IndexBusy):
            engine.rebuild([document("b", zh="气象")])
        with pytest.raises(IndexBusy):
            engine.refresh(["a"], lambda _ids: [])
    assert everything(engine) == ("a",)


class _Lost:
    def __init__(self, turn: Any, lost: Any) -> None:
        self._turn, self._lost = turn, lost

    def __enter__(self) -> Any:
        self._turn.__enter__()
        return self._lost

    def __exit__(self, *words: Any) -> None:
        self._turn.__exit__(*words)


def test_without_an_index_nothing_is_written(relayed: Between, tmp_path: Path) -> None:
    """Elasticsearch would make one by itself, without our fields."""
    made = remote.engines(relayed.url, tmp_path)()
    with pytest.raises(IndexNotReady):
        made.refresh(["a"], lambda _ids: [document("a", zh="气象")])
    assert everything(made) == ()


def test_it_is_reached_by_tls_with_a_key_or_a_user_only(elasticsearch: Node) -> None:
    with guarded.guarded(elasticsearch.port) as guard:
        place = Place((guard.url,), ca_file=guard.ca_file, asking_s=remote.PATIENCE_S)
        for way in ({"api_key": guarded.API_KEY}, {"user": guarded.USER, "password": guarded.PASSWORD}):
            told = Connection(dataclasses.replace(place, **way)).call(lambda client: client.info())  # type: ignore[arg-type]
            assert told["version"]["number"]
        for wrong in (place, dataclasses.replace(place, api_key="wrong"), dataclasses.replace(place, ca_file="")):
            with pytest.raises(SearchAway):
                Connection(wrong).call(lambda client: client.info())


def test_both_engines_answer_the_same(elasticsearch: Node, tmp_path: Path) -> None:
    """A sample of ``bench.engines``: made anew, and after a tenth was written anew."""
    both = Comparison(elasticsearch, tmp_path, listings=150, count=60)
    for engine in (both.here, both.there):
        engine.rebuild(both.documents.values())
    assert both.compared("made anew", also_order=True)
    assert both.rewritten()


def test_settings_of_search_that_are_refused() -> None:
    for wrong in (
        {"PIAOHAO_SEARCH_URL": "search:9200"}, {"PIAOHAO_SEARCH_PREFIX": "A*"},
        {"PIAOHAO_SEARCH_URL": "http://h:9200", "PIAOHAO_SEARCH_API_KEY": "k", "PIAOHAO_SEARCH_USER": "u"},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"PIAOHAO_SEARCH_"):
            Settings.from_environment(environ=wrong)
    several = Settings.from_environment(environ={"PIAOHAO_SEARCH_URL": "https://a:9200, https://b:9200"})
    assert several.search_urls == ("https://a:9200", "https://b:9200")


@pytest.fixture
def far_house(settings: Settings, relayed: Between) -> House:
    """An exchange whose index is in Elasticsearch."""
    prefix = new_id("t").replace("_", "-")
    return build_house(
        dataclasses.replace(settings, search_url=relayed.url, search_prefix=prefix, search_timeout_s=120.0)
    )


def test_away_search_says_so_and_what_changed_waits(far_house: House, relayed: Between) -> None:
    app: flask.Flask = create_app_of(far_house)
    client = ApiClient(app)
    service.ensure(far_house)
    supplier = build.organisation(far_house)
    relayed.down = True
    fields = {"title": {"zh": "城市道路点云"}, "scene": "driving"}
    listing = far_house.db.write(lambda uow: listings.create(uow, supplier.actor, fields=fields))
    while outbox.relay(far_house):
        pass
    assert far_house.db.read(outbox.waiting) == 0
    with pytest.raises(SearchAway):
        service.catch_up(far_house)
    problem = client.get("/search?q=点云").expect(503).json
    assert problem["code"] == "search_away"
    pages = app.test_client()
    assert pages.get("/").status_code == 200
    assert pages.get("/search?q=点云").status_code == 503
    assert listing.id in far_house.db.read(pending.marks)
    relayed.down = False
    far_house.adapter(service.SearchEngine)._connection._again_at = None  # type: ignore[type-abstract,attr-defined]
    service.catch_up(far_house)
    assert not far_house.db.read(pending.marks)
    assert service.check(far_house).sound

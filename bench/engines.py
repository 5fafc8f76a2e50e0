"""The two engines side by side: ``python -m bench.engines [--server 8.19.21] [--listings 3000] [--questions 500]``.

Generated listings (``bench.search.corpus``) are indexed by the engine in the process and by a real Elasticsearch, and
generated questions in both languages are put to both, with every facet: totals and counts must be the same in all,
the first ten in 99 of 100. They are compared again when a tenth of the listings was written anew, and some removed.
Then Elasticsearch is killed in the middle of a rebuild, and later away for ``--away`` seconds while listings change and
people search: it is told what searchers saw, what was lost, and how long it took until both were equal again. From the
first rewriting on the first ten are told and not judged: documents that were replaced weigh until they are merged, in
each engine in its own time.
Ends with 1 when anything differed, a searcher saw less than before, or anything was lost.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.search import corpus, questions
from catalog.search import asking
from catalog.search.elastic.engine import ElasticEngine
from catalog.search.errors import SearchAway
from catalog.search.tantivy_engine import TantivyEngine
from catalog.search.types import FACETS, Ask, SearchDocument, SearchEngine
from tests.catalog.search import remote
from tests.servers import elasticsearch

FIRST = 10
AGREED = 0.99
_PER_BATCH = 200


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=elasticsearch.VERSION, help="Elasticsearch's version")
    parser.add_argument("--listings", type=int, default=3000)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--away", type=float, default=60.0, help="seconds")
    given = parser.parse_args(words)
    try:
        with elasticsearch.running(given.server) as node, tempfile.TemporaryDirectory() as folder:
            return int(not Comparison(node, Path(folder), given.listings, given.questions).run(given.away))
    except elasticsearch.ElasticsearchMissing as missing:
        print(f"Elasticsearch not run: {missing}")
        return 1


@dataclass
class Outcome:
    """What was asked of both, and where they differed."""

    asked: int = 0
    totals: int = 0
    counts: int = 0
    first: int = 0
    seconds: list[tuple[float, float]] = field(default_factory=list)

    def well(self, *, also_order: bool) -> bool:
        ordered = self.first <= (1 - AGREED) * self.asked
        return not self.totals and not self.counts and (ordered or not also_order)

    def line(self, label: str) -> str:
        middle = [sorted(pair[side] for pair in self.seconds)[self.asked // 2] * 1000 for side in (0, 1)]
        return (
            f"{label}: {self.asked} questions, other totals {self.totals}, other counts {self.counts}, other first"
            f" {FIRST} {self.first}; half within {middle[0]:.1f} ms here, {middle[1]:.1f} ms there"
        )


def compare(here: SearchEngine, there: SearchEngine, asked: Sequence[Ask]) -> Outcome:
    """Put every question to both."""
    outcome = Outcome(len(asked))
    for ask in asked:
        began = time.perf_counter()
        one = asking.answer(here, ask)
        between = time.perf_counter()
        other = asking.answer(there, ask)
        outcome.seconds.append((between - began, time.perf_counter() - between))
        outcome.totals += one.total != other.total
        outcome.counts += one.facets != other.facets
        outcome.first += one.ids != other.ids
    return outcome


def asked_of_both(count: int) -> list[Ask]:
    """Questions of every kind, with all facets."""
    each = -(-count // len(questions.KINDS))
    made = [ask for kind in questions.KINDS for ask in questions.of_kind(kind, each)]
    return [replace(ask, facets=FACETS, limit=FIRST) for ask in made[:count]]


class Comparison:
    """Both engines over the same listings."""

    def __init__(self, node: elasticsearch.Node, folder: Path, listings: int, count: int) -> None:
        self.node, self.folder = node, folder
        self.documents = {each.id: each for each in corpus.listings(listings)}
        self.asked = asked_of_both(count)
        self._remote = remote.engines(node.url, folder, asking_s=60.0)
        self.here, self.there = TantivyEngine(folder / "here", most_kept=0), self.remote()

    def remote(self) -> ElasticEngine:
        """The engine of one more process."""
        return self._remote()

    def run(self, away_s: float) -> bool:
        for label, engine in (("here", self.here), ("there", self.there)):
            began = time.perf_counter()
            count = engine.rebuild(self.documents.values())
            print(f"{count} listings indexed {label} in {time.perf_counter() - began:.1f} s", flush=True)
        well = [self.compared("made anew", also_order=True), self.rewritten(), self.killed(), self.away(away_s)]
        return all(well)

    def compared(self, label: str, *, also_order: bool = False) -> bool:
        outcome = compare(self.here, self.there, self.asked)
        print(outcome.line(label), flush=True)
        return outcome.well(also_order=also_order)

    def rewritten(self) -> bool:
        """A tenth is written anew, one in fifty is removed."""
        names = list(self.documents)
        for number, name in enumerate(names):
            if number % 10 == 0:
                self.documents[name] = replace(corpus.listing(number + len(names)), id=name)
            elif number % 50 == 7:
                del self.documents[name]
        self.bring(self.here, names[::10] + names[7::50])
        self.bring(self.there, names[::10] + names[7::50])
        return self.compared("a tenth rewritten")

    def bring(self, engine: SearchEngine, names: Sequence[str]) -> None:
        for start in range(0, len(names), _PER_BATCH):
            engine.refresh(names[start : start + _PER_BATCH], self.load)

    def load(self, names: Sequence[str]) -> Iterator[SearchDocument]:
        return (self.documents[name] for name in names if name in self.documents)

    def killed(self) -> bool:
        """Elasticsearch dies when half of a rebuild is sent; it comes back, and the rebuild is asked for again."""
        half = len(self.documents) // 2

        def dying() -> Iterator[SearchDocument]:
            for number, each in enumerate(self.documents.values()):
                if number == half:
                    self.node.kill()
                yield each

        seen = Searchers(self.remote)
        with seen:
            lost = refused(lambda: self.there.rebuild(dying()))
            self.node.start()
            began = time.perf_counter()
            until(lambda: not refused(lambda: self.there.rebuild(self.documents.values())))
            took = time.perf_counter() - began
        print(f"killed in mid-rebuild: {seen.line()}; whole {took:.1f} s after it was back", flush=True)
        return lost and seen.well and self.sound() and self.compared("after the kill")

    def away(self, seconds: float) -> bool:
        """Listings change while it is away: what could not be sent is sent when it is back, as the worker does."""
        names = list(self.documents)[:: max(1, len(self.documents) // 50)]
        seen = Searchers(self.remote)
        with seen:
            self.node.kill()
            waiting = []
            give_up = time.monotonic() + seconds
            for name in names:
                self.documents[name] = replace(self.documents[name], price=1)
                self.here.refresh([name], self.load)
                if refused(lambda name=name: self.there.refresh([name], self.load)):  # type: ignore[misc]
                    waiting.append(name)
            time.sleep(max(0.0, give_up - time.monotonic()))
            self.node.start()
            began = time.perf_counter()
            until(lambda: not refused(lambda: self.there.refresh(waiting, self.load)))
            took = time.perf_counter() - began
        print(
            f"away for {seconds:.0f} s: {seen.line()}; {len(waiting)} changes waited,"
            f" all in {took:.1f} s after it was back",
            flush=True,
        )
        return bool(waiting) and seen.well and self.sound() and self.compared("after it was away")

    def sound(self) -> bool:
        expected = {name: each.mark() for name, each in self.documents.items()}
        lost = [engine for engine in (self.here, self.there) if dict(engine.state().marks) != expected]
        print(f"held against the listings: {'NOT SOUND' if lost else 'sound'}", flush=True)
        return not lost


class Searchers:
    """Somebody who asks for everything all the time, with a connection of its own."""

    def __init__(self, make: Callable[[], SearchEngine]) -> None:
        self._engine, self._stop = make(), threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.seen: Counter[str] = Counter()
        self.fewest, self.longest = sys.maxsize, 0.0

    def __enter__(self) -> None:
        self._thread.start()
        while not self.seen:
            time.sleep(0.01)

    def __exit__(self, *_words: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.02):
            began = time.perf_counter()
            try:
                self.fewest = min(self.fewest, self._engine.search(replace(_ALL, facets=())).total)
                self.seen["answered"] += 1
            except SearchAway:
                self.seen["told that search is away"] += 1
            except Exception as error:  # any other answer is a fault, and is told by its name
                self.seen[type(error).__name__] += 1
            self.longest = max(self.longest, time.perf_counter() - began)

    @property
    def well(self) -> bool:
        return set(self.seen) <= {"answered", "told that search is away"} and self.fewest > 0

    def line(self) -> str:
        told = ", ".join(f"{count} {what}" for what, count in self.seen.most_common())
        return f"searchers: {told}, never fewer than {self.fewest} hits, waited {self.longest:.1f} s at most"


_ALL = Ask(visible=questions.EVERYBODY)


def refused(act: Callable[[], object]) -> bool:
    """Whether search was away for it."""
    try:
        act()
    except SearchAway:
        return True
    return False


def until(holds: Callable[[], bool], within_s: float = 300.0) -> None:
    """Ask again and again, as the worker does."""
    give_up = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > give_up:
            raise TimeoutError
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

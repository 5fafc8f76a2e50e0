"""A million generated bilingual listings in the embedded engine, beside SQLite's FTS5 and Xapian, in one run.

    python -m bench.search [--listings 1000000] [--questions 200] [--peer-questions 50] [--elasticsearch 200000]
                           [--folder DIR [--keep]]

Every engine gets the same terms and is asked the same questions, a peer between two turns of ours; where the totals of
two differ, the run fails. Time to index is with the analysis for ours, and without it for the peers. Xapian runs where
``sh tools/setup-xapian.sh`` made its environment (it is GPL: a peer of the benchmark, no part of the product), and is
named as not run otherwise. Our engine on Elasticsearch is asked beside the embedded one over so many of the listings.
With ``--keep`` the indexes stay in the folder; those that stand there of so many listings are asked without being built
again.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.search import corpus, elastic_beside, peers, questions
from catalog.search import asking
from catalog.search.elastic.engine import ElasticEngine
from catalog.search.tantivy_engine import TantivyEngine
from catalog.search.types import Answer, Ask


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--peer-questions", type=int, default=50)
    parser.add_argument("--elasticsearch", type=int, default=200_000, metavar="LISTINGS")
    parser.add_argument("--folder", type=Path, help="where the indexes are written: twenty gigabytes are enough")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if given.keep and given.folder is None:
        parser.error("--keep needs --folder")
    with _place(given.folder, given.listings, keep=given.keep) as folder:
        wrong = run(folder, given.listings, given.questions, given.peer_questions)
        wrong += elastic_beside.compare(folder, given.elasticsearch, given.peer_questions, _asked, _say_beside)
    print(f"{wrong} totals or facet counts differ")
    return wrong


@contextmanager
def _place(folder: Path | None, listings: int, *, keep: bool) -> Iterator[Path]:
    if folder is not None and keep:
        kept = folder / f"of-{listings}"
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(dir=folder) as made:
        yield Path(made)


def run(folder: Path, listings: int, count: int, peer_count: int) -> int:
    """Print the figures; answers how many totals or facet counts differed."""
    engine = TantivyEngine(folder / "index", most_kept=0)
    began, spent = time.perf_counter(), time.process_time()
    stood = engine.ready()
    if not stood:
        engine.rebuild(corpus.listings(listings), wait_s=1)
    took = None if stood else time.perf_counter() - began
    _say_built("tantivy", listings, took, _size(folder / "index"), time.process_time() - spent)
    for kind in questions.KINDS:
        answers = _asked(engine, questions.of_kind(kind, count))
        print(f"  {kind:<22} {_times([seconds for _answer, seconds in answers])}", flush=True)
    documents = folder / "documents.jsonl"
    if not documents.exists():
        peers.write(corpus.listings(listings), documents)
    wrong = 0
    for command in _commands():
        peer = peers.Peer(command, documents, folder)
        _say_built(peer.version, listings, peer.seconds, peer.bytes)
        for kind in questions.KINDS:
            wrong += _beside(peer, engine, kind, peer_count)
        peer.close()
    return wrong


def _commands() -> list[list[str]]:
    commands = [[sys.executable, "-m", "bench.search.fts5_peer"]]
    if peers.XAPIAN.exists():
        return [*commands, [str(peers.XAPIAN), "-m", "bench.search.xapian_peer"]]
    print("Xapian not run: sh tools/setup-xapian.sh makes its environment")
    return commands


def _asked(engine: TantivyEngine | ElasticEngine, asks: Sequence[Ask]) -> list[tuple[Answer, float]]:
    for ask in asks[:5]:
        asking.answer(engine, ask)
    return [peers.timed(asking.answer, engine, ask) for ask in asks]


def _beside(peer: peers.Peer, engine: TantivyEngine, kind: str, count: int) -> int:
    """Ours is asked before the peer and again after it: a machine is faster in one minute than in another.

    A peer is asked for what was asked of ours in the end: common words take no part there either.
    """
    asks = questions.of_kind(kind, count)
    meant = [replace(ask, question=asking.meaning(engine, ask.question)) for ask in asks]
    before, answers, after = _asked(engine, asks), [peer.ask(ask) for ask in meant], _asked(engine, asks)
    wrong = 0
    for ask, (mine, _seconds), theirs in zip(meant, before, answers, strict=True):
        counted = {name: dict(values) for name, values in mine.facets.items()}
        if (mine.total, counted) != (theirs.total, _sorted(theirs.facets, counted)):
            wrong += 1
            print(f"    DIFFERS {peers.asked(ask)}: {mine.total} and {theirs.total}")
    _say_times(kind, [seconds for _answer, seconds in before + after], [answer.seconds for answer in answers])
    return wrong


def _say_beside(kind: str, ours: Sequence[tuple[Answer, float]], theirs: Sequence[tuple[Answer, float]]) -> None:
    _say_times(kind, *([seconds for _answer, seconds in each] for each in (ours, theirs)))


def _say_times(kind: str, own: Sequence[float], other: Sequence[float]) -> None:
    p50, p99 = (_quantile(other, part) / _quantile(own, part) for part in (0.5, 0.99))
    print(f"  {kind:<22} {_times(other)}   {p50:.1f} and {p99:.1f} of ours: {_times(own)}", flush=True)


def _sorted(facets: Mapping[str, Mapping[str, int]], like: Mapping[str, object]) -> dict[str, dict[str, int]]:
    return {name: dict(facets[name]) for name in like}


def _times(seconds: Sequence[float]) -> str:
    p50, p99 = _quantile(seconds, 0.5), _quantile(seconds, 0.99)
    mean = statistics.fmean(seconds) * 1000
    return f"p50 {p50 * 1000:8.2f}  p99 {p99 * 1000:8.2f}  mean {mean:8.2f} ms ({len(seconds)})"


def _quantile(seconds: Sequence[float], part: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(part * len(seconds)))]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _say_built(name: str, listings: int, seconds: float | None, size: int, cpu: float | None = None) -> None:
    """``seconds`` is None when it stood there already."""
    used = "" if cpu is None else f", {cpu / listings * 1e6:.0f} µs of CPU each"
    when = "before" if seconds is None else f"in {seconds:.0f} s{used}"
    print(f"{name}: {listings:,} listings indexed {when}, {size / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    sys.exit(min(1, main()))

"""A part of the corpus in our engine on Elasticsearch, beside the embedded one over the same listings."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.search import corpus, questions
from catalog.search.elastic.engine import ElasticEngine
from catalog.search.tantivy_engine import TantivyEngine
from catalog.search.types import Answer, Ask
from tests.catalog.search import remote
from tests.servers import elasticsearch

Asked = list[tuple[Answer, float]]
_HEAP = "1g"


def compare(
    folder: Path, listings: int, count: int, ask: Callable[[TantivyEngine | ElasticEngine, list[Ask]], Asked],
    say: Callable[[str, Asked, Asked], None],
) -> int:  # fmt: skip
    """Print both; answers how many totals or facet counts differ."""
    try:
        with elasticsearch.running(heap=_HEAP) as node:
            there = remote.engines(node.url, folder, asking_s=60.0)()
            here = TantivyEngine(folder / "part", most_kept=0)
            for name, engine in (("tantivy", here), (f"Elasticsearch {elasticsearch.VERSION}", there)):
                began = time.perf_counter()
                engine.rebuild(corpus.listings(listings), wait_s=1)
                print(f"{name}: {listings:,} listings indexed in {time.perf_counter() - began:.0f} s", flush=True)
            return sum(_of_kind(kind, here, there, count, ask, say) for kind in questions.KINDS)
    except elasticsearch.ElasticsearchMissing as missing:
        print(f"Elasticsearch not run: {missing}")
        return 0


def _of_kind(
    kind: str, here: TantivyEngine, there: ElasticEngine, count: int,
    ask: Callable[[TantivyEngine | ElasticEngine, list[Ask]], Asked], say: Callable[[str, Asked, Asked], None],
) -> int:  # fmt: skip
    asks = questions.of_kind(kind, count)
    ours, theirs = ask(here, asks), ask(there, asks)
    say(kind, ours, theirs)
    pairs = zip(ours, theirs, strict=True)
    return sum((one.total, one.facets) != (other.total, other.facets) for (one, _), (other, _) in pairs)

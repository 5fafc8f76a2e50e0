"""How well the product's own search answers a collection's queries: ``python -m bench.relevance``.

A collection of any origin::

    python -m bench.relevance --documents corpus.jsonl --queries queries.tsv --judgements qrels.txt
    python -m bench.relevance FOLDER            # finds the three files in it by their names

Documents are brought in as references of an exchange in a temporary folder (they have texts and tags, nobody's orders),
then every query that has a judgement is sent to ``GET /api/v1/search`` over HTTP, as somebody who has not signed in.
Printed are, over the queries with at least one relevant document in the collection: nDCG@10 (gain is the judgement's
grade, discount log2, as trec_eval's ndcg_cut), MAP and recall among the first ``--depth`` (100), and the share of
queries that found nothing.

Documents: JSON lines, one JSON list or object by id, or CSV/TSV with a header; ``.gz`` too.
    id         id, _id, docid, doc_id, docno, dataset_id, identifier, pid, corpus-id; else the number of the line
    title      title, name, headline; per language as {"zh": …, "en": …}, title_zh, title_en, title.zh
    text       text, body, contents, content, abstract, description, summary, passage, notes; all of them count
    tags       tags, keywords, subjects, categories, topics: a list, objects with a name, or a text with commas
    language   of texts that do not say: ``--language``, else lang or language of the document, else Chinese if the text
               has Han characters, else English. Fields that are not named here are left out unless ``--fields`` lists
               them.
Queries: JSON lines or a JSON list (id: id, _id, qid, query_id, query-id; text: text, query, title, question, keywords),
    a JSON object by id, TSV or CSV (id, text; a header or none), or TREC topics (<num>, <title>).
Judgements: TREC qrels (query, anything, document, grade), three columns (query, document, grade), a header or none,
    parted by tabs, spaces or commas; JSON lines (query: qid, query_id, query-id, query; document: docid, doc_id,
    corpus-id, document; grade: grade, relevance, rel, score, label, else 1); or a JSON object of objects. A grade of 0
    or less is "not relevant".

    --sample N  only about N of the queries, the same ones each time
    --pool      only documents that are judged for some query (a collection's judged pool)
    --each      print every query's figures
    --address   ask an exchange that runs already and holds the collection as references whose addresses end in
                ``/NUMBER`` (as this bench imports them); nothing is brought in

The product's own judged queries on the listings of three exchanges::

    python -m bench.relevance judged FOLDER     # FOLDER holds beijing.csv, guiyang.csv and zhejiang.csv

A collection out of records with tags, where tags are the queries and hidden from the index::

    python -m bench.relevance.tagged RECORDS.jsonl FOLDER [--language zh]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.relevance import asking, judged, measuring
from bench.relevance.files import Unreadable
from bench.relevance.reading import documents_of, found_in, judgements_of, queries_of


def main(given: list[str]) -> int:
    """Print the figures; answers 2 with a sentence when the files cannot be read."""
    if given[:1] == ["judged"]:
        return judged.main(Path(given[1]))
    options = _options(given)
    try:
        return _measure(options)
    except (Unreadable, OSError) as error:
        print(f"bench.relevance: {error}", file=sys.stderr)
        return 2


def _measure(options: argparse.Namespace) -> int:
    paths = found_in(options.folder) if options.folder else {}
    paths |= {name: path for name in ("documents", "queries", "judgements") if (path := getattr(options, name))}
    missing = [name for name in ("documents", "queries", "judgements") if name not in paths]
    if missing:
        raise Unreadable(f"say where the {' and the '.join(missing)} are, for example --{missing[0]} FILE")
    judgements, queries = judgements_of(paths["judgements"]), queries_of(paths["queries"])
    documents = documents_of(paths["documents"], options.language, tuple(options.fields))
    if options.pool:
        pool = {document for grades in judgements.values() for document in grades}
        documents = [each for each in documents if each.id in pool]
    asked = measuring.answerable(queries, judgements, {each.id for each in documents})
    if options.sample:
        asked = {query: asked[query] for query in sorted(asked)[:: max(1, len(asked) // options.sample)]}
    print(
        f"{len(documents)} documents, {len(queries)} queries, {sum(map(len, judgements.values()))} judgements;"
        f" {len(asked)} queries with a relevant document are asked"
    )
    with asking.exchange(documents, options.address) as ask:
        answers = {query: ask(queries[query], options.depth) for query in asked}
    figures = {query: measuring.of_query(answers[query], asked[query], options.depth) for query in asked}
    for query, found in figures.items() if options.each else ():
        print(f"{query}\tnDCG@10 {found.ndcg:.3f}\tAP {found.ap:.3f}\t{len(answers[query])}\t{queries[query]}")
    print(measuring.summary(list(figures.values()), options.depth))
    return 0


def _options(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.relevance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path)
    for name in ("documents", "queries", "judgements"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--language", choices=("zh", "en"))
    parser.add_argument("--fields", nargs="*", default=[])
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--pool", action="store_true")
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--address", default="")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

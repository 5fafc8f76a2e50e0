"""``bench.relevance`` reads collections of many layouts, reckons as trec_eval does, and asks over HTTP."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from bench.relevance import tagged
from bench.relevance.__main__ import main
from bench.relevance.files import Unreadable
from bench.relevance.measuring import answerable, of_query
from bench.relevance.reading import Document, documents_of, found_in, judgements_of, queries_of


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.jsonl", '{"_id": "a", "title": "气象", "text": "每小时", "tags": ["天气", "雨"]}\n'),
        ("d.json", '[{"docid": "a", "name": "气象", "description": "每小时", "keywords": "天气，雨"}]'),
        (
            "d.json",
            '{"docs": [{"id": "a", "title": {"zh": "气象"}, "body": "每小时", "tags": [{"n": "天气"}, {"n": "雨"}]}]}',
        ),
        ("d.json", '{"a": {"title_zh": "气象", "notes": "每小时", "tags": {"zh": ["天气", "雨"]}}}'),
        ("d.csv", "id,title,summary,tags\na,气象,每小时,天气;雨\n"),
        ("d.tsv", "docno\ttitle\ttext\tkeywords\na\t气象\t每小时\t天气|雨\n".replace("docno", "doc_id")),
    ],
)
def test_documents(tmp_path: Path, name: str, text: str) -> None:
    (found,) = documents_of(written(tmp_path, name, text))
    assert found == Document("a", {"zh": "气象"}, {"zh": "每小时"}, ("天气", "雨"))


def test_languages_and_packed_files(tmp_path: Path) -> None:
    record = {
        "id": 1,
        "title": {"en": "Weather", "zh": "气象"},
        "description": "hourly",
        "content": "每小时",
        "extra": "x",
    }
    path = tmp_path / "corpus.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(record, ensure_ascii=False).encode()))
    (found,) = documents_of(path, fields=["extra"])
    assert (found.title, found.text) == ({"en": "Weather", "zh": "气象"}, {"en": "hourly\nx", "zh": "每小时"})
    (found,) = documents_of(path, "en")
    assert found.title == {"en": "Weather"}
    assert found_in(tmp_path) == {"documents": path}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.tsv", "q1\thow warm\nq2\t多暖\n"),
        ("q.csv", "qid,query\nq1,how warm\nq2,多暖\n"),
        ("q.jsonl", '{"_id": "q1", "text": "how warm"}\n{"_id": "q2", "text": "多暖"}'),
        ("q.json", '{"q1": "how warm", "q2": "多暖"}'),
        ("q.txt", "<top>\n<num> Number: q1\n<title> how warm\n</top>\n<top>\n<num>q2</num><title>多暖</title></top>"),
    ],
)
def test_queries(tmp_path: Path, name: str, text: str) -> None:
    assert queries_of(written(tmp_path, name, text)) == {"q1": "how warm", "q2": "多暖"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("qrels.txt", "q1 0 a 2\nq1 Q0 b 0\n"),
        ("test.tsv", "query-id\tcorpus-id\tscore\nq1\ta\t2\nq1\tb\t0\n"),
        ("j.csv", "q1,a,2\nq1,b,0\n"),
        ("j.jsonl", '{"qid": "q1", "docid": "a", "relevance": 2}\n{"qid": "q1", "docid": "b", "relevance": "0"}'),
        ("j.json", '{"q1": {"a": 2, "b": 0}}'),
    ],
)
def test_judgements(tmp_path: Path, name: str, text: str) -> None:
    assert judgements_of(written(tmp_path, name, text)) == {"q1": {"a": 2, "b": 0}}


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (documents_of, '{"id": 1}'), (documents_of, "[1]"), (documents_of, '{"title": "a"}\n{"ti'), (documents_of, ""),
        (queries_of, '{"id": 1}'), (queries_of, "alone"), (judgements_of, "q d 1\nq d x\n"), (judgements_of, ""),
        (judgements_of, '[{"qid": 1}]'), (judgements_of, "header only\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(tmp_path: Path, read: object, text: str) -> None:
    with pytest.raises(Unreadable, match="file"):
        read(written(tmp_path, "file", text))  # type: ignore[operator]


def test_figures() -> None:
    grades = answerable({"q": "x"}, {"q": {"a": 2, "b": 1, "gone": 3, "no": 0}, "other": {"a": 1}}, {"a", "b", "no"})
    assert grades == {"q": {"a": 2, "b": 1}}
    found = of_query(["c", "a", "d", "b"], grades["q"], 100)
    assert found.ndcg == pytest.approx((2 / 1.5849625 + 1 / 2.3219281) / (2 + 1 / 1.5849625))
    assert found.ap == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert (found.recall, found.nothing) == (1.0, False)
    assert of_query([], grades["q"], 100).nothing


def test_a_collection_is_brought_in_and_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        {"id": str(n), "name": {"zh": f"{word}观测{n}"}, "description": {"zh": word * 3}, "tags": [word, "weather"]}
        for n, word in enumerate(("气象", "气象", "地震", "地震", "海洋", "海洋"))
    ]
    source = written(tmp_path, "records.jsonl", "\n".join(json.dumps(each, ensure_ascii=False) for each in records))
    assert tagged.main([str(source), str(tmp_path / "set")]) == 0
    assert main([str(tmp_path / "set"), "--each"]) == 0
    shown = capsys.readouterr().out
    assert "6 documents, 3 queries, 6 judgements; 3 queries with a relevant document are asked" in shown
    assert "nDCG@10 1.0000  MAP 1.0000  recall@10 1.0000  recall@100 1.0000  found nothing 0.0%" in shown
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "is not a folder" in capsys.readouterr().err

"""The analysis of text."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search import analysis, lexicon


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("企业工商信息", ["企业", "业工", "工商", "商信", "信息"]),
        ("身份證", ["身份", "份证"]),
        ("金", ["金"]),
        ("ＡＰＩ接口V2.0", ["api", "接口", "v2", "0"]),
        ("GB/T 2260-2007", ["gb", "t", "2260", "2007"]),
        ("Ωмега かな", []),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert analysis.terms(text) == expected


def test_stop_words_only_stay() -> None:
    assert analysis.query_terms("the weather of a city") == ["weather", "city"]
    assert analysis.query_terms("to be") == ["to", "be"]


def test_highlight_marks_the_source_spelling() -> None:
    pieces = analysis.highlight("【身份證】核验 ＡＰＩ", analysis.terms("身份证api"))
    assert [piece.text for piece in pieces if piece.hit] == ["身份證", "ＡＰＩ"]


@given(st.text(max_size=60), st.text(max_size=20))
def test_highlight_keeps_every_character(text: str, query: str) -> None:
    assert "".join(piece.text for piece in analysis.highlight(text, analysis.terms(query))) == text


def test_excerpt_starts_where_the_answer_is() -> None:
    text = "无关内容。" * 100 + "这里有气象观测" + "无关内容。" * 100
    assert "气象观测" in analysis.excerpt(text, analysis.terms("气象观测"))
    assert analysis.excerpt("短", ["气象"]) == "短"


def test_lexicon_takes_the_longest_idea() -> None:
    (found,) = lexicon.concepts("bank cards")
    assert found.others == ("银行卡",)
    assert [concept.asked for concept in lexicon.concepts("地下水水质")] == ["地下水", "水质"]


def _named(text: str) -> list[str]:
    return lexicon.named(analysis.runs(text))


def test_a_query_looks_for_the_names_that_an_index_keeps_of_what_it_means() -> None:
    (weather,) = lexicon.concepts("meteorology")
    for text in ("天气", "省气象局", "Weather radars"):
        assert set(weather.names) <= set(_named(text)), "one name for both languages"
    (card,) = lexicon.concepts("银行卡")
    assert card.names == tuple(_named("many bank-cards"))[-1:]
    assert _named("天气、天气") == _named("天气") * 2
    assert _named("地下水水质") == [*_named("地下水"), *_named("水质")]
    assert _named("weather 2020，") == _named("weather")
    assert _named("火星 zzz") == []


@given(st.text(alphabet="天气银行卡企业信息 weather bank card data sets", max_size=30))
def test_names_are_found_wherever_their_words_stand(text: str) -> None:
    lines = lexicon.read((Path(lexicon.__file__).with_name("lexicon.txt")).read_text(encoding="utf-8"))
    wanted = Counter[str]()
    for number, (chinese, english) in enumerate(lines):
        for word in {*map("".join, map(analysis.runs, chinese))}:
            if analysis.is_han(word):
                wanted[f"L{number}"] += len(re.findall(f"(?={word})", text))
        for word in {" ".join(lexicon._singular(run) for run in analysis.runs(word)) for word in english}:
            said = " ".join(lexicon._singular(run) if not analysis.is_han(run) else "|" for run in analysis.runs(text))
            wanted[f"L{number}"] += len(re.findall(f"(?<![a-z0-9])(?={word}(?![a-z0-9]))", said))
    assert Counter(_named(text)) == +wanted


@pytest.mark.parametrize("line", ["气象 weather", "= weather", "气象 ="])
def test_lexicon_says_which_line_is_wrong(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        lexicon.read(f"天气 = weather\n{line}")

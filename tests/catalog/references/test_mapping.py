"""Source mappings: layouts nobody has seen are described without code, and mistakes are named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.references import mapping, reading, tables
from catalog.references.errors import FileRefused, MappingInvalid, SourceUnknown
from catalog.references.types import Candidate, Outcome, Rejected

PLAIN = """
version: 1
source: {name: somewhere, title: {en: Somewhere}}
language: en
key: id
title: name
price: {text: price, currency: CNY}
"""


def read(text: str, raw: str | bytes) -> list[Candidate | Rejected]:
    found = mapping.parse(text)
    table = tables.read(raw.encode() if isinstance(raw, str) else raw, found.file)
    return list(reading.candidates(found, table))


def stored(text: str, raw: str | bytes) -> list[Candidate]:
    return [row for row in read(text, raw) if isinstance(row, Candidate)]


def test_the_shipped_mappings_are_sound() -> None:
    assert mapping.names() == ["beijing", "guiyang", "zhejiang"]
    for name in mapping.names():
        assert mapping.load(name).name == name


def test_the_mapping_in_the_documentation_is_sound() -> None:
    page = Path(mapping.__file__).parents[2].joinpath("docs/formats/source-mapping.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    found = mapping.parse(example)
    assert (found.name, found.file.delimiter, found.kind.default) == ("data-bazaar", ";", "other")


def test_english_tabs_amount_and_unit_in_columns() -> None:
    text = """
version: 1
source: {name: data-bazaar, title: {en: Data Bazaar}}
file: {format: tsv}
language: en
key: {columns: [vendor, sku], join: '/'}
address: {column: sku, template: 'https://bazaar.example/p/{0}'}
title: {columns: [brand, product], join: ' '}
description: [blurb, notes]
supplier: vendor
tags: {column: topics, split: '\\|'}
kind: {column: form, values: {API: interface, File: dataset}, default: other}
price: {amount: amount, unit: per, currency: cur}
updated_at: {column: changed, formats: ['%d.%m.%Y'], zone: '+00:00'}
classification: {column: class, quarantine: [secret], queue: [internal], accept: [public]}
"""
    raw = (
        "vendor\tsku\tbrand\tproduct\tblurb\tnotes\ttopics\tform\tamount\tper\tcur\tchanged\tclass\n"
        "Acme\tw1\tAcme\tWeather\tHourly.\tAsk 13800138000.\train|wind\tAPI\t1,200.50\tmonth\tUSD\t24.11.2026\tpublic\n"
        "Acme\tw2\tAcme\tStorms\t\t\t\tDVD\t\t\t\t\tinternal\n"
        "Acme\tw3\tAcme\tWar\t\t\t\tFile\t5\tcall\tEUR\t\tsecret\n"
        "Acme\tw4\tAcme\tOdd\t\t\t\tFile\t5\tcall\tEUR\t\tnew class\n"
    )
    first, second, third, fourth = stored(text, raw)
    assert first.title == {"en": "Acme Weather"}
    assert first.address == "https://bazaar.example/p/w1"
    assert first.description["en"].startswith("Hourly.\nAsk 13")
    assert "13800138000" not in first.description["en"]
    assert first.tags == ("rain", "wind")
    assert (first.kind, first.price_kind, first.currency, first.price_period) == (
        "interface", "subscription", "USD", "month",
    )  # fmt: skip
    assert first.price_text == "USD 1,200.50/month"
    assert first.source_updated_at == datetime(2026, 11, 24, tzinfo=UTC)
    assert (second.kind, second.price_kind, second.outcome) == ("other", "unstated", Outcome.QUEUED)
    assert (third.outcome, third.reason) == (Outcome.QUARANTINED, "class: secret")
    assert fourth.outcome == Outcome.QUEUED


def test_json_lines_in_two_languages() -> None:
    text = """
version: 1
source: {name: twofold}
file: {format: jsonl}
key: meta.id
title: {zh: name.zh, en: name.en}
origin: government
price: {text: fee, words: {free: [开放], units: {人次: per_call}}, currency: CNY}
"""
    lines = [
        {"meta": {"id": 7}, "name": {"zh": "气象", "en": "Weather"}, "fee": "开放"},
        {"meta": {"id": 8}, "name": {"en": "Only English"}, "fee": "2元/人次"},
    ]
    first, second = stored(text, "\n".join(json.dumps(line) for line in lines))
    assert first.title == {"zh": "气象", "en": "Weather"}
    assert (first.price_kind, first.origin) == ("free", "government")
    assert second.title == {"en": "Only English"}
    assert (second.price_kind, second.unit_price) == ("per_call", 2_000_000_000)


def test_rules_for_prices_in_prose() -> None:
    text = PLAIN.replace("currency: CNY}", "details: terms, currency: CNY, rules: [{contains: 套餐, kind: package,"
                         " read: false}, {contains: 查得, kind: per_hit}]}")  # fmt: skip
    rows = stored(text, "id,name,price,terms\n1,a,0.3元/次,按套餐计费\n2,b,0.3元/次,查得计费\n3,c,看情况,查得计费\n")
    assert [(row.price_kind, row.unit_price, row.price_text) for row in rows] == [
        ("package", None, "0.3元/次"), ("per_hit", 300_000_000, "0.3元/次"), ("unread", None, "看情况"),
    ]  # fmt: skip


def test_markup_wildcards_epochs_and_scaled_amounts() -> None:
    text = """
version: 1
source: {name: odd}
key: id
title: {column: name, html: true}
description: {column: text, html: true}
kind: {column: form, values: {'API*': interface, '*包': dataset}, default: other}
price: {amount: wan, currency: CNY, scale: 10000}
updated_at: {column: at, formats: [epoch_ms]}
classification: {column: class, quarantine: ['*核心*'], accept: ['一般*']}
"""
    raw = (
        "id,name,text,form,wan,at,class\n"
        "1,<b>气象</b>&amp;水文,<p>一</p><script>alert(1)</script><p>二</p>,API 2.0,1.5,1764028800000,一般-2\n"
        "2,b,,压缩包,,soon,国家核心数据\n"
    )
    first, second = stored(text, raw)
    assert first.title["zh"] == "气象&水文"
    assert first.description["zh"] == "一\n\n二"
    assert (first.kind, first.unit_price, first.outcome) == ("interface", 15_000 * 10**9, Outcome.IMPORTED)
    assert first.source_updated_at == datetime(2025, 11, 25, tzinfo=UTC)
    assert (second.kind, second.source_updated_at, second.outcome) == ("dataset", None, Outcome.QUARANTINED)


def test_rows_that_are_reported() -> None:
    found = read(PLAIN, "id,name,price\n1,a,\n,b,\n3,,\n1,again,\n4\n")
    assert [(row.line, row.reason) for row in found if isinstance(row, Rejected)] == [
        (3, "has no key"),
        (4, "has no title"),
        (5, "has the same key as line 2"),
        (6, "has 1 cells, 3 columns are named"),
    ]


def test_what_is_shown_is_masked_and_harmless() -> None:
    text = PLAIN + "address: link\nsupplier: who\n"
    raw = 'id,name,price,link,who\n1,"电话13800138000\u202e\n联系",问13800138000,javascript:alert(1),王 13800138000\n'
    (row,) = stored(text, raw)
    assert "13800138000" not in repr(row)
    assert row.address == ""
    assert row.title["en"].endswith(" 联系")


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(FileRefused, match="no column price"):
        read(PLAIN, "id,name\n1,a\n")
    assert stored(PLAIN + "optional_columns: [price]\n", "id,name\n1,a\n")[0].price_kind == "unstated"


def test_the_same_row_has_the_same_hash_wherever_it_stands() -> None:
    one = stored(PLAIN, "id,name,price\n1,a,\n2,b,\n")
    two = stored(PLAIN, "price,name,id\n,b,2\n,a,1\n")
    assert {row.content_hash for row in one} == {row.content_hash for row in two}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("version: 2", "version"),
        ("colour: red", "colour"),
        ("titel: x", "did you mean “title”"),
        ("kind: thing", "kind"),
        ("kind: {column: k, values: {A: gadget}}", "kind.values"),
        ("price: {text: p, currency: CNY, words: {unit: {}}}", "did you mean “units”"),
        ("price: {text: p, float_debris: 5}", "price.float_debris"),
        ("price: {amount: p, scale: 12}", "price.scale"),
        ("title: {column: n, html: perhaps}", "title.html"),
        ("price: {text: p, rules: [{contains: x, kind: barter}]}", "price.rules.0.kind"),
        ("key: {constant: x}", "key"),
        ("file: {format: xlsx}", "file.format"),
        ("file: {encodings: [klingon]}", "file.encodings"),
        ("file: {delimiter: '||'}", "file.delimiter"),
        ("tags: {column: t, split: '('}", "tags.split"),
        ("address: {column: u, template: '{0.__class__}'}", "address.template"),
        ("classification: {column: c, otherwise: ignore}", "classification.otherwise"),
        ("updated_at: {column: c, zone: Mars}", "updated_at.zone"),
        ("source: {name: 'Über Us'}", "source.name"),
        ("title: {}", "title"),
        ("- a list", "YAML"),
    ],
)
def test_mistakes_are_named(change: str, told: str) -> None:
    lines = [line for line in PLAIN.strip().split("\n") if line.partition(":")[0] != change.partition(":")[0]]
    with pytest.raises(MappingInvalid) as caught:
        mapping.parse("\n".join([*lines, change]))
    assert told in str(caught.value)


def test_unknown_sources_are_told_what_is_known() -> None:
    with pytest.raises(SourceUnknown) as caught:
        mapping.load("atlantis")
    assert "beijing" in str(caught.value.hint)

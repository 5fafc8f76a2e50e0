"""Importing files into an exchange: every row accounted for, and the same again changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from catalog.references import queries, service
from catalog.references.errors import FileRefused, ImportBusy, NotWaiting, ReferenceNotFound
from catalog.references.models import Reference
from catalog.references.types import ImportReport, ReferenceSnapshot
from core.actor import ANONYMOUS, SYSTEM, Actor
from core.house import House
from core.problems import Forbidden

REVIEWER = Actor(account_id="acc_r", platform_roles=frozenset({"reviewer"}), pseudonym="r")
MAPPING = """
version: 1
source: {name: somewhere, title: {zh: 某处, en: Somewhere}}
key: id
title: name
supplier: who
price: {text: price, currency: CNY}
classification: {column: class, quarantine: [核心数据], queue: [重要数据], accept: [一般数据]}
"""
HEADER = "id,name,who,price,class\n"
ROWS = (
    "1,气象观测,王 13800138000,0.09元/次,一般数据\n"
    "2,银行卡核验,某公司,面议,一般数据\n"
    "3,电网负荷,某公司,,重要数据\n"
    "4,核设施,某公司,,核心数据\n"
    ",没有键,某公司,,一般数据\n"
)


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "somewhere.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return str(path)


def run(house: House, mapping: str, rows: str, header: str = HEADER) -> ImportReport:
    path = Path(mapping).with_name("rows.csv")
    path.write_text(header + rows, encoding="utf-8")
    return service.import_file(house, SYSTEM, path=path, source=mapping)


def by_title(house: House) -> dict[str, ReferenceSnapshot]:
    rows = house.db.read(lambda uow: [row.snapshot() for row in uow.session.execute(select(Reference)).scalars()])
    return {row.title["zh"]: row for row in rows}


def numbers(report: ImportReport) -> tuple[int, ...]:
    return (report.rows, report.imported, report.queued, report.quarantined, report.reported)


def changes(report: ImportReport) -> tuple[int, ...]:
    return (report.created, report.changed, report.unchanged, report.vanished)


def test_every_row_is_accounted_for(house: House, mapping: str) -> None:
    report = run(house, mapping, ROWS)
    assert numbers(report) == (5, 2, 1, 1, 1)
    assert changes(report) == (4, 0, 0, 0)
    assert [(row.line, row.outcome, row.reason) for row in report.details] == [
        (4, "queued", "class: 重要数据"),
        (5, "quarantined", "class: 核心数据"),
        (6, "reported", "has no key"),
    ]


def test_what_is_kept_of_a_row(house: House, mapping: str) -> None:
    run(house, mapping, ROWS)
    found = by_title(house)["气象观测"]
    assert "13800138000" not in repr(found)
    assert (found.source, found.source_title, found.price_text) == (
        "somewhere", {"zh": "某处", "en": "Somewhere"}, "0.09元/次",
    )  # fmt: skip
    assert (found.unit_price, found.orderable, found.claimed) == (90_000_000, False, False)


def test_twice_changes_nothing(house: House, mapping: str) -> None:
    run(house, mapping, ROWS)
    before = by_title(house)
    report = run(house, mapping, ROWS)
    assert numbers(report) == (5, 2, 1, 1, 1)
    assert changes(report) == (0, 0, 4, 0)
    assert by_title(house) == before


def test_changed_vanished_and_back(house: House, mapping: str) -> None:
    run(house, mapping, ROWS)
    first = by_title(house)["气象观测"]
    report = run(house, mapping, "1,气象观测,某公司,0.10元/次,一般数据\n")
    assert changes(report) == (0, 1, 0, 3)
    found = by_title(house)
    assert found["气象观测"].id == first.id
    assert found["气象观测"].version == first.version + 1
    assert found["银行卡核验"].state == "vanished"
    assert found["核设施"].state == "quarantined"
    again = run(house, mapping, ROWS)
    assert changes(again) == (0, 4, 0, 0)
    assert by_title(house)["银行卡核验"].state == "imported"


def test_damaged_rows_make_nothing_vanish(house: House, mapping: str) -> None:
    run(house, mapping, ROWS)
    report = run(house, mapping, '1,"气象观测,王,,一般数据\n2,银行卡核验,某公司,面议,一般数据\n')
    assert (report.reported, report.vanished) == (1, 0)
    assert "vanished" in report.note
    legible = run(house, mapping, "1,气象观测,王,\x00,一般数据\n2,银行卡核验,某公司,面议,一般数据\n")
    assert (legible.reported, legible.vanished) == (1, 2)
    assert by_title(house)["气象观测"].state == "imported"


def test_who_may_see_what(house: House, mapping: str) -> None:
    run(house, mapping, ROWS)
    found = by_title(house)

    def seen(actor: Actor, title: str) -> ReferenceSnapshot:
        return house.db.read(lambda uow: queries.get(uow, actor, found[title].id))

    assert seen(ANONYMOUS, "气象观测").id == found["气象观测"].id
    for title in ("电网负荷", "核设施"):
        with pytest.raises(ReferenceNotFound):
            seen(ANONYMOUS, title)
        assert seen(REVIEWER, title).reason
    waiting = house.db.read(lambda uow: queries.waiting(uow, REVIEWER))
    assert [row.title["zh"] for row in waiting.items] == ["电网负荷"]
    assert not house.db.read(lambda uow: queries.waiting(uow, ANONYMOUS)).items


def test_review_is_kept_until_the_source_changes(house: House, mapping: str) -> None:
    run(house, mapping, ROWS)
    waiting = by_title(house)["电网负荷"]
    with pytest.raises(ReferenceNotFound):
        house.db.write(lambda uow: service.release(uow, ANONYMOUS, waiting.id))
    assert house.db.write(lambda uow: service.release(uow, REVIEWER, waiting.id)).state == "imported"
    with pytest.raises(NotWaiting):
        house.db.write(lambda uow: service.quarantine(uow, REVIEWER, waiting.id, reason="late"))
    run(house, mapping, ROWS)
    assert by_title(house)["电网负荷"].state == "imported"
    run(house, mapping, ROWS.replace("3,电网负荷,某公司,", "3,电网负荷,另一家,"))
    assert by_title(house)["电网负荷"].state == "queued"


def test_progress_and_long_files(house: House, mapping: str, tmp_path: Path) -> None:
    rows = "".join(f"{number},标题{number},某公司,免费,一般数据\n" for number in range(95))
    path = tmp_path / "long.csv"
    path.write_text(HEADER + rows, encoding="gb18030")
    seen: list[tuple[int, int]] = []
    report = service.import_file(
        house, SYSTEM, path=path, source=mapping, progress=lambda done, total, _note: seen.append((done, total))
    )
    assert report.encoding == "gb18030"
    assert [done for done, _total in seen] == [21, 41, 61, 81, 96]
    assert house.db.read(lambda uow: uow.session.execute(select(func.count(Reference.id))).scalar_one()) == 95
    assert house.db.read(queries.counts) == {"somewhere": 95}


def test_one_import_of_a_source_at_a_time(house: House, mapping: str) -> None:
    with service._alone(house, "somewhere"), pytest.raises(ImportBusy):
        run(house, mapping, ROWS)
    assert run(house, mapping, ROWS).created == 4


def test_a_killed_import_is_finished_by_the_next(house: House, mapping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"{number},标题{number},某公司,免费,一般数据\n" for number in range(70))
    store, batches = service._store, iter(range(2))

    def dying(*given: Any) -> Any:
        if next(batches, None) is None:
            raise KeyboardInterrupt
        return store(*given)

    with monkeypatch.context() as patched:
        patched.setattr(service, "_store", dying)
        with pytest.raises(KeyboardInterrupt):
            run(house, mapping, rows)
    assert changes(run(house, mapping, rows)) == (30, 0, 40, 0)


def test_refused_files_change_nothing(house: House, mapping: str, tmp_path: Path) -> None:
    run(house, mapping, ROWS)
    with pytest.raises(FileRefused):
        run(house, mapping, "1,2\n", header="id,name\n")
    with pytest.raises(FileRefused):
        service.import_file(house, SYSTEM, path=tmp_path / "absent.csv", source=mapping)
    with pytest.raises(FileRefused, match="right mapping"):
        run(house, mapping, "x\n" * 3000)
    with pytest.raises(Forbidden):
        service.import_file(house, ANONYMOUS, path=tmp_path / "rows.csv", source=mapping)
    assert {row.state for row in by_title(house).values()} == {"imported", "queued", "quarantined"}

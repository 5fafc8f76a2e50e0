"""Names and addresses: found where a column or a word speaks of them, in both languages, and nowhere else."""

from __future__ import annotations

import time

import pytest

from bench import recognisers as campaign
from compliance.recognisers import find, mask, scan_cells


def _found(text: str, context: str = "") -> list[tuple[str, str]]:
    return [(str(each.kind), text[each.start : each.stop]) for each in find(text, context=context)]


@pytest.mark.parametrize(
    ("text", "column", "name"),
    [
        ("王小明", "姓名", "王小明"),
        ("欧阳修", "客户姓名", "欧阳修"),
        ("阿卜杜拉·买买提", "姓名", "阿卜杜拉·买买提"),
        ("John Smith", "customer_name", "John Smith"),
        ("SMITH JOHN", "full name", "SMITH JOHN"),
        ("Anna", "first_name", "Anna"),
        ("联系人：李建国 已回访", "备注", "李建国"),
        ("张伟先生您好", "", "张伟"),
        ("Contact: Mary Ann Jones", "", "Mary Ann Jones"),
        ("seen by Dr. Wei O'Brien today", "", "Wei O'Brien"),
    ],
)
def test_names_where_something_speaks_of_them(text: str, column: str, name: str) -> None:
    assert ("name", name) in _found(text, column)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("王小明", "备注"),
        ("John Smith", "c1"),
        ("华东数据有限公司", "公司名称"),
        ("img_1.jpg", "file_name"),
        ("测试", "姓名"),
        ("Baker", "street_name"),
        ("北京", "城市名称"),
        ("table_1", "name"),
        ("", "姓名"),
    ],
)
def test_no_names_where_nothing_does(text: str, column: str) -> None:
    assert _found(text, column) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("北京市海淀区中关村大街27号院3号楼1单元501室", "北京市海淀区中关村大街27号院3号楼1单元501室"),
        ("我家住在广州市天河区体育西路103号，欢迎", "广州市天河区体育西路103号"),
        ("寄到1782 Mission St, London，谢谢", "1782 Mission St, London"),
        ("221B Baker Street", "221B Baker Street"),
    ],
)
def test_addresses_down_to_the_door(text: str, address: str) -> None:
    assert _found(text) == [("address", address)]


@pytest.mark.parametrize(
    "text", ["第3号文件", "京沪高速公路12号桥", "3号楼", "见 5 号 。", "12 monkeys", "地铁线路2号线", "心里3号"]
)
def test_what_is_numbered_without_being_a_door(text: str) -> None:
    assert _found(text) == []


def test_a_column_of_a_firms_addresses_raises_nothing_but_is_told() -> None:
    rows = [["浙江省杭州市余杭区文一西路969号"]] * 20
    assert scan_cells(["注册地址"], rows).columns[0].unconfirmed == {"address": 20}
    assert scan_cells(["家庭住址"], rows).count("address") == 20


def test_of_a_name_only_the_first_sign_is_shown() -> None:
    assert mask("张伟先生") == "张*先生"
    assert mask("Contact: Mary Jones.") == "Contact: M*********."


def test_addresses_of_both_versions() -> None:
    assert _found("from 2001:4860:4860::8888 today") == [("ip_address", "2001:4860:4860::8888")]
    assert _found("fe80::1 12:30:45 std::vector ::1 00:1a:2b:3c:4d:5e") == []


def test_long_runs_of_what_might_be_names_and_doors_take_no_long_time() -> None:
    began = time.process_time()
    for hostile in (
        "市" * 50_000 + "1号",
        "路" * 20_000 + "1号" * 5_000,
        "1 Aa Aa " * 10_000,
        "Ms " * 20_000,
        "王先生" * 20_000,
    ):
        find(hostile, context="姓名")
    assert time.process_time() - began < 10


def test_a_sample_of_the_campaign() -> None:
    score, sound = campaign.run(60, seed=11)
    assert sound, (score.missed, score.misled)
    assert min(score.recall(kind) for kind in campaign.KINDS) > 0.95

"""How well identifiers are recognised: generated cells and texts, hard negatives among them, by kind; and how fast.

    python -m bench.recognisers [--each 400] [--seed 7] [--megabytes 64]

Cells come in columns as suppliers name them (Chinese, English, or saying nothing), and in sentences of both languages;
check characters are computed here, by another hand than the product's. Hard negatives are order numbers, random strings
of 16 to 19 digits, decimals, times, versions, hashes, product codes, names of firms, cities and files, and identifiers
with one wrong digit. A cell is right when the kinds found in it are the kinds that were put in. The last line scans
generated rows by the volume asked for and tells megabytes a second and the most memory that took. Answers 1 when a kind
with a checksum has a recall below 0.99, or any kind a precision below 0.97.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from compliance.recognisers import Identifier, find, scan_cells

CHECKED = (Identifier.RESIDENT_ID, Identifier.CREDIT_CODE, Identifier.BANK_CARD)
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_REGIONS = ("110101", "310115", "440305", "510107", "650102", "320583", "420106", "610113")
_SIGNS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_FAMILY = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许"
    "傅沈曾彭吕欧苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
)
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲建国志华小红玉梅雪子涵浩然宇轩诗雨欣怡梓"
_FIRST = (
    "James",
    "Mary",
    "Robert",
    "Patricia",
    "John",
    "Jennifer",
    "Michael",
    "Linda",
    "David",
    "Elizabeth",
    "Wei",
    "Anna",
)
_LAST = (
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Garcia",
    "Miller",
    "Davis",
    "Wilson",
    "O'Brien",
    "Zhang",
    "Li",
)
_CITIES = (
    "北京市海淀区",
    "上海市浦东新区",
    "广东省深圳市南山区",
    "浙江省杭州市余杭区",
    "四川省成都市武侯区",
    "江苏省苏州市昆山市",
)
_ROADS = ("中山路", "人民路", "建国门外大街", "世纪大道", "文一西路", "科技园南区深南大道", "解放街", "学院路")
_STREETS = ("Baker Street", "Elm Avenue", "Park Road", "Mission St", "Oak Lane", "Sunset Boulevard", "King Drive")


def resident_id(chance: Random) -> str:
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(28_000))
    body = f"{chance.choice(_REGIONS)}{born:%Y%m%d}{chance.randrange(1000):03d}"
    return next(body + check for check in "0123456789X" if _mod_11_2(body + check))


def _mod_11_2(text: str) -> bool:
    rest = 0
    for sign in text:
        rest = (rest * 2 + (10 if sign == "X" else int(sign))) % 11
    return rest == 1


def credit_code(chance: Random) -> str:
    body = chance.choice(("91", "92", "12", "51")) + chance.choice(_REGIONS) + "".join(chance.choices(_CREDIT, k=9))
    total = sum(_CREDIT.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return next(body + check for check in _CREDIT if (total + _CREDIT.index(check)) % 31 == 0)


def bank_card(chance: Random) -> str:
    prefix, length = chance.choice(
        (("622202", 19), ("621700", 19), ("622848", 19), ("4563", 16), ("53", 16), ("6259", 16))
    )
    body = prefix + "".join(chance.choices("0123456789", k=length - 1 - len(prefix)))
    return next(body + check for check in "0123456789" if _luhn(body + check))


def _luhn(text: str) -> bool:
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    digits = [int(sign) for sign in text]
    return (sum(digits[-1::-2]) + sum(doubled[digit] for digit in digits[-2::-2])) % 10 == 0


def phone(chance: Random) -> str:
    number = f"1{chance.choice('3456789')}{chance.randrange(10**9):09d}"
    return chance.choice(
        (
            number,
            f"+86 {number}",
            f"{number[:3]}-{number[3:7]}-{number[7:]}",
            f"{number[:3]} {number[3:7]} {number[7:]}",
        )
    )


def plate(chance: Random) -> str:
    head = chance.choice(_SIGNS) + chance.choice("ABCDEFGHJKLMN")
    tail = chance.choice(
        (
            f"{chance.randrange(10**5):05d}",
            f"D{chance.randrange(10**5):05d}",
            f"{chance.choice('ABCDE')}{chance.randrange(10**4):04d}",
        )
    )
    return head + chance.choice(("", "·")) + tail


def passport(chance: Random) -> str:
    return chance.choice((f"E{_digits(8, chance)}", f"G{_digits(8, chance)}", f"EA{_digits(7, chance)}"))


def email(chance: Random) -> str:
    host = chance.choice(("mail", "corp", "uni")) + ".example." + chance.choice(("com", "cn", "org"))
    return f"{chance.choice(_FIRST).lower()}.{chance.randrange(1000)}@{host}"


def ip_address(chance: Random) -> str:
    if chance.random() < 0.3:
        return "2001:4860:" + ":".join(f"{chance.randrange(65536):x}" for _ in range(6))
    return ".".join(map(str, (chance.choice((8, 36, 58, 101, 114, 202)), *(chance.randrange(256) for _ in range(3)))))


def name(chance: Random) -> str:
    if chance.random() < 0.6:
        return chance.choice(_FAMILY) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2))))
    return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"


def address(chance: Random) -> str:
    if chance.random() < 0.6:
        tail = chance.choice(
            (
                "",
                f"{chance.randrange(1, 30)}号楼{chance.randrange(101, 2500)}室",
                f"{chance.randrange(1, 9)}单元{chance.randrange(101, 999)}室",
            )
        )
        return f"{chance.choice(_CITIES)}{chance.choice(_ROADS)}{chance.randrange(1, 2000)}号{tail}"
    return f"{chance.randrange(1, 9999)} {chance.choice(_STREETS)}" + chance.choice(("", ", London", ", Apt 4B"))


@dataclass(frozen=True)
class Kind:
    """How values of a kind are made, what columns of them are called, and what sentences stand around them."""

    make: Callable[[Random], str]
    columns: tuple[str, ...]
    sentences: tuple[str, ...]


KINDS: dict[Identifier, Kind] = {
    Identifier.RESIDENT_ID: Kind(
        resident_id, ("身份证号", "id_number", "c7"), ("办理人证件{}已核验", "ID {} was checked", "证件号：{}。")
    ),
    Identifier.CREDIT_CODE: Kind(
        credit_code, ("统一社会信用代码", "credit_code", "code"), ("企业代码{}，在册", "registered as {} since 2019")
    ),
    Identifier.BANK_CARD: Kind(
        bank_card, ("卡号", "card_number", "银行账号"), ("请付到 {} 谢谢", "card {} was charged", "尾款转至{}")
    ),
    Identifier.PHONE: Kind(phone, ("手机", "phone", "c3"), ("请拨打{}联系", "call {} today", "电话：{}")),
    Identifier.PLATE: Kind(plate, ("车牌", "plate", "c4"), ("车辆{}已入场", "car {} parked", "车牌{}违停")),
    Identifier.PASSPORT: Kind(passport, ("护照号", "passport_no", "Passport"), ("护照{}过期", "passport {} expired")),
    Identifier.EMAIL: Kind(email, ("邮箱", "email", "c5"), ("写信到{}即可", "write to {} please")),
    Identifier.IP_ADDRESS: Kind(ip_address, ("ip", "client_addr", "c6"), ("来自 {} 的访问", "login from {} failed")),
    Identifier.NAME: Kind(
        name, ("姓名", "customer_name", "联系人", "full name"), ("联系人：{}，已回访", "Contact: {}", "姓名：{}")
    ),
    Identifier.ADDRESS: Kind(address, ("地址", "home_address", "c9"), ("寄到{}，谢谢", "live at {} now", "住址：{}")),
}


def _wrong_digit(make: Callable[[Random], str], chance: Random) -> str:
    value = make(chance)
    while True:
        place = chance.randrange(6, len(value) - 1)
        if value[place].isdigit():
            return value[:place] + str((int(value[place]) + chance.randrange(1, 10)) % 10) + value[place + 1 :]


def _digits(length: int, chance: Random) -> str:
    return "".join(chance.choices("0123456789", k=length))


NEGATIVES: dict[str, Callable[[Random], str]] = {
    "order number": lambda c: f"ORD2026{c.randrange(1, 13):02d}{c.randrange(1, 29):02d}{c.randrange(10**6):06d}",
    "order of digits": lambda c: f"2026{c.randrange(1, 13):02d}{c.randrange(1, 29):02d}{_digits(c.choice((8, 10)), c)}",
    "18 digits": lambda c: _digits(18, c),
    "16 to 19 digits": lambda c: _digits(c.choice((16, 17, 19)), c),
    "resident ID, one digit wrong": lambda c: _wrong_digit(resident_id, c),
    "credit code, one digit wrong": lambda c: _wrong_digit(credit_code, c),
    "card, one digit wrong": lambda c: _wrong_digit(bank_card, c),
    "decimal": lambda c: f"{c.uniform(0, 10**6):.11f}",
    "eleven digits": lambda c: f"{c.choice('02456789')}{_digits(10, c)}",
    "time": lambda c: (
        f"2026-11-{c.randrange(1, 29):02d} {c.randrange(24):02d}:{c.randrange(60):02d}:{c.randrange(60):02d}"
    ),
    "version": lambda c: f"v{c.randrange(9)}.{c.randrange(30)}.{c.randrange(99)}",
    "private address": lambda c: f"{c.choice(('10.0', '192.168', '172.16'))}.{c.randrange(256)}.{c.randrange(256)}",
    "hash": lambda c: "".join(c.choices("0123456789abcdef", k=c.choice((32, 40, 64)))),
    "product code": lambda c: f"{c.choice('ABCDEFG')}{c.choice('ABCDEFG')}{_digits(7, c)}",
    "firm": lambda c: f"{c.choice(('华东', '北方', '中科'))}{c.choice(('数据', '科技', '测绘'))}有限公司",
    "city": lambda c: c.choice(("北京市", "杭州市余杭区", "London", "New York")),
    "file": lambda c: f"img_{_digits(6, c)}.{c.choice(('jpg', 'png', 'wav'))}",
    "building": lambda c: f"{c.choice(('第', '共'))}{c.randrange(1, 30)}号{c.choice(('文件', '线', '出口', '台风'))}",
    "motorway": lambda c: (
        f"{c.choice(('京沪高速公路', '成昆铁路', '地铁线路'))}{c.randrange(1, 99)}号{c.choice(('桥', '隧道', '闸'))}"
    ),
    "coordinates": lambda c: f"{c.uniform(20, 50):.6f},{c.uniform(80, 120):.6f}",
}
_PLAIN_COLUMNS = ("c1", "value", "字段", "备注", "serial", "编号")


@dataclass
class Score:
    """By kind: cells that hold it, of those found, and cells in which it was found without being there."""

    present: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: dict[str, str] = field(default_factory=dict)
    misled: dict[str, str] = field(default_factory=dict)
    cells: int = 0

    def add(self, text: str, column: str, expected: frozenset[str]) -> None:
        self.cells += 1
        seen = {str(each.kind) for each in find(text, context=column)}
        for kind in expected:
            self.present[kind] += 1
            self.found[kind] += kind in seen
            if kind not in seen:
                self.missed.setdefault(kind, f"{column}: {text}")
        for kind in seen - expected:
            self.wrong[kind] += 1
            self.misled.setdefault(kind, f"{column}: {text}")

    def recall(self, kind: str) -> float:
        return self.found[kind] / self.present[kind] if self.present[kind] else 1.0

    def precision(self, kind: str) -> float:
        told = self.found[kind] + self.wrong[kind]
        return self.found[kind] / told if told else 1.0


def cells(each: int, chance: Random) -> Iterator[tuple[str, str, frozenset[str]]]:
    """(text, column, kinds in it): half in columns, half in sentences; and as many negatives as there are kinds."""
    for kind, how in KINDS.items():
        for number in range(each):
            value = how.make(chance)
            if number % 2:
                yield value, chance.choice(how.columns), frozenset({str(kind)})
            else:
                yield chance.choice(how.sentences).format(value), "备注", frozenset({str(kind)})
    for make in NEGATIVES.values():
        for number in range(each // 2):
            text = make(chance)
            yield text if number % 2 else f"见 {text} 。", chance.choice(_PLAIN_COLUMNS), frozenset()


def columns(chance: Random, rows: int = 200) -> tuple[int, int, list[str]]:
    """Whole columns, as a scan judges them: (right, all, what was wrong)."""
    right, wrong = 0, []
    asked: list[tuple[str, Callable[[Random], str], str]] = [
        (column, how.make, str(kind)) for kind, how in KINDS.items() for column in how.columns
    ]
    asked += [(column, make, "") for make in NEGATIVES.values() for column in ("c1", "编号", "serial")]
    for column, make, kind in asked:
        scan = scan_cells([column], ([make(chance)] for _ in range(rows))).columns[0]
        found = {name for name, count in scan.counts.items() if count >= rows // 20}
        if found == ({kind} if kind else set()):
            right += 1
        else:
            wrong.append(f"{column}: {sorted(found)} instead of {kind or 'nothing'}")
    return right, len(asked), wrong


def volume(megabytes: int, chance: Random) -> tuple[float, int]:
    """Megabytes a second of a scan, and the most memory of this process in MiB."""
    block = [
        [
            str(n),
            f"note {n} of the day",
            _digits(10, chance),
            name(chance),
            phone(chance) if n % 50 == 0 else "",
            "长文本里没有什么" * 6,
            f"{chance.random():.6f}",
        ]
        for n in range(2000)
    ]
    size = sum(len(cell.encode()) + 1 for row in block for cell in row)
    times = max(1, megabytes * 1_000_000 // size)
    began = time.process_time()
    scan_cells(["id", "note", "serial", "姓名", "phone", "text", "value"], (row for _ in range(times) for row in block))
    seconds = time.process_time() - began
    return times * size / 1e6 / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(each: int, seed: int) -> tuple[Score, bool]:
    """The campaign; whether every bound holds."""
    score = Score()
    for text, column, expected in cells(each, Random(seed)):
        score.add(text, column, expected)
    sound = all(score.recall(kind) >= 0.99 for kind in CHECKED)
    return score, sound and all(score.precision(kind) >= 0.97 for kind in KINDS)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=64)
    given = parser.parse_args(arguments)
    score, sound = run(given.each, given.seed)
    print(f"{score.cells:,} cells and texts, {sum(score.present.values()):,} with an identifier")
    print(f"{'kind':14} {'present':>8} {'recall':>8} {'precision':>10}")
    for kind in KINDS:
        print(f"{kind:14} {score.present[kind]:8,} {score.recall(kind):8.4f} {score.precision(kind):10.4f}")
        for what, told in (("missed", score.missed.get(kind)), ("misled by", score.misled.get(kind))):
            if told:
                print(f"               {what} {told}")
    right, asked, wrong = columns(Random(given.seed))
    print(f"columns of 200 cells judged right: {right} of {asked}" + "".join(f"\n  {each}" for each in wrong))
    speed, memory = volume(given.megabytes, Random(given.seed))
    print(f"scanned {given.megabytes} MB at {speed:.1f} MB/s of one core, {memory} MiB at most")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())

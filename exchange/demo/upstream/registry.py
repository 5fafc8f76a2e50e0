"""What the service knows: persons who do not exist, and firms that nobody registered; the same each time."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from exchange.demo.generators.identifiers import resident_id
from exchange.demo.people import credit_code

_SEED = 20260801
_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = "安宁思远清和若水明德嘉禾子衿云舒景行维桢"
_TRADES = ("批发和零售业", "制造业", "信息技术服务业", "建筑业", "住宿和餐饮业", "科学研究和技术服务业")
_AREAS = ("110108", "310115", "330106", "440305", "510107")
_WORDS = ("听雨", "行舟", "青禾", "远山", "澄江", "白鹿", "长庚", "若谷", "南枝", "北斗")
PERSONS, FIRMS = 2000, 500


@dataclass(frozen=True)
class Firm:
    """One entry of the register of firms. ``filed``: its papers lie in an archive that is sometimes closed."""

    credit_code: str
    name: str
    trade: str
    founded: str
    capital_yuan: int
    state: str
    filed: bool


@cache
def persons() -> dict[str, str]:
    """By identity number the digest of the name: the service knows no names."""
    return {id_number: digest(name) for id_number, name in _people()}


def known_person(number: int) -> tuple[str, str]:
    """Identity number and name of somebody in the register, for whoever tries the service."""
    return next(itertools.islice(_people(), number, None))


def _people() -> Iterator[tuple[str, str]]:
    rng = random.Random(_SEED)
    for _ in range(PERSONS):
        name = rng.choice(_FAMILY) + "".join(rng.sample(_GIVEN, 2))
        yield resident_id(rng), name


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def verdict(id_number: str, name: str) -> str:
    """``consistent``, ``inconsistent``, or ``not_found`` when the register has no such number."""
    known = persons().get(id_number)
    if known is None:
        return "not_found"
    return "consistent" if known == digest(name) else "inconsistent"


@cache
def firms() -> dict[str, Firm]:
    """By unified social credit code."""
    rng = random.Random(_SEED + 1)
    return {firm.credit_code: firm for firm in (_firm(rng, number) for number in range(FIRMS))}


def _firm(rng: random.Random, number: int) -> Firm:
    name = f"{rng.choice(_WORDS)}{rng.choice(_WORDS)}{rng.choice(('科技', '商贸', '工程', '餐饮'))}有限公司"
    return Firm(
        credit_code("91", rng.choice(_AREAS), 400_000 + number), name, rng.choice(_TRADES),
        f"{rng.randint(1998, 2025)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
        rng.randint(1, 500) * 100_000, rng.choice(("存续", "存续", "存续", "注销")), number % 50 == 7,
    )  # fmt: skip

"""Exports at the boundaries, and split over orders, listings and affiliates, beside counts made independently."""

from __future__ import annotations

import io
import itertools
import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from unittest.mock import patch

from catalog.files import service as files
from catalog.files.types import FileSnapshot
from compliance.exports import queries, service
from compliance.exports.errors import REFUSALS
from compliance.exports.types import Revision, Verdict
from compliance.identity import affiliates
from compliance.tiers import ExportThreshold
from core.house import House
from core.ids import new_id
from exchange.worker import attend_once
from tests import build

TIER = 3
CONTRACT = ("standard_contract", "certification", "security_assessment")
ASSESSMENT = ("security_assessment",)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Bundle:
    """A revision as exports see one."""

    id: str
    files: Sequence[FileSnapshot]
    interface: object | None = None


@dataclass
class Report:
    """What was tried, and whatever came out otherwise than by the independent count."""

    tried: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def limits(scale: int) -> tuple[ExportThreshold, ...]:
    """The thresholds of the law, divided."""
    return (
        ExportThreshold(100_000 // scale, 1, CONTRACT),
        ExportThreshold(1_000_000 // scale, 10_000 // scale, ASSESSMENT),
    )


def phone(number: int) -> str:
    return f"13{number:09d}"


def resident(number: int) -> str:
    """The number-th resident ID, with its check character."""
    body = f"110101{1950 + number // 1000 % 50}0101{number % 1000:03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]


def table(phones: Iterable[int], residents: Iterable[int] = ()) -> bytes:
    """A file of persons known by phone, and of others known by resident ID."""
    rows = ["phone,id", *(f"{phone(each)}," for each in phones), *(f",{resident(each)}" for each in residents)]
    return "\n".join(rows).encode()


def bundle(house: House, supplier: build.Built, content: bytes) -> Bundle:
    """A revision of one file, scanned and counted as every file is."""
    kept = files.store_form_file(house, supplier.actor, io.BytesIO(content), "persons.csv")
    attend_once(house)
    return Bundle(new_id("rev"), [kept])


def reserve(
    house: House, supplier: build.Built, revision: Revision, order_id: str = "", country: str = "SG"
) -> Verdict:
    """Reserve a new order's export. Raises what the service raises."""
    assert supplier.organisation_id is not None
    owner, order = supplier.organisation_id, order_id or new_id("ord")
    return house.db.write(
        lambda uow: service.reserve(
            uow, order, supplier_id=owner, buyer_country=country, territories=["CN"], revision=revision, tier=TIER
        )
    )


def boundaries(house: House, scale: int = 1) -> Report:
    """One order of exactly so many persons, at each side of each threshold: what it needs, by a table made by hand."""
    report, first, second, many = Report(), 100_000 // scale, 1_000_000 // scale, 10_000 // scale
    expected: list[tuple[int, int, tuple[str, ...]]] = [
        (first - 1, 0, ()), (first, 0, CONTRACT), (second - 1, 0, CONTRACT), (second, 0, ASSESSMENT),
        (0, many - 1, CONTRACT), (0, many, ASSESSMENT), (0, 0, ()),
    ]  # fmt: skip
    with patch.object(queries, "thresholds", lambda _uow: limits(scale)):
        for plain, sensitive, accepts in expected:
            _one_boundary(house, report, plain, sensitive, accepts)
    return report


def _one_boundary(house: House, report: Report, plain: int, sensitive: int, accepts: tuple[str, ...]) -> None:
    supplier = build.organisation(house)
    assert supplier.organisation_id is not None
    owner, revision = supplier.organisation_id, bundle(house, supplier, table(range(plain), range(sensitive)))
    seen = house.db.read(
        lambda uow: service.check(
            uow, supplier_id=owner, buyer_country="CN", territories=["US"], revision=revision, tier=TIER
        )
    )
    code = _code(house, supplier, revision)
    found = (seen.after.persons, seen.after.sensitive, seen.accepts, seen.permitted, code)
    wanted = (plain + sensitive, sensitive, accepts, not accepts, "export_threshold_reached" if accepts else "")
    report.tried += 1
    report.refused += bool(code)
    report.lines.append(
        f"{plain:>9} persons {sensitive:>6} sensitive: {code or 'permitted'} {' or '.join(seen.accepts)}"
    )
    if found != wanted:
        report.faults.append(f"{plain} and {sensitive}: {found}, not {wanted}")


def _code(house: House, supplier: build.Built, revision: Revision, order_id: str = "") -> str:
    try:
        reserve(house, supplier, revision, order_id)
    except tuple(REFUSALS.values()) as refused:
        return refused.code
    return ""


def splitting(
    house: House, scale: int = 1, *, seed: int = 1, orders: int = 50, listings: int = 10, members: int = 3,
    threads: int = 2,
) -> Report:  # fmt: skip
    """Orders over listings of affiliates, several at once: together they never reach the first threshold.

    Afterwards every order that was refused must be one that would have reached it, and nothing else was refused.
    """
    report, dice, first = Report(), random.Random(seed), 100_000 // scale
    group = _group(house, members)
    people = [_people(dice, first) for _ in range(listings)]
    offered = [bundle(house, group[place % members], table(sorted(each))) for place, each in enumerate(people)]
    taken = [dice.randrange(listings) for _ in range(orders)]
    outcomes: list[tuple[int, str]] = []
    with patch.object(queries, "thresholds", lambda _uow: limits(scale)):
        _at_once(threads, taken, lambda which: _code(house, group[which % members], offered[which]), outcomes)
    sent = {which for which, code in outcomes if not code}
    together = set[int]().union(*(people[which] for which in sent))
    report.tried, report.refused = len(outcomes), sum(bool(code) for _, code in outcomes)
    if len(together) >= first:
        report.faults.append(f"{len(together)} persons were sent, {first} may not be")
    for which in {which for which, code in outcomes if code}:
        if len(together | people[which]) < first:
            report.faults.append(f"listing {which} was refused although it reaches nothing")
    _compare(house, report, group, len(together))
    total = len(set[int]().union(*people))
    report.lines.append(
        f"{orders} orders, {listings} listings, {members} affiliates, {threads} at once: {report.refused} refused;"
        f" {len(together)} distinct persons sent of {total} on offer ({sum(map(len, people))} counted one by one)"
    )
    return report


def _people(dice: random.Random, first: int) -> set[int]:
    """Up to a third of what may be sent, from people of whom each listing shares some with others."""
    start = dice.randrange(2 * first)
    return {(start + step) % (2 * first) for step in range(dice.randrange(first // 20, first // 3))}


def _group(house: House, members: int) -> list[build.Built]:
    officer = build.platform_person(house, "officer")
    group = [build.organisation(house) for _ in range(members)]
    for above, below in itertools.pairwise(group):
        assert below.organisation_id is not None
        child, parent = below.organisation_id, above.organisation_id
        house.db.write(lambda uow, child=child, parent=parent: affiliates.set_parent(uow, officer.actor, child, parent))  # type: ignore[misc]
    return group


def _at_once(threads: int, taken: Sequence[int], act: object, outcomes: list[tuple[int, str]]) -> None:
    """Share the orders out among threads that act at the same moment; a fault of one is the campaign's."""
    faults: list[BaseException] = []

    def work(mine: Sequence[int]) -> None:
        try:
            for which in mine:
                outcomes.append((which, act(which)))  # type: ignore[operator]
        except BaseException as fault:  # told by the thread that waits
            faults.append(fault)

    running = [threading.Thread(target=work, args=(taken[start::threads],)) for start in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if faults:
        raise faults[0]


def _compare(house: House, report: Report, group: Sequence[build.Built], persons: int) -> None:
    """The counter that each affiliate sees says the same."""
    for member in group:
        assert member.organisation_id is not None
        owner = member.organisation_id
        seen = house.db.read(lambda uow, owner=owner: queries.counter(uow, member.actor, owner))  # type: ignore[misc]  # noqa: B023
        if seen.count.persons != persons:
            report.faults.append(f"the counter says {seen.count.persons}, not {persons}")


__all__ = ["Bundle", "Report", "boundaries", "bundle", "reserve", "splitting", "table"]

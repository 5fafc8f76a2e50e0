"""Loading: every record once, whatever dies when; what cannot be read is kept apart and stops nothing."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from billing.usage.checking import check as faults_of_usage
from billing.usage.models import UsageConflict, UsageRow
from core.db import Uow
from core.house import House
from exchange.delivery import queries as delivery
from exchange.gateway import claim, record, segments
from exchange.gateway.record import Kind, Outcome
from exchange.sidecar.loader import Loader, segments_folder
from exchange.sidecar.models import Damage, Epoch, Segment, Unresolved
from exchange.trading import queries as trading
from tests import build
from tests.billing.books import Books
from tests.exchange.sidecar.gateways import FREE, Process, entitlement, load_all


@pytest.fixture
def books(house: House) -> Books:
    return Books.open(house)


def table(house: House, model: Any) -> list[Any]:
    """Its rows in the order of their keys, as plain values."""
    found = model.__table__
    return house.db.read(
        lambda uow: list(uow.session.execute(select(found).order_by(*found.primary_key.columns)).all())
    )


def rows(house: House) -> list[Any]:
    return table(house, UsageRow)


def count(house: House, model: Any) -> int:
    return house.db.read(lambda uow: uow.session.execute(select(func.count()).select_from(model)).scalar_one())


def outcomes(house: House) -> list[tuple[str, bool]]:
    return sorted((row.outcome, row.credited) for row in rows(house))


def busy(books: Books) -> Process:
    """A process with calls that arrived, that did not, that are open, over several segments."""
    process = Process(books.house, entitlement(books, balance=10_000, quota=1000, quota_period="month"))
    process.ask(quota=60, funded=40)
    for number in range(24):
        assert process.call(Outcome.MISS if number % 3 else Outcome.HIT)
        if number % 4:
            process.finish(delivered=number % 5 != 0)
    return process


def test_a_call_is_loaded_when_its_end_is_known(books: Books) -> None:
    process, loader = Process(books.house, entitlement(books, plan=FREE)), Loader(books.house)
    process.call()
    loader.load_some()
    assert rows(books.house) == []
    assert count(books.house, Unresolved) == 1
    process.finish()
    loader.load_some()
    assert outcomes(books.house) == [("hit", False)]
    assert count(books.house, Unresolved) == 0


def test_a_call_whose_client_was_gone_is_credited(books: Books) -> None:
    process, loader = Process(books.house, entitlement(books, plan=FREE)), Loader(books.house)
    process.call()
    process.finish(delivered=False)
    loader.load_some()
    assert outcomes(books.house) == [("hit", True)]


def test_another_sidecar_goes_on_where_the_first_was_killed(books: Books) -> None:
    process = Process(books.house, entitlement(books, plan=FREE))
    process.call()
    process.call()
    process.finish()
    Loader(books.house).load_some()
    process.finish()
    Loader(books.house).load_some()
    assert outcomes(books.house) == [("hit", False), ("hit", False)]


def test_a_clean_end_leaves_no_file_and_no_row_of_its_reading(books: Books) -> None:
    process, loader = busy(books), Loader(books.house)
    process.end()
    load_all(loader)
    assert len(rows(books.house)) == process.recorded
    assert not any(segments_folder(books.house).iterdir())
    assert (count(books.house, Segment), count(books.house, Unresolved)) == (0, 0)
    [epoch] = table(books.house, Epoch)
    assert (epoch.state, epoch.usages) == ("finished", process.recorded)
    assert books.house.db.read(faults_of_usage) == []


def test_segments_of_a_living_process_go_when_all_their_calls_have_ended(books: Books) -> None:
    process, loader = busy(books), Loader(books.house)
    assert len(list(process.folder.iterdir())) > 2
    while process.open:
        process.finish()
    for _ in range(20):
        loader.load_some()
    assert len(list(process.folder.iterdir())) == 1, "the one that is being written"
    assert count(books.house, Segment) == 1


class Killed(BaseException):
    """The sidecar's process ends here."""


def dying(house: House, at: int, *, after_commit: bool) -> Callable[[], bool]:
    """Let the unit of that number be the last; answers whether it came to that."""
    write, seen = house.db.write, [0]

    def counted(work: Callable[[Uow], Any]) -> Any:
        seen[0] += 1
        if seen[0] == at and not after_commit:
            raise Killed
        answer = write(work)
        if seen[0] == at:
            raise Killed
        return answer

    house.db.write = counted  # type: ignore[method-assign]

    def stop() -> bool:
        house.db.write = write  # type: ignore[method-assign]
        return seen[0] >= at

    return stop


@pytest.mark.parametrize("after_commit", [False, True])
def test_killed_at_any_write_it_loads_everything_once(books: Books, after_commit: bool) -> None:
    house, at, died = books.house, 0, True
    while died:
        at += 1
        before = len(rows(house))
        process = busy(books)
        process.kill()
        stop = dying(house, at, after_commit=after_commit)
        with contextlib.suppress(Killed):
            load_all(Loader(house))
        died = stop()
        load_all(Loader(house))
        mine = [row for row in rows(house) if row.entitlement_id == process.right.id]
        assert len(mine) == process.recorded == len(rows(house)) - before
        assert sum(row.credited for row in mine) == process.recorded - _confirmed(process)
        assert house.db.read(faults_of_usage) == []
        assert not process.folder.exists()
    assert at > 5


def _confirmed(process: Process) -> int:
    """As ``busy`` leaves it: finished with an answer that arrived."""
    return sum(bool(number % 4) and number % 5 != 0 for number in range(24))


def test_it_can_be_read_while_it_is_written_at_any_byte(books: Books) -> None:
    source = Process(books.house, entitlement(books, plan=FREE), largest_bytes=1 << 20)
    for number in range(6):
        source.call(Outcome.MISS if number % 2 else Outcome.HIT)
        if number % 3:
            source.finish(delivered=number != 4)
    content = source.writer.current.path.read_bytes()
    source.kill()
    source.writer.current.path.unlink()
    held = claim.claim(segments_folder(books.house), source.epoch)
    loader = Loader(books.house)
    with source.writer.current.path.open("wb") as growing:
        for byte in range(len(content)):
            growing.write(content[byte : byte + 1])
            growing.flush()
            loader.load_some()
    loaded = [row.call_id for row in rows(books.house)]
    assert len(loaded) == len(set(loaded)) == 4
    os.close(held)
    load_all(loader)
    assert len(rows(books.house)) == 6


@pytest.mark.parametrize("cut", [1, 7, 9, 60])
def test_a_torn_tail_is_cut_and_what_was_before_it_is_loaded(books: Books, cut: int) -> None:
    process, loader = Process(books.house, entitlement(books, plan=FREE), largest_bytes=1 << 20), Loader(books.house)
    process.call()
    process.finish()
    process.call()
    process.kill()
    path = process.writer.current.path
    os.truncate(path, path.stat().st_size - cut)
    load_all(loader)
    assert outcomes(books.house) == [("hit", False)]
    assert count(books.house, Damage) == 0


def test_a_damaged_frame_is_kept_for_a_person_and_the_next_segment_is_loaded(books: Books) -> None:
    process, loader = busy(books), Loader(books.house)
    while process.open:
        process.finish()
    first, *rest = sorted(process.folder.glob("*.seg"))
    process.kill()
    inside = len([found for found, _ in segments.read(first) if isinstance(found, record.Usage)])
    content = bytearray(first.read_bytes())
    content[segments.HEADER_BYTES + 30] ^= 1
    first.write_bytes(content)
    load_all(loader)
    assert len(rows(books.house)) == process.recorded - inside
    assert rest
    [damage] = table(books.house, Damage)
    assert (damage.number, damage.position) == (1, 0)
    assert (books.house.settings.data / "damaged-segments" / damage.kept_as).read_bytes() == content
    assert not process.folder.exists()
    assert loader.tally.damaged == 1


@pytest.mark.parametrize("taken_out", [0, 40])
def test_a_torn_record_in_the_middle_is_damage_even_when_it_seems_to_go_on_to_the_end(
    books: Books, taken_out: int
) -> None:
    process = Process(books.house, entitlement(books, plan=FREE), largest_bytes=1 << 20)
    for _ in range(2):
        process.call()
    for _ in range(2):
        process.finish()
    process.kill()
    path = process.writer.current.path
    [first, second, *_] = [after for _, after in segments.read(path)]
    content = bytearray(path.read_bytes())
    content[first + 2] |= 0 if taken_out else 0x40  # the length of the second call, larger than what is left
    del content[second - taken_out : second]
    path.write_bytes(content)
    load_all(Loader(books.house))
    [damage] = table(books.house, Damage)
    assert damage.position == first
    assert (books.house.settings.data / "damaged-segments" / damage.kept_as).read_bytes() == content


@pytest.mark.parametrize("beyond_the_marks", [0, 1, 60])
def test_what_a_full_disk_cut_is_read_beside_it_and_nothing_is_lost(
    books: Books, monkeypatch: pytest.MonkeyPatch, beyond_the_marks: int
) -> None:
    process, loader = Process(books.house, entitlement(books, plan=FREE), largest_bytes=1 << 20), Loader(books.house)
    process.call()
    process.call()
    loader.load_some()
    (segment, first, _), (_, second, _) = process.open
    segment.confirmed.append(first)
    room = segment.bytes + len(record.marks(Kind.CONFIRM, [first])) + beyond_the_marks
    cut, limits = os.ftruncate, resource.getrlimit(resource.RLIMIT_FSIZE)

    def cut_when_it_was_read(descriptor: int, size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        loader.load_some()
        cut(descriptor, size)

    monkeypatch.setattr(os, "ftruncate", cut_when_it_was_read)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))  # what is written beyond that is cut
    with pytest.raises(segments.MeterStopped):
        process.call()
    assert outcomes(books.house) == [("hit", False)]
    segment.confirmed.append(second)
    process.call()
    loader.load_some()
    assert outcomes(books.house) == [("hit", False)] * 2
    process.open = process.open[2:]
    process.end()
    load_all(loader)
    assert outcomes(books.house) == [("hit", False)] * 3
    assert count(books.house, Damage) == 0


@pytest.mark.parametrize("damage", [b"NOTUSAGE", b"PHUSAGE\n\xff"])
def test_a_file_that_is_no_segment_is_kept_apart(books: Books, damage: bytes) -> None:
    process, loader = Process(books.house, entitlement(books, plan=FREE)), Loader(books.house)
    process.kill()
    path = process.writer.current.path
    path.write_bytes(damage + path.read_bytes()[len(damage) :])
    load_all(loader)
    assert count(books.house, Damage) == 1
    assert not process.folder.exists()


def test_a_segment_of_another_process_is_not_believed(books: Books) -> None:
    first, second = (Process(books.house, entitlement(books, plan=FREE)) for _ in range(2))
    first.call()
    first.finish()
    first.kill()
    second.kill()
    second.writer.current.path.write_bytes(first.writer.current.path.read_bytes())
    load_all(Loader(books.house))
    assert len(rows(books.house)) == 1
    assert count(books.house, Damage) == 1


def test_a_record_that_no_ledger_can_take_stops_nothing(books: Books) -> None:
    right = replace(entitlement(books, plan=FREE), order_id="ord_" + "x" * 200)
    bad, good = Process(books.house, right), Process(books.house, entitlement(books, plan=FREE))
    for process in (bad, good):
        process.call()
        process.finish()
        process.kill()
    load_all(Loader(books.house))
    assert [row.entitlement_id for row in rows(books.house)] == [good.right.id]
    assert count(books.house, Damage) == 1


def test_a_segment_that_was_loaded_before_is_harmless(books: Books) -> None:
    process = Process(books.house, entitlement(books, balance=10_000), largest_bytes=1 << 20)
    process.ask(funded=5)
    for _ in range(3):
        process.call()
        process.finish()
    process.kill()
    path, content = process.writer.current.path, process.writer.current.path.read_bytes()
    load_all(Loader(books.house))
    path.parent.mkdir()
    path.write_bytes(content)
    loader = Loader(books.house)
    load_all(loader)
    assert (len(rows(books.house)), loader.tally.known) == (3, 3)
    assert books.house.db.read(faults_of_usage) == []


def test_other_bytes_under_a_known_number_are_refused_and_kept(books: Books) -> None:
    process = Process(books.house, entitlement(books, plan=FREE), largest_bytes=1 << 20)
    process.call()
    process.recorded = 0
    process.call(Outcome.MISS)
    process.finish()
    process.kill()
    load_all(Loader(books.house))
    assert len(rows(books.house)) == 1
    assert count(books.house, UsageConflict) == 1


def test_a_clock_that_was_wrong_beyond_any_calendar_is_taken_as_its_last_moment(books: Books) -> None:
    process = Process(books.house, entitlement(books, plan=FREE))
    process.clock = _Wrong()  # type: ignore[assignment]
    process.call()
    process.finish()
    process.kill()
    load_all(Loader(books.house))
    assert rows(books.house)[0].at.year == 9999


class _Wrong:
    """A clock far outside of any calendar."""

    def now(self) -> _Wrong:
        return self

    def timestamp(self) -> float:
        return 1e12


def test_a_transfer_of_a_file_becomes_a_receipt_and_delivers_the_order(books: Books) -> None:
    house = books.house
    supplier, buyer = build.organisation(house), build.organisation(house)
    build.funded(house, buyer)
    order = build.paid(house, buyer, build.listed(house, supplier))
    [file] = house.db.read(lambda uow: delivery.files(uow, buyer.actor, order.id))
    process = Process(house, entitlement(books, plan=FREE))
    process.file(order.id, file.file_id, buyer.actor.pseudonym, file.size, file.sha256)
    process.kill()
    load_all(Loader(house))
    [receipt] = house.db.read(lambda uow: delivery.receipts(uow, buyer.actor, order.id))
    assert receipt.complete
    assert house.db.read(lambda uow: trading.get(uow, buyer.actor, order.id)).state == "delivered"
    assert rows(house) == []


def test_a_folder_without_anything_in_it_is_taken_away(house: House) -> None:
    folder = segments_folder(house) / segments.new_epoch()
    folder.mkdir(parents=True)
    load_all(Loader(house))
    assert not folder.exists()

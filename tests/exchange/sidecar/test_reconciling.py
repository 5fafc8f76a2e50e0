"""Reconciling finds nothing in a busy exchange, and whatever was taken away or changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from billing.usage.models import UsageHold, UsageRollup
from core.db import Uow
from core.house import House
from exchange.sidecar.loader import Loader
from exchange.sidecar.models import Damage, Epoch, Lease, Unresolved
from exchange.sidecar.reconciling import reconcile
from tests.billing.books import Books
from tests.exchange.sidecar.gateways import Process, load_all
from tests.exchange.sidecar.test_loader import busy


@pytest.fixture
def books(house: House) -> Books:
    return Books.open(house)


def faults(house: House) -> list[str]:
    return [line.text for line in reconcile(house) if not line.well]


def half_loaded(books: Books) -> Process:
    process, loader = busy(books), Loader(books.house)
    for _ in range(4):
        loader.load_some()
    assert list(process.folder.glob("*.seg"))
    return process


def test_nothing_is_wrong_before_during_and_after_loading(books: Books) -> None:
    assert faults(books.house) == []
    process = half_loaded(books)
    assert faults(books.house) == []
    process.kill()
    load_all(Loader(books.house))
    assert faults(books.house) == []


def test_a_call_that_was_read_and_is_not_in_the_ledger_is_found(books: Books) -> None:
    half_loaded(books)
    books.house.db.write(lambda uow: uow.session.execute(delete(Unresolved)))
    assert any("not in the ledger" in line for line in faults(books.house))


LESS_HELD = text("UPDATE ledger_balance SET held = held - 1 WHERE held > 0")
CHANGES: dict[str, tuple[Callable[[Uow], object], str]] = {
    "a lease grew": (
        lambda uow: uow.session.execute(update(Lease).values(granted=Lease.granted + 1)), "processes hold",
    ),
    "a meter gave more": (
        lambda uow: uow.session.execute(update(UsageHold).values(leased=UsageHold.leased + 1)), "are given out",
    ),
    "a process counted more": (
        lambda uow: uow.session.execute(update(Epoch).values(usages=Epoch.usages + 1)), "calls loaded",
    ),
    "a sum grew": (
        lambda uow: uow.session.execute(update(UsageRollup).values(calls=UsageRollup.calls + 1)), "roll-up",
    ),
    "money was let go": (lambda uow: uow.session.execute(LESS_HELD), "buyer_prepaid"),
    "damage was noted": (
        lambda uow: uow.session.add(
            Damage(epoch="0" * 16, number=1, position=0, size=1, reason="torn", kept_as="it", at=uow.now())
        ),
        "torn",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_found(books: Books, name: str) -> None:
    change, words = CHANGES[name]
    half_loaded(books)
    books.house.db.write(change)
    assert any(words in line for line in faults(books.house))


def test_a_file_that_is_no_segment_is_told(books: Books) -> None:
    path: Path = half_loaded(books).folder / "00000099.seg"
    path.write_bytes(b"x" * 100)
    assert any("cannot be read" in line for line in faults(books.house))

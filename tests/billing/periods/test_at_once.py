"""Closing from several places at once, retried, or killed half-way: every call is billed once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from billing.periods import service
from core.db import Uow
from core.house import House
from core.settings import Settings
from exchange.app import build_house
from tests.billing.books import Books
from tests.billing.periods.closing import Sale, wait
from tests.servers.exchange import ROOT


def together(*works: Callable[[], object]) -> None:
    """Run each in a thread of its own, all beginning at the same moment."""
    barrier, failed = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def close_all(house: House) -> Callable[[], object]:
    return lambda: list(service.close_due(house))


def test_two_processes_close_the_same_months(books: Books, settings: Settings) -> None:
    sales = [Sale(books) for _ in range(4)]
    for sale in sales:
        sale.call(25)
    wait(books.house)
    other = build_house(settings)
    together(close_all(books.house), close_all(other))
    other.db.engine.dispose()
    assert [[invoice.net for invoice in sale.invoices()] for sale in sales] == [[100]] * 4
    assert sorted(sale.invoices()[0].number for sale in sales) == [f"INV-{n:08d}" for n in range(1, 5)]
    assert books.faults() == []


def test_usage_that_is_loaded_while_months_are_closed_is_billed_once(books: Books, settings: Settings) -> None:
    sale = Sale(books)
    began = books.house.clock.now()
    sale.call(10)
    wait(books.house)
    other = build_house(settings)
    batches = [sale.records(5, at=began + timedelta(minutes=n)) for n in range(12)]
    together(
        lambda: [sale.load(batch) for batch in batches],
        lambda: [list(service.close_due(other)) for _ in range(12)],
    )
    other.db.engine.dispose()
    sale.close()
    wait(books.house)
    sale.close()
    assert sum(invoice.net for invoice in sale.invoices()) == 4 * 70
    assert sale.balance().held == 0
    assert books.faults() == []


def test_a_close_that_is_tried_again_bills_once(books: Books) -> None:
    """langfuse #15917: a job that was retried billed twice."""
    sale = Sale(books)
    sale.call(10)
    wait(books.house)
    tries = 0

    def work(uow: Uow) -> None:
        nonlocal tries
        tries += 1
        assert service.close_next(uow, sale.right.id, as_of=uow.now()) is not None
        if tries == 1:
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database is locked"))

    books.house.db.write(work)
    assert tries == 2
    assert [invoice.net for invoice in sale.invoices()] == [40]
    assert sale.balance().balance == 1_000_000 - 42
    assert books.faults() == []


def kill_while_closing(house: House, kills: int) -> None:
    """Close in another process, which is killed again and again at any moment."""
    code = (
        "import sys; from pathlib import Path; from core.settings import Settings;"
        "from exchange.app import build_house; from billing.periods import service;"
        "house = build_house(Settings(data=Path(sys.argv[1]), profile='test', database_url=sys.argv[2]));"
        "print('on', flush=True); print(sum(1 for _ in service.close_due(house)))"
    )
    command = [sys.executable, "-c", code, str(house.settings.data), house.settings.database]
    for _ in range(kills):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as closing:
            assert closing.stdout is not None
            assert closing.stdout.readline() == b"on\n"
            threading.Event().wait(random.uniform(0, 0.15))
            os.kill(closing.pid, signal.SIGKILL)


def closed_under_kills(books: Books, orders: int, kills: int) -> None:
    sales = [Sale(books) for _ in range(orders)]
    for number, sale in enumerate(sales, start=1):
        sale.call(number)
    wait(books.house)
    kill_while_closing(books.house, kills)
    assert books.faults() == []
    sales[0].close()
    assert [[invoice.net for invoice in sale.invoices()] for sale in sales] == [[4 * n] for n in range(1, orders + 1)]
    assert books.faults() == []


def test_killed_half_way_it_goes_on_where_it_was(books: Books) -> None:
    """opencomputer #276: a crash between two steps billed twice."""
    closed_under_kills(books, orders=12, kills=3)


@pytest.mark.soak
def test_killed_often(books: Books) -> None:
    closed_under_kills(books, orders=150, kills=40)

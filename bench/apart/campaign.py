"""What is done to the machines while clients work, and what must hold afterwards."""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import func, select

from bench.apart import clients
from bench.apart.clients import Client
from bench.apart.machines import Apart
from bench.metered import Load
from billing import queries as books
from billing.usage.models import UsageRow
from catalog.files.classes import StoreClass, store_of
from catalog.search import service as search
from compliance.audit import check
from exchange import kept_files
from exchange.sidecar.reconciling import reconcile
from tests import build, metered
from tests.servers import elasticsearch, s3
from tests.servers.exchange import Running, eventually

_SETTLED_WITHIN_S = 180.0
_KINDS = ("hit", "hit", "miss")


def campaign(on: Apart, given: argparse.Namespace) -> list[str]:
    """Prints what was done and felt; answers what was lost."""
    trade = metered.trade(on.house, on.upstream)
    supplier, buyer = build.organisation(on.house, level=2), build.organisation(on.house, level=2)
    file = build.file(on.house, supplier)
    build.funded(on.house, buyer)
    listing = build.listed(on.house, supplier, files=[file.id], title={"en": "Weather kept apart"})
    order = build.paid(on.house, buyer, listing)
    stop, kept, whole, found = threading.Event(), dict[str, int](), list[int](), list[float]()
    people = [Client(on.front.port, who, stop) for who in (supplier, buyer, buyer)]
    working = [
        threading.Thread(target=clients.upload, args=(people[0], kept)),
        threading.Thread(target=clients.download, args=(people[1], order.id, file.id, file.sha256, whole)),
        threading.Thread(target=clients.look_for, args=(people[2], listing.id, "apart", found)),
    ]
    path = f"/gateway{trade.path('')}"
    with Load(on.front.port, trade.key, path.__add__, given.connections, 0.02, _KINDS) as load:
        for thread in working:
            thread.start()
        for text, blow in blows(on, given.away):
            time.sleep(given.pause)
            _struck(on, load, text, blow)
        time.sleep(given.pause)
        load.stop()
        stop.set()
        for thread in working:
            thread.join()
    journal = load.journal
    print(f"calls: {len(journal.delivered):,} came whole, {journal.broken} broke off, refused {dict(journal.refused)}")
    print(f"{len(kept)} uploads and {len(whole)} downloads came whole, {len(found)} searches found what is there")
    for name, person in zip(("uploads", "downloads", "searches"), people, strict=True):
        print(f"{name}: answers by status (0 is a broken connection) {dict(person.answers)}")
    felt = [fault for person in people for fault in person.faults]
    return [*felt, *journal.doubled, *lost(on, set(journal.delivered), kept)]


def blows(on: Apart, away_s: float) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is done to it, in order."""
    for role in ("web", "worker", "jobs"):
        yield f"kill {role}", partial(_kill, on, role, role)
    for child in ("sidecar", "loader", "gateway 1"):
        yield f"kill {child}", partial(_kill, on, "second", child)
    yield "kill a machine of gateways", partial(_kill_and_start, on.roles["third"])
    yield "restart PostgreSQL", on.database.restart
    yield f"Elasticsearch away for {away_s:g} s", partial(_away, on.search, away_s)
    yield f"bucket away for {away_s:g} s", partial(_away, on.bucket, away_s)


def _kill(on: Apart, role: str, child: str) -> None:
    """Until its supervisor has started another one."""
    before = on.child(role, child)
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: on.child(role, child) != before)


def _kill_and_start(machine: Running) -> None:
    machine.kill()
    machine.start()


def _away(server: s3.S3 | elasticsearch.Node, for_s: float) -> None:
    server.kill()
    time.sleep(for_s)
    server.start()


def _struck(on: Apart, load: Load, text: str, blow: Callable[[], None]) -> None:
    """Until web and every gateway serve again."""
    began, before = time.monotonic(), len(load.journal.delivered)
    blow()
    assert eventually(on.serves)
    calls = len(load.journal.delivered) - before
    print(f"{text}: all serve after {time.monotonic() - began:.1f} s, {calls} calls answered meanwhile", flush=True)


def lost(on: Apart, calls: set[str], kept: dict[str, int]) -> Iterator[str]:
    """What was acknowledged and is not there, and what does not agree, once everything has been loaded."""
    house = on.house

    def missing() -> set[str]:
        known = house.db.read(lambda uow: set(uow.session.execute(select(UsageRow.call_id)).scalars()))
        return calls - known

    if not eventually(lambda: not missing(), _SETTLED_WITHIN_S):
        yield f"{len(missing())} calls were answered and stand in no ledger"
    rows, distinct = house.db.read(
        lambda uow: uow.session.execute(select(func.count(), func.count(UsageRow.call_id.distinct()))).one()
    )
    if rows != distinct:
        yield f"{rows - distinct} calls stand twice in the ledger"
    store = store_of(house.settings, StoreClass.DELIVERY)
    for digest in kept:
        if hashlib.sha256(b"".join(store.read(digest))).hexdigest() != digest:
            yield f"the acknowledged upload {digest} is not there as it was"
    yield from (f"{each.kind} {each.store} {each.name}" for each in kept_files.check(house, hashes=True) if each.grave)
    yield from (line.text for each in on.houses() for line in reconcile(each) if not line.well)
    yield from check.verify_log(house)
    yield from (f"{fault.where}: {fault.what}" for fault in house.db.read(books.faults))
    if not eventually(lambda: search.check(house).sound, _SETTLED_WITHIN_S):
        yield f"the index is not in line with the listings: {search.check(house)}"

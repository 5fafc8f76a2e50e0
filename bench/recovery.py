"""A backup made under load, put back on an empty machine after the first one burned.

    python -m bench.recovery [--database sqlite|postgresql] [--before 10] [--after 10]

Orders are placed and paid and interfaces are called without a pause. An auditor keeps a checkpoint, an operator makes a
backup, trading goes on, and everything is killed at once. The other machine has nothing but the secrets, the backup and
the last checkpoint that was published. Then every order and call that was acknowledged before the backup began must be
there, and whatever is there of later ones must be whole; the log must verify, go on in a new epoch that says what was
lost, and prove to the auditor that it is still the log of the checkpoint kept; bytes and books must agree with the
database; and people who were signed in go on: the old key calls, an order is placed, paid and proven.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench import crash
from bench.cast import Cast, assemble
from bench.client import PREFIX, Person
from bench.metered import Load, Probe, Stage, stage, verdict
from billing import queries as books
from billing.usage.models import UsageRow
from compliance.audit import check
from core.house import House
from core.settings import Settings
from exchange import kept_files
from exchange.app import build_house
from exchange.sidecar.reconciling import reconcile
from exchange.trading.models import Order
from tests import metered
from tests.servers import postgresql
from tests.servers.exchange import ROOT, Running, eventually

_CONNECTIONS = 2
_PAUSE_S = 0.01


@dataclass
class Trading:
    """What is done before and after the backup, and what was acknowledged when it began."""

    cast: Cast
    trade: metered.Trade
    journal: crash.Journal
    orders: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--before", type=float, default=10, metavar="S", help="of trading before the backup")
    parser.add_argument("--after", type=float, default=10, metavar="S", help="of trading between backup and fire")
    given = parser.parse_args()
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="piaohao-recovery-")))
        before = held.enter_context(stage(folder, given.database, log_publish=str(folder / "published")))
        journal = crash.Journal(folder / "journal.jsonl")
        trading = Trading(assemble(before.house), metered.trade(before.house, before.upstream), journal)
        before.start()
        kept = traded_until_it_burns(before, trading, folder, given)
        verdict(recovered(before, trading, folder, kept), "what the backup holds is back, and the trade goes on")


def traded_until_it_burns(on: Stage, trading: Trading, folder: Path, given: argparse.Namespace) -> str:
    """Load, a backup in the middle of it, SIGKILL. Answers the checkpoint that the auditor kept."""
    running, stop = on.running, threading.Event()
    Probe(trading.trade.key, trading.trade.path("hit-0")).until_served(running)
    client = crash.Client(running.port, trading.journal)
    player = threading.Thread(target=_until_it_burns, args=(client, trading.cast, stop), daemon=True)
    with Load(running.gateway_port, trading.trade.key, trading.trade.path, _CONNECTIONS, _PAUSE_S) as load:
        player.start()
        time.sleep(given.before)
        kept = (folder / "published" / "checkpoint").read_text()
        trading.orders, trading.calls = _orders(trading.journal), set(load.journal.delivered)
        began = time.monotonic()
        running.command("backup", str(folder / "backup"))
        took, size = time.monotonic() - began, sum(each.stat().st_size for each in (folder / "backup").rglob("*.*"))
        meanwhile = len(_orders(trading.journal) - trading.orders), len(set(load.journal.delivered) - trading.calls)
        print(
            f"backup of {size / 1e6:.0f} MB in {took:.1f} s, {meanwhile[0]} orders and {meanwhile[1]} calls meanwhile"
        )
        time.sleep(given.after)
        stop.set()
        running.kill()
    print(f"acknowledged before it: {len(trading.orders)} orders, {len(trading.calls)} calls")
    print(f"in all: {len(_orders(trading.journal))} orders, {len(load.journal.delivered)} calls")
    return kept


def _until_it_burns(client: crash.Client, cast: Cast, stop: threading.Event) -> None:
    try:
        crash.play(client, cast, stop, 100_000)
    except RuntimeError:
        if not stop.is_set():
            raise


def _orders(journal: crash.Journal) -> set[str]:
    return {line["answer"]["id"] for line in journal.lines() if line["path"] == "/orders"}


def recovered(before: Stage, trading: Trading, folder: Path, kept: str) -> list[str]:
    """Restores on an empty machine and looks at everything; answers what is wrong."""
    old = before.house.settings
    data = folder / "elsewhere" / "data"
    data.mkdir(mode=0o700, parents=True)
    shutil.copytree(old.data / "secrets", data / "secrets")
    options: dict[str, Any] = dict(before.options)
    if old.database_url:
        options["database_url"] = postgresql.create_database(old.database_url, "elsewhere")
    last = folder / "published" / "checkpoint"
    began = time.monotonic()
    _piaohao(data, options, "restore", str(folder / "backup"), "--checkpoint", str(last))
    print(f"restored in {time.monotonic() - began:.1f} s")
    for words in (("audit", "verify"), ("files", "check", "--hashes")):
        _piaohao(data, options, *words)
    settings = Settings(data=data, **{name: options[name] for name in ("profile", "database_url", "upstream_allow")})
    house = build_house(settings)
    faults = _gone(house, trading)
    running = Running(data, **options)
    try:
        running.wait()
        faults += _goes_on(running, trading, folder, kept)
        assert running.stop() == 0
        faults += _uncounted(house, trading) + _disagreeing(house)
    finally:
        running.kill()
        house.db.engine.dispose()
    return faults


def _piaohao(data: Path, options: Mapping[str, Any], *words: str) -> None:
    """One command, as an operator types it, with what it answers."""
    environment = {f"PIAOHAO_{name.upper()}": str(value) for name, value in options.items()}
    command = [sys.executable, "-m", "exchange", "--data", str(data), *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print(f"$ piaohao {words[0]} … → {done.returncode}", *(done.stdout + done.stderr).splitlines(), sep="\n    ")
    assert done.returncode == 0


def _gone(house: House, trading: Trading) -> list[str]:
    """Orders that were acknowledged before the backup and are not in it."""
    orders = house.db.read(lambda uow: set(uow.session.execute(select(Order.id)).scalars()))
    print(f"in the database: {len(orders)} orders")
    return [f"order {each} is gone" for each in trading.orders - orders]


def _uncounted(house: House, trading: Trading) -> list[str]:
    """Calls that were answered before the backup and stand in no ledger, or any that stands there twice."""
    calls = house.db.read(lambda uow: list(uow.session.execute(select(UsageRow.call_id)).scalars()))
    print(f"in the usage ledger: {len(calls)} calls")
    gone, twice = len(trading.calls - set(calls)), len(calls) - len(set(calls))
    return [f"{gone} calls are gone, {twice} stand twice"] if gone or twice else []


def _goes_on(running: Running, trading: Trading, folder: Path, kept: str) -> list[str]:
    """The old key calls, who was signed in buys, and the auditor's checkpoint still holds."""
    Probe(trading.trade.key, trading.trade.path("hit-1")).until_served(running)
    buyer = Person(running.port, trading.cast.buyer.token)
    order = buyer.must("POST", "/orders", trading.cast.order())
    buyer.must("POST", f"/orders/{order['id']}/pay", {})
    bundles = list[bytes]()

    def proven() -> bool:
        reply = buyer.send("GET", f"{PREFIX}/orders/{order['id']}/bundle")
        bundles.append(reply.body)
        return reply.status == 200

    assert eventually(proven), bundles[-1:]
    for name, content in (("bundle.zip", bundles[-1]), ("kept.txt", kept.encode())):
        (folder / name).write_bytes(content)
    (folder / "key.txt").write_text(str(buyer.must("GET", "/audit/key")["key"]))
    verifier = [sys.executable, "-m", "exchange", "verify", str(folder / "bundle.zip"), "--lang", "en"]
    verifier += ["--key", str(folder / "key.txt"), "--checkpoint", str(folder / "kept.txt")]
    done = subprocess.run(verifier, cwd=ROOT, capture_output=True, text=True, check=False)
    said = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
    print(f"$ piaohao verify … → {done.returncode}", *(line for line in said if line[:1] != "#"), sep="\n    ")
    return [] if done.returncode == 0 else ["the log does not prove itself to the auditor"]


def _disagreeing(house: House) -> list[str]:
    """Once everything stopped: what was in segments is loaded, and all agree."""
    faults = [line.text for line in reconcile(house) if not line.well] + check.verify_log(house)
    faults += [f"{fault.where}: {fault.what}" for fault in house.db.read(books.faults)]
    return faults + [f"{each.kind} {each.name}" for each in kept_files.check(house, hashes=True) if each.grave]


if __name__ == "__main__":
    main()

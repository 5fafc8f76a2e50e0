"""Real calls from a client's own count to the invoice: delivered = recorded = loaded = invoiced, per outcome.

So many connections call an interface through real gateways until enough answers arrived whole. Then the month is
closed, and what the client counted is held against the usage ledger, the signed statement and the invoice.

    python -m bench.calls [--calls 30000] [--gateways 2] [--connections 32] [--database sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from bench.metered import Load, Stage, stage, verdict
from billing.invoices import queries as invoices
from billing.periods import queries as periods
from billing.periods import service as closing
from billing.usage.models import UsageRow
from core.db import Uow
from core.money import format_price, round_units, rounding_of
from tests import metered
from tests.servers.exchange import eventually

PRICE = 2_800_000
PLAN = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.0028"}
OUTCOMES = {200: "hit", 404: "miss", 500: "upstream_error"}
_AFTER_THE_MONTH = timedelta(days=40)


def delivered(load: Load) -> Counter[str]:
    """What the client got whole, by what the interface says of the status."""
    return Counter(OUTCOMES[status] for status in load.journal.delivered.values())


def recorded(uow: Uow) -> Counter[str]:
    """What stands in the usage ledger, credited calls left out."""
    counted = select(UsageRow.outcome, func.count()).where(UsageRow.credited.is_(False)).group_by(UsageRow.outcome)
    return Counter({outcome: int(count) for outcome, count in uow.session.execute(counted)})


def stated(uow: Uow, trade: metered.Trade) -> tuple[Counter[str], int, int]:
    """The statement's calls by outcome, the invoice's units and its net amount."""
    (invoice,) = [each for each in invoices.of_order(uow, trade.order.id) if each.period]
    document = periods.statement(uow, trade.buyer.actor, invoice.id)
    calls: Counter[str] = Counter()
    for row in document["rows"]:
        calls[row["outcome"]] += 0 if row["credited"] else row["calls"]
    return calls, sum(line.quantity for line in invoice.lines), invoice.net


def campaign(on: Stage, trade: metered.Trade, calls: int, connections: int) -> list[str]:
    """Call, load, close, compare; answers what differs, in sentences."""
    on.start()
    began = time.monotonic()
    with Load(
        on.running.gateway_port, trade.key, trade.path, connections, kinds=("hit", "hit", "miss", "broken")
    ) as load:
        assert eventually(lambda: len(load.journal.delivered) >= calls, 3_600)
        load.stop()
    seconds = time.monotonic() - began
    mine = delivered(load)
    everything = sum(mine.values())
    loaded = eventually(lambda: sum(on.house.db.read(recorded).values()) >= everything, 120)
    assert on.running.stop() == 0
    found = on.house.db.read(recorded)
    on.house.clock.advance(_AFTER_THE_MONTH)
    closed = list(closing.close_due(on.house))
    told, units, net = on.house.db.read(lambda uow: stated(uow, trade))
    print(f"{everything:,} answers in {seconds:.0f} s over {connections} connections; "
          f"refused {dict(load.journal.refused)}, broken off {load.journal.broken}")  # fmt: skip
    print(f"{'':16}{'delivered':>11}{'recorded':>11}{'statement':>11}")
    for outcome in OUTCOMES.values():
        print(f"{outcome:16}{mine[outcome]:>11,}{found[outcome]:>11,}{told[outcome]:>11,}")
    print(f"invoiced: {units:,} × ¥0.0028 = ¥{format_price(units * PRICE, 'CNY')} → net ¥{net / 100:.2f}")
    return _faults(mine, found, told, units, net, loaded, len(closed))


def _faults(
    mine: Counter[str], found: Counter[str], told: Counter[str], units: int, net: int, loaded: bool, closed: int
) -> list[str]:
    faults = [] if loaded else ["not everything was loaded in two minutes"]
    if closed != 1:
        faults.append(f"{closed} periods were closed")
    for name, each in (("ledger", found), ("statement", told)):
        if each != mine:
            faults.append(f"the {name} differs from what was delivered")
    if units != mine["hit"]:
        faults.append(f"{units} units were invoiced")
    if net != round_units(units * PRICE, rounding_of("cn")):
        faults.append(f"the net amount is {net}")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=30_000)
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="piaohao-calls-", ignore_cleanup_errors=True) as folder,
        stage(Path(folder), given.database, gateways=given.gateways) as on,
    ):
        trade = metered.trade(on.house, on.upstream, plan=PLAN)
        faults = campaign(on, trade, given.calls, given.connections)
    verdict(faults, "delivered = recorded = stated = invoiced, per outcome")


if __name__ == "__main__":
    main()

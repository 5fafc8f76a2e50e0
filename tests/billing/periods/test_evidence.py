"""An order of an interface, its months and its evidence: bought, called, closed, settled, proven offline."""

from __future__ import annotations

from pathlib import Path

from billing.periods import service
from billing.settlement import service as settlement
from billing.usage import service as usage
from compliance.audit import checkpoints, sequencer, verifier
from core.house import House
from exchange.delivery.answers import wait_for_bundle
from exchange.trading import queries as trading
from tests import build
from tests.billing.books import Books
from tests.billing.periods.closing import wait
from tests.billing.usage.metering import record_of
from tests.servers.upstream import Upstream


def test_the_bundle_of_an_order_holds_its_months(calling_house: House, upstream: Upstream, tmp_path: Path) -> None:
    books = Books.open(calling_house)
    supplier, buyer = build.organisation(calling_house), build.organisation(calling_house)
    build.funded(calling_house, buyer, "100.00")
    order = build.paid(calling_house, buyer, build.interface_listed(calling_house, supplier, upstream))
    (right,) = [r for r in calling_house.db.read(trading.compiled) if r.order_id == order.id]
    calling_house.db.write(lambda uow: usage.open_meter(uow, right))
    for first in (0, 100):
        now = calling_house.clock.now()
        records = [record_of(right, first + n, at=now) for n in range(50)]  # type: ignore[arg-type]
        calling_house.db.write(lambda uow, batch=records: usage.load(uow, batch))  # type: ignore[misc]
        wait(calling_house)
        assert len(list(service.close_due(calling_house))) == 1
        wait(calling_house, 8)
        assert settlement.release_due(calling_house) == 1
    assert books.faults() == []
    while sequencer.run(calling_house):
        pass
    checkpoints.sign(calling_house)
    made = wait_for_bundle(calling_house, buyer.actor, order.id)
    assert made is not None
    path = tmp_path / "bundle.zip"
    path.write_bytes(made)
    assert verifier.main([str(path), "--key", checkpoints.public_key(calling_house).text()]) == verifier.GOOD
    actions = [entry["action"] for _, entry in verifier.verify(verifier.read_bundle(path)).entries]
    assert actions.count("invoice:issue") == 2
    assert actions.count("usage:close") == 2
    assert actions.count("payable:release") == 2

"""The map of the trade: every figure beside what stands in the tables it is counted from."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from core.house import House
from exchange.delivery import service as delivery
from exchange.delivery.types import ByteRange, DeliveryFile
from exchange.oversight import queries
from exchange.oversight.errors import TimeInvalid
from exchange.oversight.types import Flow
from exchange.trading import queries as trading
from exchange.web import trademap
from tests import build
from tests.billing.usage.metering import record_of, right_of
from tests.exchange.oversight.watched import FREE


def test_who_supplied_whom_how_much(house: House) -> None:
    from billing.usage import service as usage

    supplier, buyer, other = (build.organisation(house) for _ in range(3))
    officer = build.platform_person(house, "officer")
    for who in (buyer, other):
        build.funded(house, who)
    cheap, dear = build.listed(house, supplier), build.listed(house, supplier, amount="2500.00")
    began = house.clock.now()
    orders = [build.paid(house, buyer, cheap), build.paid(house, buyer, dear), build.paid(house, other, cheap)]
    build.placed(house, other, dear)  # not paid: it is on no map
    right = right_of(str(buyer.organisation_id), str(supplier.organisation_id), FREE, order_id=orders[0].id)
    calls = [record_of(right, number, at=began + timedelta(hours=1), records=3) for number in range(7)]
    house.db.write(lambda uow: usage.load(uow, calls))
    file = _file(house, buyer, orders[0].id)
    house.db.write(lambda uow: delivery.record_receipt(uow, buyer.actor, file, ByteRange(0, 40), rows=5))
    house.db.write(lambda uow: delivery.record_receipt(uow, buyer.actor, file, ByteRange(0, 100)))
    house.clock.advance(timedelta(days=1))
    found = house.db.read(lambda uow: queries.trade_map(uow, officer.actor))
    first, second = found.flows
    assert first == Flow(
        str(supplier.organisation_id), str(buyer.organisation_id), cheap.tier or 0, 2,
        orders[0].gross + orders[1].gross, 7, 26, 100, "CNY",
    )  # fmt: skip
    assert (second.buyer_id, second.orders, second.gross, second.calls) == (
        other.organisation_id, 1, orders[2].gross, 0,
    )  # fmt: skip
    before = house.db.read(lambda uow: queries.trade_map(uow, officer.actor, ends_at=began))
    assert before.flows == ()
    with pytest.raises(TimeInvalid):
        house.db.read(lambda uow: queries.trade_map(uow, officer.actor, starts_at=began, ends_at=began))


def _file(house: House, buyer: build.Built, order_id: str) -> DeliveryFile:
    from exchange.delivery import queries as delivered

    (file,) = house.db.read(lambda uow: delivered.files(uow, buyer.actor, order_id))
    assert house.db.read(lambda uow: trading.buyer_of(uow, order_id)) == buyer.organisation_id
    return file


def _flow(supplier: int, buyer: int, tier: int, gross: int) -> Flow:
    return Flow(f"s{supplier}", f"b{buyer}", tier, 1, gross, currency="CNY")


def test_the_drawing_loses_nothing_and_nothing_overlaps() -> None:
    flows = [_flow(n % 30, n % 7, n % 6, 100 + n) for n in range(120)]
    drawing = trademap.drawn(flows, "gross", {}, "others")
    assert drawing is not None
    assert sum(band.value for band in drawing.bands) == sum(each.gross for each in flows)
    assert len(drawing.nodes) <= 2 * (12 + 1)
    for anchor in ("end", "start"):
        side = [node for node in drawing.nodes if node.anchor == anchor]
        assert all(a.y + a.height < b.y for a, b in pairwise(side))
        assert all(b.label_y - a.label_y >= 12 for a, b in pairwise(side))
        assert side[-1].y + side[-1].height <= drawing.height
    assert "others" in {node.name for node in drawing.nodes}
    assert trademap.drawn(flows, "calls", {}, "others") is None

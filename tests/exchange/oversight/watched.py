"""A trade that oversight looks at: calls as gateways record them, refusals, and the clock of the holder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from billing.usage import service as usage
from compliance.policy import Resource, require
from compliance.policy.types import PolicyRefused
from core.house import House
from exchange.oversight import queries, service
from exchange.oversight.rules import QUARTER_S
from exchange.oversight.types import AlertSnapshot
from exchange.sidecar import refusing
from tests import build
from tests.billing.usage.metering import EPOCH, Right, record_of, right_of
from tests.build import Built

FREE = {"version": 1, "kind": "free"}
ZONE = ZoneInfo("Asia/Shanghai")
_numbers = count()


@dataclass
class Watched:
    """A buyer with a right to call, and an officer."""

    house: House
    buyer: Built
    supplier: Built
    officer: Built
    right: Right

    def called(self, at: datetime, calls: int, *, records: int = 1) -> None:
        """So many calls at that moment, as the loader brings them."""
        found = [record_of(self.right, next(_numbers), at=at, records=records) for _ in range(calls)]
        self.house.db.write(lambda uow: usage.load(uow, found))

    def declined(self, at: datetime, codes: Mapping[str, int], *, epoch: str = EPOCH) -> None:
        """Refused by a gateway, which tells what it refused in all."""
        quarter = int(at.timestamp()) // QUARTER_S
        told = [
            [self.right.organisation_id, self.right.listing_id, code, quarter, calls] for code, calls in codes.items()
        ]
        self.house.db.write(lambda uow: refusing.keep(uow, epoch, told))

    def refused(self) -> None:
        """By policy: the buyer asks for what only officers may."""
        asked = Resource("freeze", "all")
        with pytest.raises(PolicyRefused):
            self.house.db.write(lambda uow: require(self.buyer.actor, "freeze:see", asked))

    def look(self) -> list[AlertSnapshot]:
        service.tend(self.house)
        return list(self.house.db.read(lambda uow: queries.alerts(uow, self.officer.actor, limit=100)).items)

    def today(self) -> date:
        return self.house.clock.now().astimezone(ZONE).date()


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def to_noon(house: House) -> None:
    """Noon of the holder's next day: a day and a night lie open behind it."""
    now = house.clock.now().astimezone(ZONE)
    noon = (now + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    house.clock.advance(noon - now)


def watched(house: House) -> Watched:
    to_noon(house)  # first: sessions would have ended by then
    buyer, supplier = build.organisation(house), build.organisation(house)
    officer = build.platform_person(house, "officer")
    right = right_of(str(buyer.organisation_id), str(supplier.organisation_id), FREE)
    return Watched(house, buyer, supplier, officer, right)

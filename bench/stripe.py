"""The exchange's own code against Stripe itself, in test mode: a customer, a page to pay on, its end, Stripe's books.

    PIAOHAO_STRIPE_KEY=sk_test_… python -m bench.stripe

Refuses a key for real money. Nothing is paid. Answers 1 when Stripe answers otherwise than we expect.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.cast import open_house
from billing.payments import checkout, queries
from billing.payments.following import refresh
from billing.payments.types import Payment
from billing.processor import importing
from billing.processor import queries as processor
from billing.processor.service import resume
from core.house import House
from core.settings import Settings
from tests import build


def main() -> int:
    given = Settings.from_environment()
    if "_test_" not in given.stripe_key:
        print("Set PIAOHAO_STRIPE_KEY to a key of test mode: sk_test_…")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Path(folder), stripe_key=given.stripe_key, stripe_url=given.stripe_url)
        return _play(house)


def _play(house: House) -> int:
    buyer = build.organisation(house)
    begun = house.db.write(
        lambda uow: checkout.top_up(uow, buyer.actor, amount="20.00", currency="CNY", method="card")
    )  # fmt: skip
    opened = checkout.proceed(house, begun.id)
    refresh(house, begun.id)
    house.db.write(lambda uow: checkout.cancel(uow, buyer.actor, begun.id))
    resume(house)
    ended = house.db.read(lambda uow: queries.load(uow, begun.id))
    _tell(house, "begun", opened)
    _tell(house, "cancelled", ended)
    print(f"rows read of Stripe's books: {importing.read_books(house)}")
    return 0 if (opened.state, ended.state) == ("open", "cancelled") else 1


def _tell(house: House, what: str, payment: Payment) -> None:
    print(f"{what:<10} {payment.state:<10} {payment.session_id} {payment.code} {payment.message}")
    for attempt in house.db.read(lambda uow: processor.attempts_of(uow, payment.id)):
        print(f"           {attempt.deed:<10} {attempt.state:<8} {attempt.remote_id} {attempt.code} {attempt.message}")


if __name__ == "__main__":
    sys.exit(main())

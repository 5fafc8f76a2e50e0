"""Transfers within the processor: sent once, given back when refused, never sent again."""

from __future__ import annotations

from tests.billing.payouts.paying import Market


def test_what_is_available_is_transferred_and_the_books_agree_with_the_processors(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True, earned=90_000)
    report = trade.run()
    (payout,) = report.payouts
    assert (payout.amount, str(payout.state), payout.carried) == (90_000, "settled", 0)
    assert trade.sent() == [(trade.account(supplier).remote_id, 90_000, 0)]
    assert trade.available(supplier) == 0
    assert trade.fake.objects("transfer")[0]["transfer_group"] == payout.id
    trade.sound()
    assert trade.run().payouts == ()
    assert len(trade.sent()) == 1

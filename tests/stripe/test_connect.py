"""Suppliers: onboarding, transfers, reversals, payouts; every balance adds up."""

from __future__ import annotations

import pytest
import stripe

from tests.servers.stripe import FakeStripe
from tests.stripe.client import Control
from tests.stripe.conftest import client_of
from tests.stripe.test_payments import buy

DAY = 24 * 3600
LINK = "http://127.0.0.1/suppliers"


def supplier(api: stripe.V1Services, control: Control) -> str:
    made = api.accounts.create(
        {
            "type": "express",
            "country": "HK",
            "email": "s@example.com",
            "capabilities": {"transfers": {"requested": True}},
        }
    )
    control.onboard(made.id)
    return made.id


def test_nothing_is_transferred_before_onboarding(api: stripe.V1Services, control: Control) -> None:
    made = api.accounts.create({"type": "express", "country": "HK", "capabilities": {"transfers": {"requested": True}}})
    assert made.requirements is not None
    assert (made.details_submitted, made.payouts_enabled, bool(made.requirements.currently_due)) == (False, False, True)
    link = api.account_links.create(
        {"account": made.id, "type": "account_onboarding", "refresh_url": LINK, "return_url": LINK}
    )
    assert link.url.startswith("http://127.0.0.1:")
    control.fund(10000, "hkd")
    give = {"amount": 100, "currency": "hkd", "destination": made.id}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.transfers.create(give)  # type: ignore[arg-type]
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    control.onboard(made.id)
    assert api.transfers.create(give).destination == made.id  # type: ignore[arg-type]
    assert [each["account"] for each in control.events("account.updated")] == [made.id]
    control.restrict(made.id)
    with pytest.raises(stripe.InvalidRequestError):
        api.transfers.create(give)  # type: ignore[arg-type]
    with pytest.raises(stripe.PermissionError):
        api.accounts.retrieve("acct_of_somebody_else")


def test_the_platform_transfers_what_it_has(api: stripe.V1Services, control: Control) -> None:
    account = supplier(api, control)
    charge = str(api.payment_intents.create(buy(5000, payment_method="pm_card_visa")).latest_charge)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.transfers.create({"amount": 4000, "currency": "cny", "destination": account})
    assert refused.value.code == "balance_insufficient"
    early = api.transfers.create(
        {"amount": 3000, "currency": "cny", "destination": account, "source_transaction": charge}
    )
    assert (early.transfer_group, early.source_transaction) == (f"group_{charge}", charge)
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed"):
        api.transfers.create({"amount": 2001, "currency": "cny", "destination": account, "source_transaction": charge})
    assert control.totals()[account] == {"cny": [0, 3000]}
    control.advance(2 * DAY)
    assert control.totals() == {"": {"cny": [1825, 0]}, account: {"cny": [3000, 0]}}
    api.transfers.create({"amount": 1825, "currency": "cny", "destination": account, "transfer_group": "june"})
    assert [each.amount for each in api.transfers.list({"transfer_group": "june"}).data] == [1825]
    assert api.balance.retrieve().available[0].amount == 0


def test_reversals(fake: FakeStripe, api: stripe.V1Services, control: Control) -> None:
    account = supplier(api, control)
    control.fund(5000, "cny")
    transfer = api.transfers.create({"amount": 4000, "currency": "cny", "destination": account})
    first = api.transfers.reversals.create(transfer.id, {"amount": 1500, "metadata": {"why": "refund"}})
    assert (first.amount, first.transfer) == (1500, transfer.id)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unreversed"):
        api.transfers.reversals.create(transfer.id, {"amount": 2501})
    client_of(fake, account).v1.payouts.create({"amount": 2500, "currency": "cny"})
    with pytest.raises(stripe.InvalidRequestError) as poor:
        api.transfers.reversals.create(transfer.id)
    assert poor.value.code == "balance_insufficient"
    control.fund(2500, "cny", account)
    api.transfers.reversals.create(transfer.id)
    after = api.transfers.retrieve(transfer.id)
    assert (after.reversed, after.amount_reversed) == (True, 4000)
    assert [each.amount for each in api.transfers.reversals.list(transfer.id).data] == [2500, 1500]
    assert control.totals() == {"": {"cny": [5000, 0]}, account: {"cny": [0, 0]}}


def test_payouts_arrive_or_come_back(fake: FakeStripe, api: stripe.V1Services, control: Control) -> None:
    account = supplier(api, control)
    control.fund(5000, "cny")
    api.transfers.create({"amount": 4000, "currency": "cny", "destination": account})
    theirs = client_of(fake, account).v1
    with pytest.raises(stripe.InvalidRequestError) as poor:
        theirs.payouts.create({"amount": 4001, "currency": "cny"})
    assert poor.value.code == "balance_insufficient"
    first = theirs.payouts.create({"amount": 1000, "currency": "cny"})
    assert first.status == "pending"
    control.advance(3 * DAY)
    assert theirs.payouts.retrieve(first.id).status == "paid"
    swept = control.sweep(account, "cny")
    inside = theirs.balance_transactions.list({"payout": swept["id"]}).data
    assert sorted(each.type for each in inside) == ["payment", "payout", "payout"]
    assert sum(each.net for each in inside) == 0
    assert control.fail_payout(swept["id"])["status"] == "failed"
    assert theirs.balance.retrieve().available[0].amount == 3000
    assert theirs.payouts.cancel(theirs.payouts.create({"amount": 5, "currency": "cny"}).id).status == "canceled"
    assert {each["account"] for each in control.events("payout.failed")} == {account}
    with pytest.raises(stripe.InvalidRequestError):
        api.payouts.retrieve(first.id)


def test_balance_transactions_by_page_and_by_filter(api: stripe.V1Services, control: Control) -> None:
    intents = [api.payment_intents.create(buy(5000 + number, payment_method="pm_card_visa")) for number in range(5)]
    refund = api.refunds.create({"payment_intent": intents[0].id, "amount": 7})
    every = [each.amount for each in api.balance_transactions.list({"limit": 2}).auto_paging_iter()]
    assert every == [-7, 5004, 5003, 5002, 5001, 5000]
    assert [each.amount for each in api.balance_transactions.list({"type": "refund"}).data] == [-7]
    assert [each.source for each in api.balance_transactions.list({"source": refund.id}).data] == [refund.id]
    assert len(api.balance_transactions.list({"type": "charge", "created": {"gte": control.now() - 60}}).data) == 5
    expanded = api.balance_transactions.list({"limit": 1, "expand": ["data.source"]})
    assert isinstance(expanded.data[0].source, stripe.Refund)
    last = api.balance_transactions.list({"limit": 5})
    assert last.has_more
    assert len(api.balance_transactions.list({"ending_before": last.data[2].id}).data) == 2

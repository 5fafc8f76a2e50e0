"""Money that goes back: never more than came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
import stripe

from tests.servers.stripe import FakeStripe
from tests.stripe.client import Control
from tests.stripe.conftest import client_of
from tests.stripe.test_payments import buy

DAY = 24 * 3600


def paid(api: stripe.V1Services, token: str = "pm_card_visa", amount: int = 5000) -> stripe.PaymentIntent:
    return api.payment_intents.create(buy(amount, payment_method=token))


def test_refunds_in_part_then_whole_then_no_more(api: stripe.V1Services) -> None:
    intent = paid(api)
    first = api.refunds.create({"payment_intent": intent.id, "amount": 1200, "reason": "requested_by_customer"})
    assert (first.status, first.amount, first.charge) == ("succeeded", 1200, intent.latest_charge)
    with pytest.raises(stripe.InvalidRequestError, match=r"greater than unrefunded amount on charge \(38.00 CNY\)"):
        api.refunds.create({"payment_intent": intent.id, "amount": 3801})
    assert api.refunds.create({"charge": str(intent.latest_charge)}).amount == 3800
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    charge = api.charges.retrieve(str(intent.latest_charge))
    assert (charge.refunded, charge.amount_refunded) == (True, 5000)
    assert len(api.refunds.list({"payment_intent": intent.id}).data) == 2


def test_two_refunds_at_once_are_not_more_than_was_paid(fake: FakeStripe, api: stripe.V1Services) -> None:
    intent = paid(api)

    def refund(_: int) -> bool:
        try:
            client_of(fake).v1.refunds.create({"payment_intent": intent.id, "amount": 3000})
        except stripe.InvalidRequestError:
            return False
        return True

    with ThreadPoolExecutor(4) as people:
        assert sum(people.map(refund, range(4))) == 1


def test_refunds_that_fail_later_bring_the_money_back(api: stripe.V1Services, control: Control) -> None:
    refund = api.refunds.create({"payment_intent": paid(api, "pm_card_refundFail").id})
    assert refund.status == "succeeded"
    control.advance(DAY)
    after = api.refunds.retrieve(refund.id)
    assert (after.status, bool(after.failure_balance_transaction)) == ("failed", True)
    assert not api.charges.retrieve(str(refund.charge)).refunded
    assert [each["type"] for each in control.events("refund.failed")] == ["refund.failed"]
    pending = api.refunds.create({"payment_intent": paid(api, "pm_card_pendingRefund").id})
    assert pending.status == "pending"
    control.advance(DAY)
    assert api.refunds.retrieve(pending.id).status == "succeeded"
    assert control.conclude_refund(pending.id, failed=True)["status"] == "failed"


def test_a_dispute_is_answered_and_won(api: stripe.V1Services, control: Control) -> None:
    intent = paid(api)
    before = sum(control.totals()[""]["cny"])
    opened = control.dispute(str(intent.latest_charge))
    dispute = api.disputes.retrieve(opened["id"])
    assert (dispute.status, dispute.amount, dispute.payment_intent) == ("needs_response", 5000, intent.id)
    assert sum(control.totals()[""]["cny"]) == before - 5000 - 1500
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"
    draft = api.disputes.update(dispute.id, {"evidence": {"customer_name": "Buyer"}, "submit": False})
    assert (draft.status, draft.evidence_details.has_evidence) == ("needs_response", True)
    sent = api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "the order's evidence"}})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert control.decide(dispute.id, won=True)["status"] == "won"
    assert sum(control.totals()[""]["cny"]) == before - 1500
    assert api.refunds.create({"payment_intent": intent.id, "amount": 100}).status == "succeeded"


def test_disputes_are_lost_by_closing_by_evidence_and_by_silence(api: stripe.V1Services, control: Control) -> None:
    closed, losing, silent = (control.dispute(str(paid(api).latest_charge))["id"] for _ in range(3))
    assert api.disputes.close(closed).status == "lost"
    assert api.disputes.update(losing, {"evidence": {"uncategorized_text": "losing_evidence"}}).status == "lost"
    control.advance(10 * DAY)
    lost = api.disputes.retrieve(silent)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", True)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        api.disputes.close(silent)
    kinds = [each["type"] for each in control.events("charge.dispute.closed")]
    assert len(kinds) == 3


def test_a_card_that_disputes_by_itself(api: stripe.V1Services) -> None:
    intent = paid(api, "pm_card_createDispute")
    assert [each.payment_intent for each in api.disputes.list({"payment_intent": intent.id}).data] == [intent.id]


def test_a_document_as_evidence(api: stripe.V1Services, control: Control) -> None:
    dispute = control.dispute(str(paid(api).latest_charge))["id"]
    bundle = BytesIO(b"%PDF-1.7 \r\n--boundary\r\n the order's evidence")
    bundle.name = "evidence.pdf"
    document = api.files.create({"purpose": "dispute_evidence", "file": bundle})
    assert (document.filename, document.size, document.type) == ("evidence.pdf", len(bundle.getvalue()), "pdf")
    with pytest.raises(stripe.InvalidRequestError) as missing:
        api.disputes.update(dispute, {"evidence": {"uncategorized_file": "file_none"}})
    assert missing.value.code == "resource_missing"
    sent = api.disputes.update(dispute, {"evidence": {"uncategorized_file": document.id}})
    assert (sent.status, sent.evidence.uncategorized_file) == ("under_review", document.id)

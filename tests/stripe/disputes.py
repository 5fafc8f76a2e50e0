"""Disputes: the bank takes the money back, evidence is submitted, it is won or lost."""

from __future__ import annotations

from typing import Any

from tests.stripe import balance
from tests.stripe.call import Call, merged, route
from tests.stripe.errors import Refused
from tests.stripe.lists import PAGING, filtered, page
from tests.stripe.store import Object

FEE = 1500
_ANSWER_WITHIN_S = 9 * balance.DAY_S
_FILES = {
    "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation", "receipt",
    "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
}  # fmt: skip
_OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


def opened(call: Call, charge: Object, amount: int | None = None, reason: str = "fraudulent") -> Object:
    """The money leaves the balance at once, with a fee."""
    store, currency = call.store, charge["currency"]
    if charge.get("_disputed") or not charge["paid"]:
        raise Refused(f"FAKE STRIPE: the charge {charge['id']} is disputed already, or was not paid.")
    amount = amount if amount is not None else charge["amount"] - charge["amount_refunded"]
    if not 0 < amount <= charge["amount"]:
        raise Refused(f"FAKE STRIPE: {amount} of the charge {charge['id']} cannot be disputed.")
    dispute_id = store.new_id("du")
    taken = balance.post(
        call, "adjustment", dispute_id, -amount, currency, fee=FEE, fee_note="Dispute fee",
        description=f"Chargeback withdrawal for {charge['id']}",
    )  # fmt: skip
    kind = charge["payment_method_details"]["type"]
    details = {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"}
    due_by = store.now() + _ANSWER_WITHIN_S
    dispute = store.add(
        {
            "id": dispute_id, "object": "dispute", "amount": amount, "balance_transactions": [taken],
            "charge": charge["id"], "created": store.now(), "currency": currency, "enhanced_eligibility_types": [],
            "evidence": {"enhanced_evidence": {}}, "is_charge_refundable": False, "livemode": False, "metadata": {},
            "evidence_details": {
                "due_by": due_by, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False,
                "submission_count": 0, "submission_method": "not_submitted",
            },
            "payment_intent": charge["payment_intent"], "reason": reason, "status": "needs_response",
            "payment_method_details": {"type": "card", "card": details} if kind == "card" else None,
        },
        call.account,
    )  # fmt: skip
    store.save(charge | {"disputed": True, "_disputed": True})
    store.remind(due_by, "dispute", dispute_id)
    call.emit("charge.dispute.created", dispute)
    call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


@route("GET", "/v1/disputes/{dispute}", "DisputeRetrieveParams")
def retrieve(call: Call, dispute: str) -> Object:
    return call.store.get("dispute", dispute, call.account)


@route("POST", "/v1/disputes/{dispute}", "DisputeUpdateParams", "evidence metadata submit")
def update(call: Call, dispute: str) -> Object:
    """``winning_evidence`` and ``losing_evidence`` as the uncategorized text decide at once, as in test mode."""
    found = call.store.get("dispute", dispute, call.account)
    found["metadata"] = merged(found["metadata"], call.params.get("metadata"))
    evidence: dict[str, Any] = call.params.get("evidence") or {}
    if not evidence and not call.params.get("submit"):
        return call.store.save(found)
    details = found["evidence_details"]
    if found["status"] != "needs_response":
        raise Refused(f"This dispute is {found['status'].replace('_', ' ')}: evidence cannot be submitted.")
    for name in _FILES & evidence.keys():
        call.store.get("file", evidence[name], call.account, f"evidence[{name}]")
    found["evidence"] |= evidence
    details["has_evidence"] = details["has_evidence"] or bool(evidence)
    if call.params.get("submit", True):
        details |= {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
        found["status"] = "under_review"
    call.emit("charge.dispute.updated", call.store.save(found))
    decided_by = {"winning_evidence": True, "losing_evidence": False}
    text = str(found["evidence"].get("uncategorized_text"))
    if found["status"] == "under_review" and text in decided_by:
        return decided(call, found, won=decided_by[text])
    return found


@route("POST", "/v1/disputes/{dispute}/close", "DisputeCloseParams")
def close(call: Call, dispute: str) -> Object:
    return decided(call, call.store.get("dispute", dispute, call.account), won=False)


def decided(call: Call, dispute: Object, *, won: bool) -> Object:
    """Won: the amount comes back, the fee does not."""
    if dispute["status"] not in _OPEN:
        raise Refused("This dispute is already closed.")
    dispute["status"] = "won" if won else "lost"
    if won:
        back = balance.post(
            call, "adjustment", dispute["id"], dispute["amount"], dispute["currency"], category="dispute_reversal",
            description=f"Chargeback reversal for {dispute['charge']}",
        )  # fmt: skip
        dispute["balance_transactions"].append(back)
        charge = call.store.get("charge", dispute["charge"], call.account)
        call.store.save(charge | {"_disputed": False})
    call.store.save(dispute)
    if won:
        call.emit("charge.dispute.funds_reinstated", dispute)
    call.emit("charge.dispute.closed", dispute)
    return dispute


def when_due(call: Call, dispute_id: str) -> None:
    """Nobody has answered: lost."""
    dispute = call.store.get("dispute", dispute_id, call.account)
    if dispute["status"] == "needs_response":
        dispute["evidence_details"]["past_due"] = True
        decided(call, dispute, won=False)


@route("GET", "/v1/disputes", "DisputeListParams", f"{PAGING} charge payment_intent")
def listing(call: Call) -> Object:
    found = call.store.find("dispute", call.account, **filtered(call, "charge", "payment_intent"))
    return page(call, "/v1/disputes", found)

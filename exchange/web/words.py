"""The words for codes that people read: states, tiers, scenes, roles, steps, actions of the log."""

from __future__ import annotations

from core.speech import lazy_gettext as _l

WORDS = {
    "tier": {
        "0": _l("Open"), "1": _l("General 1"), "2": _l("General 2"), "3": _l("General 3"), "4": _l("Sensitive"),
        "5": _l("Important"),
    },
    "scene": {
        "speech": _l("Speech"), "text_recognition": _l("Text recognition"), "text": _l("Text recognition"),
        "ocr": _l("Text recognition"), "faces": _l("Faces"), "face": _l("Faces"), "driving": _l("Driving"),
        "language": _l("Language"), "other": _l("Other"),
    },
    "origin": {"government": _l("Government"), "enterprise": _l("Enterprise"), "social": _l("Social")},
    "kind": {"dataset": _l("Dataset"), "interface": _l("API interface"), "reference": _l("External reference")},
    "plan": {
        "free": _l("Free"), "one_off": _l("One-off"), "negotiated": _l("By quote"), "per_call": _l("Per call"),
        "per_hit": _l("Per hit"), "package": _l("Package"), "subscription": _l("Subscription"),
        "per_record": _l("Per record"), "per_byte": _l("By volume of bytes"), "graduated": _l("Graduated"),
        "volume": _l("By volume"), "minimum": _l("Minimum"),
        "per_item": _l("Per item"), "unread": _l("As the source writes it"), "unstated": _l("Not stated"),
    },
    "demand": {
        "open": _l("Open for answers"), "closed": _l("Closed"), "expired": _l("Run out"),
        "removed": _l("Removed by a reviewer"),
    },
    "demand_answer": {
        "sent": _l("Sent"), "taken_up": _l("Taken up"), "declined": _l("Declined"), "withdrawn": _l("Taken back"),
    },
    "listing": {
        "draft": _l("Draft"), "in_review": _l("In review"), "returned": _l("Returned"), "listed": _l("Listed"),
        "withdrawn": _l("Withdrawn"), "suspended": _l("Suspended"),
    },
    "order": {
        "inquired": _l("Asked for a quote"), "offered": _l("Terms on the table"), "agreed": _l("Agreed, to be signed"),
        "declined": _l("Declined"), "lapsed": _l("Not answered in time"),
        "placed": _l("Waiting for payment"), "paid": _l("Ready to download"), "delivered": _l("Waiting for acceptance"),
        "accepted": _l("Accepted"), "cancelled": _l("Cancelled"), "refunded": _l("Refunded"),
    },
    "step": {
        "inquire": _l("A quote was asked for"), "offer": _l("Offered to this buyer"), "say": _l("Said"),
        "propose": _l("Terms put on the table"), "agree": _l("Terms agreed"), "decline": _l("Declined"),
        "expire_terms": _l("Not answered in time"), "meet_nda": _l("Confidentiality agreement signed"),
        "meet_contract": _l("Contract signed"), "meet_acceptance": _l("Accepted by a second person"),
        "meet_spending": _l("Spending approved"), "meet_approval": _l("Order approved"),
        "place": _l("Order placed"), "pay": _l("Paid; the money is held, the licence begins"),
        "cancel": _l("Cancelled before payment"), "expire": _l("Not paid in time, cancelled"),
        "deliver": _l("Every file was delivered in full"), "accept": _l("Delivery accepted, money released"),
        "accept_overdue": _l("Acceptance period ran out, taken as accepted"),
        "fail": _l("Delivery failed, money returned"),
        "freeze": _l("Frozen by an officer: calls and deliveries stop"),
        "release": _l("Released: calls and deliveries go on"),
        "lapse": _l("The licence has ended by its time"),
        "dispute": _l("Disputed by the buyer"), "dispute_withdraw": _l("The dispute was withdrawn"),
        "dispute_rule_dismissed": _l("Ruled: the dispute is dismissed"),
        "dispute_rule_part": _l("Ruled: a refund in part"), "dispute_rule_full": _l("Ruled: a refund in full"),
        "renew": _l("The next period has begun"), "unsubscribe": _l("Cancelled; it ends with its period"),
        "announce_price": _l("Another price was announced"), "new_price": _l("The announced price holds"),
        "replaced": _l("Another order has taken its place"), "end_unpaid": _l("Ended: a fee was not paid"),
        "regrade": _l("The tier rose: more is asked for before it is placed"),
        "rest": _l("The right rests: the tier asks for more"),
        "withhold": _l("A file cannot carry the mark that its tier asks for; it is not handed out any more"),
        "resume": _l("What was missing is there: the right goes on"),
    },
    "rated": {
        "usage": _l("Usage"), "free": _l("Free"), "step": _l("Step"), "included": _l("Included"),
        "overage": _l("Beyond what is included"), "package": _l("Package"), "beyond": _l("Not covered"),
        "fee": _l("Fee"), "minimum": _l("Missing to the minimum"),
    },
    "dispute": {
        "open": _l("Waiting for the supplier"), "answered": _l("Waiting for the ruling"), "withdrawn": _l("Withdrawn"),
        "ruled": _l("Ruled"),
    },
    "ground": {
        "not_delivered": _l("Not delivered"), "incomplete": _l("Incomplete"),
        "not_as_described": _l("Not as described"), "quality": _l("Bad quality"),
        "charged_wrongly": _l("Charged wrongly"), "other": _l("Something else"),
    },
    "ruling": {
        "dismissed": _l("Dismissed"), "part": _l("A refund in part"), "full": _l("A refund in full"),
    },
    "topic": {
        "orders": _l("Orders"), "disputes": _l("Disputes"), "listings": _l("Listings and reviews"),
        "qualification": _l("Qualification"), "money": _l("Money"), "requests": _l("Requests of people"),
        "alerts": _l("Alerts"), "reminders": _l("What is about to end"),
        "demands": _l("Demands and saved searches"),
    },
    "lacking": {
        "licence_revoked": _l("The licence was revoked"), "order_frozen": _l("The order is frozen"),
        "licence_expired": _l("The licence has expired"), "licence_not_started": _l("The licence has not started yet"),
        "contract_needed": _l("The tier asks for a contract that is not signed yet"),
        "listing_stopped": _l("A compliance officer has stopped what is licensed until it has been reviewed again"),
        "nda_needed": _l("The tier asks for an agreement of confidentiality that is not signed yet"),
        "qualification_needed": _l("The tier asks for a higher qualification"),
        "quota_needed": _l("The tier asks for a quota that was not agreed"),
        "country_needed": _l("The organisation's country is not known"),
        "country_not_permitted": _l("The tier is for organisations of this country only"),
        "export_blocked": _l("Data of this tier does not leave the country"),
        "export_threshold_reached": _l("Too many persons' data would leave the country this year"),
        "export_not_countable": _l("The persons in this data cannot be counted, so it does not leave the country"),
        "export_persons_lost": _l("What tells of the persons in exported data is lost or damaged"),
        "subscription_unpaid": _l("A fee of the subscription was not paid in time; calls go on when it is"),
        "invoice_overdue": _l("An invoice was not paid though it is long due; calls go on when it is paid"),
        "territory_not_permitted": _l("The licence does not cover this country"),
        "delivery_not_permitted": _l("The data must not be delivered this way"),
        "in_platform_compute_not_built": _l("The tier is computed on inside the platform only, which is not built"),
        "enclave_not_built": _l("The tier is used inside the supplier's enclave only, which is not built"),
        "tier_not_permitted": _l("The organisation may not use data of this tier"),
    },
    "call_step": {
        "pay": _l("Confirmed; the licence begins"), "deliver": _l("Access is open: calls can begin"),
        "accept": _l("Accepted"), "fail": _l("Access ended, what was paid is returned"),
        "lapse": _l("The licence has ended by its time"),
    },
    "by": {"buyer": _l("Buyer"), "supplier": _l("Supplier"), "platform": _l("Platform")},
    "qualification": {
        "registered": _l("Registered"), "submitted": _l("Submitted, being checked"), "returned": _l("Returned"),
        "approved": _l("Verified"), "suspended": _l("Suspended"),
    },
    "match": {
        "credit_code": _l("the credit code stands in it"), "name": _l("the same name"),
        "similar": _l("the same name but for its form"), "none": _l("none found"),
    },
    "claim": {
        "open": _l("waits for an officer"), "approved": _l("approved"), "rejected": _l("rejected"),
        "withdrawn": _l("taken back"),
    },
    "proof": {
        "missing": _l("missing"), "handed_in": _l("waits for an officer"), "accepted": _l("accepted"),
        "rejected": _l("returned"), "expired": _l("expired"),
    },
    "level": {
        "0": _l("not signed in"), "1": _l("registered"), "2": _l("qualified"), "3": _l("qualified in full"),
        "4": _l("enhanced"),
    },
    "level_opens": {
        "1": _l("Buy what is open or general 1; see what is general 2."),
        "2": _l("Sell; buy general 2; see what general 3 and sensitive data there is, and ask for a quote."),
        "3": _l("Buy general 3, by contract."),
        "4": _l("Order sensitive and important data, inside the country and under its rules."),
    },
    "role": {
        "owner": _l("Owner"), "supplier": _l("Supplier"), "buyer": _l("Buyer"), "developer": _l("Developer"),
        "finance": _l("Finance"), "reviewer": _l("Reviewer"), "officer": _l("Officer"), "operator": _l("Operator"),
        "service": _l("Service account"),
    },
    "payout": {"reserved": _l("On its way"), "settled": _l("Paid out"), "failed": _l("Failed, available again")},
    "payout_way": {"processor": _l("Stripe transfer"), "bank": _l("Bank transfer")},
    "reversal": {"asked": _l("Being taken back"), "settled": _l("Taken back"), "failed": _l("Failed")},
    "arrival": {
        "pending": _l("On its way"), "in_transit": _l("On its way"), "paid": _l("Arrived"), "failed": _l("Sent back"),
        "canceled": _l("Cancelled"),
    },
    "payout_skip": {
        "negative": _l("The balance is negative; it is carried forward"),
        "below_minimum": _l("Less than the smallest payout"), "withheld": _l("Disputed or frozen, or released later"),
        "payout_open": _l("A payout is under way"),
        "organisation_stopped": _l("The organisation is suspended or closed"),
        "no_destination": _l("Neither an account with the processor nor a bank account"),
        "account_incomplete": _l("The account with the processor is not filled in"),
        "account_restricted": _l("The processor has stopped the account"),
        "processor_unavailable": _l("No payment processor is connected"),
        "bank_account_cooling": _l("The bank account was changed a short while ago"),
    },
    "payout_due": {
        "external_account": _l("A bank account"), "business_profile.url": _l("The organisation's web page"),
        "business_profile.mcc": _l("What the organisation does"),
        "tos_acceptance.date": _l("Consent to Stripe's terms"),
        "tos_acceptance.ip": _l("Consent to Stripe's terms"), "company.tax_id": _l("The organisation's tax number"),
        "representative.first_name": _l("The representative's first name"),
        "representative.last_name": _l("The representative's last name"),
        "individual.verification.document": _l("An identity document"),
        "company.verification.document": _l("A document of the organisation"),
    },
    "payout_stop": {
        "requirements.past_due": _l("Something that Stripe asks for is missing"),
        "requirements.pending_verification": _l("Stripe is checking what was handed in"),
        "under_review": _l("Stripe is reviewing the account"), "listed": _l("Stripe is checking names against lists"),
        "rejected.fraud": _l("Stripe has rejected the account"),
        "rejected.other": _l("Stripe has rejected the account"),
        "rejected.terms_of_service": _l("Stripe has rejected the account"),
        "rejected.listed": _l("Stripe has rejected the account"), "platform_paused": _l("The exchange has paused it"),
    },
    "topup": {
        "recorded": _l("Waits for a second person"), "confirmed": _l("Booked"), "rejected": _l("Rejected"),
        "cancelled": _l("Cancelled"),
    },
    "payment": {
        "planned": _l("Not known to the processor yet"), "open": _l("Waits for its payer"),
        "succeeded": _l("Arrived"), "failed": _l("Failed"), "expired": _l("Ran out"), "cancelled": _l("Cancelled"),
    },
    "method": {
        "card": _l("Card"), "alipay": _l("Alipay"), "wechat_pay": _l("WeChat Pay"), "saved_card": _l("Kept card"),
    },
    "purpose_paid": {"top_up": _l("Top-up"), "invoice": _l("Invoice"), "order": _l("Order")},
    "treatment": {
        "standard": _l("Taxed as usual"), "reverse_charge": _l("Reverse charge"), "exempt": _l("Exempt from tax"),
    },
    "tax_field": {
        "title": _l("Title on the invoice"), "taxpayer_number": _l("Taxpayer number"),
        "address": _l("Registered address"), "phone": _l("Registered phone"), "bank": _l("Name of the bank"),
        "account": _l("Bank account"), "vat_number": _l("VAT number"), "exemption": _l("Exempt by"),
    },
    "fapiao_kind": {"ordinary": _l("Ordinary fapiao"), "special": _l("Special VAT fapiao")},
    "fapiao": {"requested": _l("Asked for"), "issued": _l("Fapiao issued"), "refused": _l("Not issued")},
    "dunning": {
        "before": _l("Told that it is due soon"), "due": _l("Told that it is due"),
        "late": _l("Told that it is a week late"), "last": _l("Told for the last time"),
    },
    "month": {"to_confirm": _l("Waits for a second person"), "closed": _l("Closed for good")},
    "card_refund": {"reserved": _l("On its way"), "settled": _l("Sent back"), "failed": _l("Back on the balance")},
    "chargeback": {
        "open": _l("To be answered"), "answered": _l("With the bank"), "won": _l("Won"), "lost": _l("Lost"),
    },
    "contest": {
        "fraudulent": _l("not authorised by the holder"), "product_not_received": _l("nothing was received"),
        "product_unacceptable": _l("not as described"), "duplicate": _l("paid twice"),
        "subscription_canceled": _l("cancelled before"), "credit_not_processed": _l("a refund is missing"),
        "unrecognized": _l("not recognised"), "general": _l("not given"),
    },
    "review": {
        "open": _l("Being reviewed"), "approved": _l("Approved"), "returned": _l("Returned"),
        "dropped": _l("Ended without outcome"),
    },
    "answer": {
        "open": _l("To be judged"), "pass": _l("Passed"), "fail": _l("Failed"), "not_applicable": _l("Not applicable"),
    },
    "evidence": {
        "statement": _l("Statement"), "credit_code": _l("Unified social credit code"), "level": _l("Level"),
        "qualified_until": _l("Qualified until"), "until": _l("Qualified until"), "proposed": _l("Proposed tier"),
        "proposed_tier": _l("Proposed tier"), "tier": _l("Tier"), "reasons": _l("Reasons"), "rows": _l("Rows"),
        "found": _l("Found"), "columns": _l("Columns"), "purposes": _l("Purposes"), "sample_rows": _l("Sample rows"),
        "supplier": _l("Supplier"), "name": _l("Name"), "declared": _l("Declared"), "scan": _l("Scan for identifiers"),
        "licence": _l("Licence"), "text": _l("Statement"), "valid": _l("Valid"), "state": _l("State"),
        "personal": _l("Cells that name a person"), "plan": _l("Price"), "files": _l("Files"),
    },
    "outcome": {
        "hit": _l("Hit"), "miss": _l("Miss"), "upstream_error": _l("Upstream error"), "client_abort": _l("Client gone"),
        "refused": _l("Refused"),
    },
    "credential": {
        "none": _l("It needs no credential"), "header": _l("A header"), "query": _l("A parameter of the query"),
        "basic": _l("Name and password (basic)"),
    },
    "place": {"path": _l("path"), "query": _l("query"), "header": _l("header")},
    "delivery": {"api": _l("by API"), "download": _l("by download")},
    "contract": {
        "none": _l("none: the licence text"), "licence": _l("Licence, signed by the buyer"),
        "provision": _l("Contract of data provision"), "entrusted": _l("Contract of entrusted processing"),
        "nda": _l("Confidentiality agreement"),
    },
    "requirement": {
        "acceptance": _l("A second person accepts"), "nda": _l("Sign the confidentiality agreement"),
        "contract": _l("Sign the contract"), "spending": _l("Approve the spending"),
        "approval": _l("Approve the order"),
    },
    "side": {"buyer": _l("Buyer"), "supplier": _l("Supplier"), "officer": _l("Compliance officer")},
    "right": {"active": _l("In force"), "revoked": _l("Revoked"), "ended": _l("Ended"), "frozen": _l("Frozen")},
    "orderable": {"yes": _l("Can be ordered"), "no": _l("Cannot be ordered")},
    "invoice": {"INV": _l("Invoice"), "CRN": _l("Credit note")},
    "posting": {
        "top_up": _l("Top-up"), "invoice": _l("Invoice"), "payment": _l("Payment"), "credit_note": _l("Credit note"),
        "refund": _l("Refund"), "release": _l("Release to the supplier"),
        "card_payment": _l("Payment by card or wallet"), "card_refund": _l("Sent back to card or wallet"),
        "chargeback": _l("Contested payment"), "payout": _l("Payout"),
    },
    "account": {
        "buyer_prepaid": _l("Prepaid balance"), "supplier_on_hold": _l("Supplier, on hold"),
        "supplier_available": _l("Supplier, available"), "buyer_receivable": _l("Owed by buyers"),
        "unearned": _l("Not earned yet"), "platform_revenue": _l("Revenue of the platform"),
        "tax_payable": _l("Tax to be paid"), "bank_clearing": _l("Bank"), "refunds": _l("Refunds"),
        "rounding": _l("Rounding"), "processor_clearing": _l("With the payment processor"),
        "processor_fees": _l("Fees of the payment processor"), "chargebacks": _l("Taken back by banks"),
        "in_flight": _l("On its way out"),
    },
    "payable": {
        "on_hold": _l("Held until acceptance"), "available": _l("Available"), "reversed": _l("Returned to the buyer"),
    },
    "purpose": {
        "training": _l("Training"), "evaluation": _l("Evaluation"), "research": _l("Research"),
        "statistics": _l("Statistics"), "verification": _l("Verification"), "commercial": _l("Commercial use"),
        "internal": _l("Internal use"), "product": _l("Product"), "analysis": _l("Analysis"),
        "risk_control": _l("Risk control"), "public_service": _l("Public service"),
    },
    "identifier": {
        "phone": _l("Telephone number"), "resident_id": _l("Resident identity number"), "email": _l("E-mail address"),
        "bank_card": _l("Bank card number"), "credit_code": _l("Unified social credit code"),
        "plate": _l("Vehicle plate"), "passport": _l("Passport number"), "ip_address": _l("IP address"),
        "name": _l("Name"), "address": _l("Address"),
    },
    "request": {
        "unconfirmed": _l("Not confirmed"), "open": _l("With the suppliers"), "answered": _l("Suppliers have answered"),
        "closed": _l("Answered"), "lapsed": _l("Never confirmed"),
    },
    "request_task": {"open": _l("Asked, no answer yet"), "answered": _l("Answered")},
    "request_outcome": {
        "fulfilled": _l("Fulfilled"), "partly": _l("Fulfilled in part"), "refused": _l("Refused"),
        "not_held": _l("Nothing is held"),
    },
    "particular": {
        "email": _l("E-mail address"), "phone": _l("Mobile number"), "resident_id": _l("Resident ID"),
        "name": _l("Name"), "text": _l("What it says"),
    },
    "alert": {
        "off_hours": _l("Much use at night"), "volume": _l("Far more use than usual"),
        "refusals": _l("Many refusals in a short time"), "drift": _l("Uses beyond the licence"),
        "traces": _l("Several leaks of one buyer"), "exports": _l("Near a threshold of export"),
    },
    "measure": {
        "calls": _l("calls"), "records": _l("rows returned"), "deeds": _l("refused deeds"), "gross": _l("gross"),
        "orders": _l("orders"), "rows": _l("rows"), "bytes": _l("files"), "persons": _l("persons"),
        "downloads": _l("downloads"), "links": _l("refused links"), "sensitive": _l("persons of sensitive data"),
    },
    "frozen": {"order": _l("Order"), "listing": _l("Listing"), "organisation": _l("Organisation")},
    "export": {"reserved": _l("Reserved"), "settled": _l("Counted"), "released": _l("Not sent after all")},
    "mechanism": {
        "standard_contract": _l("Standard contract, filed"), "certification": _l("Certification"),
        "security_assessment": _l("Security assessment, passed"),
    },
    "persona": {
        "stranger": _l("A stranger"), "buyer/owner": _l("Buyer, owner"), "buyer/buyer": _l("Buyer"),
        "buyer/developer": _l("Buyer's developer"), "buyer/finance": _l("Buyer's finance"),
        "supplier/owner": _l("Supplier, owner"), "supplier/supplier": _l("Supplier"),
        "supplier/developer": _l("Supplier's developer"), "supplier/finance": _l("Supplier's finance"),
        "outsider/owner": _l("Somebody else"), "reviewer": _l("Reviewer"), "officer": _l("Officer"),
        "finance": _l("Finance of the platform"), "operator": _l("Operator"),
    },
    "policy_state": {
        "proposed": _l("Waits for a second officer"), "active": _l("In force"), "replaced": _l("Replaced"),
        "rejected": _l("Rejected"),
    },
    "effect": {"permit": _l("Permitted"), "forbid": _l("Refused"), "allow": _l("Permitted"), "deny": _l("Refused")},
    "column": {
        "integer": _l("integer"), "decimal": _l("decimal"), "number": _l("number"), "text": _l("text"),
        "string": _l("text"), "boolean": _l("yes or no"), "date": _l("date"), "datetime": _l("time"),
        "timestamp": _l("time"), "empty": _l("empty"),
    },
}  # fmt: skip

_SHAPES = {
    "go": "listed paid accepted approved confirmed available pass passed auto permit allow orderable order released "
    "active hit succeeded settled won issued closed",
    "wait": "in_review inquired offered agreed placed delivered submitted recorded pending held on_hold open by_quote "
    "returned upstream_error "
    "client_abort planned reserved answered requested to_confirm",
    "stop": "suspended declined lapsed refunded reversed forbid deny rejected fail failed return refused revoked "
    "frozen expired lost",
}
SHAPES = {code: shape for shape, codes in _SHAPES.items() for code in codes.split()}


def word(group: str, code: object) -> str:
    """The word for a code; the code itself, readable, when there is none."""
    found = WORDS[group].get(str(code))
    return str(found) if found is not None else str(code).replace("_", " ")


def shape(code: object) -> str:
    """Which of the four state marks a code gets: go, wait, stop, or the ring of a draft."""
    return SHAPES.get(str(code), "")

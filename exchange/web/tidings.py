"""The first line of a page after a command: what was done. The address carries only the code."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

TEXTS = {
    "registered": _l("Your organisation is registered. Sign in to hand in its qualification."),
    "signed-out": _l("You have signed out."),
    "session-ended": _l("The session has ended."),
    "member-added": _l("The person can sign in now."),
    "qualification-sent": _l("Handed in. An officer checks it; you will see the result here."),
    "qualification-approved": _l("The organisation is qualified."),
    "qualification-returned": _l("Returned with your reason."),
    "listing-created": _l("Saved as a draft. Add what is sold next."),
    "listing-saved": _l("Saved."),
    "files-added": _l("The files are stored and a revision has come to exist."),
    "interface-made": _l("The interface is made and a revision holds it. Try each operation next."),
    "credential-set": _l("The credential is sealed; it is used from the next call on and never shown."),
    "offer-saved": _l("The offer is saved."),
    "listing-sent": _l("Handed in for review. Until it is approved only you can see it."),
    "listing-withdrawn": _l("Withdrawn. Nobody finds it any more; rights already sold stay in force."),
    "tier-raised": _l("The tier was raised."),
    "inquiry-sent": _l("Sent. The supplier answers here."),
    "words-said": _l("Said. It is the other side's turn."),
    "terms-put": _l("Your terms are on the table. The other side answers them."),
    "terms-agreed": _l("Agreed. The terms are fixed; what they need stands beside."),
    "terms-declined": _l("Ended. Nothing was paid."),
    "requirement-met": _l("Done, and written in the log."),
    "order-placed": _l("The order is placed. Nothing has been paid yet."),
    "order-paid": _l("Paid from your balance. The money is held until you accept."),
    "order-cancelled": _l("The order is cancelled. No money had moved."),
    "order-accepted": _l("Accepted. The money goes to the supplier, less the commission."),
    "order-failed": _l("The delivery is declared failed; the money is back on the buyer's balance."),
    "order-frozen": _l("Frozen. Calls and downloads have stopped; both parties see the reason."),
    "order-released": _l("Released. Calls and downloads go on."),
    "key-revoked": _l("The key opens nothing any more."),
    "client-revoked": _l("The client takes no token any more, and those it has stop."),
    "invoice-credited": _l("The credit note is issued; what was paid is back on the buyer's balance."),
    "topup-recorded": _l("Recorded. Another person must confirm it before it is booked."),
    "topup-confirmed": _l("Confirmed and booked to the balance."),
    "topup-rejected": _l("Rejected. Nothing was booked; the bank reference is free again."),
    "topup-cancelled": _l("Taken back. Nothing was booked; the bank reference is free again."),
    "request-sent": _l("Sent. A letter with a code is on its way to your address."),
    "request-answered": _l("Answered. The officer answers the person."),
    "request-closed": _l("Answered and closed. A letter tells the person."),
    "frozen": _l("Stopped. It stands in the register until it goes on."),
    "freeze-released": _l("It goes on."),
    "hold-placed": _l("Held. Nothing of it is erased until another officer lets it go."),
    "hold-released": _l("The hold is released."),
    "clearance-recorded": _l("The clearance is recorded."),
    "clearance-withdrawn": _l("The clearance covers nothing any more."),
    "listing-suspended": _l("Suspended. It is off sale, and its calls have stopped."),
    "items-answered": _l("The answers are saved."),
    "review-approved": _l("Approved. The listing is on sale."),
    "review-first": _l("Approved by you. Its tier asks for a compliance officer as the second person."),
    "review-returned": _l("Returned to the supplier with your reasons."),
}


def text_of(code: str | None) -> str | None:
    """The text, or None for a code we do not have."""
    found = TEXTS.get(code or "")
    return str(found) if found is not None else None

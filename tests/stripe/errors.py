"""Answers that refuse, in Stripe's shape."""

from __future__ import annotations

from typing import Any

MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "stolen_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "fraudulent": "Your card was declined.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
_OWN_CODE = ("expired_card", "incorrect_cvc", "processing_error", "authentication_required")


class Refused(Exception):
    """Nothing was done. ``validation`` says that it was refused before the endpoint began: no idempotent result."""

    def __init__(
        self, message: str, *, status: int = 400, kind: str = "invalid_request_error", code: str | None = None,
        param: str | None = None, validation: bool = False, **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.validation = validation
        self.error: dict[str, Any] = {"message": message, "type": kind} | more
        if code:
            self.error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param:
            self.error["param"] = param


class Declined(Refused):
    """Something was done all the same: the attempt is on record."""

    def __init__(self, decline: str, charge: str | None, **more: Any) -> None:
        code = decline if decline in _OWN_CODE else "card_declined"
        super().__init__(
            MESSAGES[decline], status=402, kind="card_error", code=code, decline_code=decline, charge=charge, **more
        )


def missing(kind: str, identity: str, param: str = "id") -> Refused:
    name = kind.rpartition(".")[2].replace("_", " ") if kind == "checkout.session" else kind.replace("_", "")
    return Refused(f"No such {name}: '{identity}'", status=404, code="resource_missing", param=param)


def not_imitated(what: str, param: str | None = None) -> Refused:
    """The real Stripe may do this; the fake says that it does not, rather than to do as if."""
    return Refused(f"FAKE STRIPE: {what} is not imitated here.", param=param, validation=True)

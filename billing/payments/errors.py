"""What payments refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class TopUpNotFound(NotFound):
    code, title = "top_up_not_found", "There is no such top-up"


class BankReferenceUsed(Conflict):
    code, title = "bank_reference_used", "This bank reference was already recorded"


class TopUpDecided(Conflict):
    code, title = "top_up_decided", "This top-up was already decided"


class PaymentNotFound(NotFound):
    code, title = "payment_not_found", "There is no such payment"


class PaymentOpen(Conflict):
    code, title = "payment_open", "It is being paid already"


class PaymentEnded(Conflict):
    code, title = "payment_ended", "This payment has ended"


class NothingToPay(Conflict):
    code, title = "nothing_to_pay", "There is nothing to pay"


class NoCardSaved(Conflict):
    code, title = "no_card_saved", "No card is saved"


class RefundTooLarge(Invalid):
    code, title = "refund_too_large", "That is more than can go back"


class ChargebackNotFound(NotFound):
    code, title = "chargeback_not_found", "There is no such chargeback"


class ChargebackDecided(Conflict):
    code, title = "chargeback_decided", "This chargeback was decided"

"""What payouts refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class PayoutNotFound(NotFound):
    code, title = "payout_not_found", "There is no such payout"


class RunNotFound(NotFound):
    code, title = "settlement_run_not_found", "There is no such settlement run"


class AccountNotBegun(Conflict):
    code, title = "payout_account_not_begun", "There is no account with the payment processor yet"


class CountryMissing(Conflict):
    code, title = "country_missing", "The organisation's country must be known"


class RunOpen(Conflict):
    code, title = "settlement_run_open", "A settlement run of this currency is under way"


class PayoutEnded(Conflict):
    code, title = "payout_ended", "This payout is not in a state for that"


class PayoutUnderWay(Conflict):
    code, title = "payout_under_way", "A payout to the organisation is under way"


class ReversalTooLarge(Invalid):
    code, title = "reversal_too_large", "That is more than can be taken back"


class NoBankPayouts(Conflict):
    code, title = "no_bank_payouts", "This run pays nobody by bank transfer"


class FileNotMade(Conflict):
    code, title = "payment_file_not_made", "The payment file of this run was not made yet"


class FileExecuted(Conflict):
    code, title = "payment_file_executed", "The payment file of this run was executed"


class BankNumberInvalid(Invalid):
    code, title = "bank_number_invalid", "This is not the number of a bank account"

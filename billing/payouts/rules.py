"""Pure rules: numbers of bank accounts, and where money goes."""

from __future__ import annotations

import re

from billing.payouts.errors import BankNumberInvalid
from billing.payouts.types import BankAccount, ConnectedAccount, Destination, Skipped, Way
from core.money import exponent

_NUMBER = re.compile(r"[0-9A-Z]{5,34}", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}", re.ASCII)
_BIC = re.compile(r"[A-Z]{6}[0-9A-Z]{2}([0-9A-Z]{3})?", re.ASCII)
_CNAPS = re.compile(r"[0-9]{12}", re.ASCII)


def normal_number(text: str) -> str:
    """A number without blanks and in capitals. Raises BankNumberInvalid, also for an IBAN whose check digits differ."""
    number = "".join(text.split()).upper()
    if not _NUMBER.fullmatch(number) or (_IBAN.fullmatch(number) and not is_iban(number)):
        raise BankNumberInvalid(
            "Give 5 to 34 digits and letters; of an IBAN the check digits must be right.", field="number"
        )
    return number


def is_iban(number: str) -> bool:
    """Whether it has an IBAN's form and check digits (ISO 13616)."""
    return bool(_IBAN.fullmatch(number)) and int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97 == 1


def normal_bank_code(text: str) -> str:
    """A BIC, or the 12 digits of China's clearing system. Raises BankNumberInvalid."""
    code = "".join(text.split()).upper()
    if not (_BIC.fullmatch(code) or _CNAPS.fullmatch(code)):
        raise BankNumberInvalid("Give a BIC of 8 or 11 characters, or a CNAPS code of 12 digits.", field="bank_code")
    return code


def is_clearing_code(code: str) -> bool:
    return bool(_CNAPS.fullmatch(code))


def payable(amount: int, currency: str, way: Way) -> int:
    """As much of an amount as can be sent that way: Stripe moves currencies of three decimals in tens."""
    return amount - amount % 10 if way is Way.PROCESSOR and exponent(currency) == 3 else amount


def destination(
    account: ConnectedAccount | None, bank: BankAccount | None, *, cooling: bool, processor: bool
) -> Destination | Skipped:
    """Where a supplier's money goes, or why nowhere.

    An account that was handed in to the processor is the way, also while it is restricted: what the processor stopped
    is not paid around it. Until then it is the bank account, once nobody can have changed it unseen.
    """
    if account is not None and account.submitted:
        if not account.ready:
            return Skipped.ACCOUNT_RESTRICTED
        return Destination(Way.PROCESSOR, account.remote_id) if processor else Skipped.PROCESSOR_UNAVAILABLE
    if bank is not None:
        return Skipped.BANK_ACCOUNT_COOLING if cooling else Destination(Way.BANK, bank.id)
    return Skipped.NO_DESTINATION if account is None else Skipped.ACCOUNT_INCOMPLETE

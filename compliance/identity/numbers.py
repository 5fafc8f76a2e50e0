"""The number by which an organisation is known to its country: a credit code at home, a registration number abroad."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select

from compliance.identity import queries
from compliance.identity.errors import (
    CountryInvalid,
    CreditCodeInvalid,
    CreditCodeTaken,
    RegistrationNumberInvalid,
    RegistrationNumberTaken,
)
from compliance.identity.models import Organisation
from compliance.recognisers import valid_credit_code
from core.db import Uow

_NUMBER = re.compile(r"\A[0-9A-Z][0-9A-Z ./-]{1,58}[0-9A-Z]\Z")


@dataclass(frozen=True)
class Number:
    """Exactly one of the two."""

    country: str
    credit_code: str | None = None
    registration_number: str | None = None


def checked(uow: Uow, country: str, credit_code: str, registration_number: str) -> Number:
    """The number in the one spelling that is stored; ``country`` empty is the exchange's own.

    Raises CountryInvalid, CreditCodeInvalid (checksum of GB 32100-2015), CreditCodeTaken,
    RegistrationNumberInvalid, RegistrationNumberTaken.
    """
    home = uow.house.settings.home_country
    where = (country.strip() or home).upper()
    if not re.fullmatch("[A-Z]{2}", where):
        raise CountryInvalid("Write the two letters of ISO 3166, such as CN or DE.", field="country")
    if where == home:
        if registration_number.strip():
            raise RegistrationNumberInvalid("At home the credit code is the number.", field="registration_number")
        return Number(where, credit_code=_credit_code(uow, credit_code))
    if credit_code.strip():
        raise CreditCodeInvalid("Only organisations of this country have one.", field="credit_code")
    return Number(where, registration_number=_registration_number(uow, where, registration_number))


def _credit_code(uow: Uow, text: str) -> str:
    code = text.strip().upper()
    if not valid_credit_code(code):
        raise CreditCodeInvalid(
            "The check digit of the 18 characters does not fit.",
            field="credit_code",
            hint="Compare it with the licence.",
        )
    if queries.organisation_by_credit_code(uow, code) is not None:
        raise CreditCodeTaken("Ask its owner to add you as a member.", field="credit_code")
    return code


def _registration_number(uow: Uow, country: str, text: str) -> str:
    number = " ".join(text.upper().split())
    if not _NUMBER.match(number):
        raise RegistrationNumberInvalid("Write it as in the country's register.", field="registration_number")
    known = select(Organisation.id).where(
        Organisation.country == country, Organisation.registration_number == number
    )  # fmt: skip
    if uow.session.execute(known).first():
        raise RegistrationNumberTaken("Ask its owner to add you as a member.", field="registration_number")
    return number

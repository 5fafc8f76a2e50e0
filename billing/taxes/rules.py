"""How a buyer is taxed, and how the numbers that they give are spelled. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from billing.taxes.errors import TaxpayerNumberInvalid, VatNumberInvalid
from billing.taxes.types import TaxDecision, TaxDetails, TaxProfile, Treatment
from compliance.recognisers import valid_credit_code
from core.problems import Sentence

_ANY_VAT_NUMBER = r"[A-Z]{2}[A-Z0-9]{4,18}"


def decide(
    profile: TaxProfile, details: TaxDetails, country: str, *, home: str, payer: str, standard_bp: int, now: datetime
) -> TaxDecision:
    """The rate for a buyer of that country at a moment. ``standard_bp`` of 0 or more stands for the profile's own rate.

    Nothing that a buyer says alone makes it pay less: its number counts, and so does its exemption, once confirmed.
    """
    treatment, rate = Treatment.STANDARD, _rate(profile, country, home, payer, standard_bp)
    abroad = country not in ("", home)
    if details.exempt_until is not None and now < details.exempt_until:
        treatment, rate = Treatment.EXEMPT, 0
    elif profile.reverse_charge and abroad and details.vat_confirmed_at is not None:
        treatment, rate = Treatment.REVERSE_CHARGE, 0
    shown = ["title", "taxpayer_number"]
    shown += ["vat_number"] if treatment is Treatment.REVERSE_CHARGE else []
    shown += ["exemption"] if treatment is Treatment.EXEMPT else []
    named = {name: str(getattr(details, name)) for name in shown if getattr(details, name)}
    return TaxDecision(profile.name, profile.version, treatment, rate, profile.notes.get(str(treatment), {}), named)


def _rate(profile: TaxProfile, country: str, home: str, payer: str, standard_bp: int) -> int:
    if standard_bp >= 0:
        return standard_bp
    if payer in profile.payers:
        return profile.payers[payer]
    return profile.countries.get(country, profile.countries.get(home, 0))


def taxpayer_number(text: str, country: str) -> str:
    """In China the unified social credit code, its check digit counted; elsewhere as it is written there.

    Raises TaxpayerNumberInvalid.
    """
    number = re.sub(r"[\s-]", "", text).upper()
    if not number:
        return ""
    if country in ("", "CN") and not valid_credit_code(number):
        raise TaxpayerNumberInvalid(
            "The check digit of the 18 characters does not fit.", field="taxpayer_number",
            hint="Compare it with the licence.",
        )  # fmt: skip
    if not re.fullmatch(r"[A-Z0-9./]{4,40}", number):
        raise TaxpayerNumberInvalid("Write letters and digits.", field="taxpayer_number")
    return number


def vat_number(profile: TaxProfile, text: str, country: str) -> str:
    """In the one spelling that is kept. Raises VatNumberInvalid for one that its country does not give out."""
    number = re.sub(r"[\s.-]", "", text).upper()
    if number and not re.fullmatch(profile.vat_numbers.get(country, _ANY_VAT_NUMBER), number):
        raise VatNumberInvalid(
            Sentence("Numbers of %(country)s are spelled otherwise.", country=country or "?"), field="vat_number",
            hint="Write it with the letters of its country, such as DE123456789.",
        )  # fmt: skip
    return number

"""How the numbers of fapiao are spelled. Pure."""

from __future__ import annotations

import re

from billing.fapiao.errors import FapiaoNumberInvalid


def numbers(number: str, code: str) -> tuple[str, str]:
    """Number and code in the one spelling that is kept.

    A fully digitalised fapiao has twenty digits and no code, an earlier one eight digits and a code of ten or twelve.
    Raises FapiaoNumberInvalid.
    """
    digits, letters = re.sub(r"\s", "", number), re.sub(r"\s", "", code)
    if re.fullmatch("[0-9]{20}", digits) and not letters:
        return digits, ""
    if not re.fullmatch("[0-9]{8}", digits):
        raise FapiaoNumberInvalid("Write twenty digits without a code, or eight with one.", field="number")
    if not re.fullmatch("[0-9]{10}|[0-9]{12}", letters):
        raise FapiaoNumberInvalid("A number of eight digits has a code of ten or twelve.", field="code")
    return digits, letters

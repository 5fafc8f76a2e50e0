"""What tax details refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class TaxDetailsNotFound(NotFound):
    code, title = "tax_details_not_found", "There are no such tax details"


class TaxpayerNumberInvalid(Invalid):
    code, title = "taxpayer_number_invalid", "The taxpayer number is not valid"


class VatNumberInvalid(Invalid):
    code, title = "vat_number_invalid", "The VAT number is not valid"


class NoVatNumber(Conflict):
    code, title = "no_vat_number", "There is no VAT number to confirm"


class TaxProfileInvalid(ValueError):
    """A tax profile that cannot be used, with the reason."""

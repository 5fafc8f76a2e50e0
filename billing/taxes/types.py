"""Tax profiles, how a buyer is taxed, and what buyers say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

FORMAT_VERSION = 1
FAPIAO_FIELDS = ("title", "taxpayer_number", "address", "phone", "bank", "account")
"""What stands on a fapiao about its buyer, in the order in which it is asked for."""


class TaxPayer(StrEnum):
    """What the platform is registered as."""

    GENERAL = "general"
    SMALL_SCALE = "small_scale"


class Treatment(StrEnum):
    """``reverse_charge``: the buyer, a business abroad, owes the tax there itself."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    EXEMPT = "exempt"


@dataclass(frozen=True)
class TaxProfile:
    """One version of a jurisdiction's rules; rates are basis points."""

    name: str
    version: int
    effective_from: date
    payers: Mapping[str, int]
    countries: Mapping[str, int]
    reverse_charge: bool
    vat_numbers: Mapping[str, str]
    fapiao: Mapping[str, tuple[str, ...]]
    notes: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class TaxDetails:
    """What an organisation says of itself for its invoices.

    Only what finance of the platform has confirmed changes the tax: the ``vat_number``, or that it is exempt by the
    document named in ``exemption`` until a day.
    """

    organisation_id: str
    title: str = ""
    taxpayer_number: str = ""
    address: str = ""
    phone: str = ""
    bank: str = ""
    account: str = ""
    vat_number: str = ""
    vat_confirmed_at: datetime | None = None
    exemption: str = ""
    exempt_until: datetime | None = None
    version: int = 0

    def missing(self, fields: tuple[str, ...]) -> list[str]:
        """Those of these fields that are empty."""
        return [name for name in fields if not getattr(self, name)]

    def fapiao(self) -> dict[str, str]:
        """What a fapiao says of its buyer."""
        return {name: str(getattr(self, name)) for name in FAPIAO_FIELDS}


@dataclass(frozen=True)
class TaxDecision:
    """How a buyer is taxed at a moment: the rate, and why it is that one. ``named`` is what its invoice says of it."""

    profile: str
    profile_version: int
    treatment: Treatment
    rate_bp: int
    note: Mapping[str, str]
    named: Mapping[str, str]

    def document(self) -> dict[str, Any] | None:
        """What is frozen on the invoice; nothing when there is nothing to say beside the rate."""
        if self.treatment is Treatment.STANDARD and not self.named:
            return None
        said = asdict(self)
        return {
            "version": FORMAT_VERSION,
            "profile": self.profile,
            "profile_version": self.profile_version,
            "treatment": str(self.treatment),
            "buyer": said["named"],
            "note": said["note"],
        }

"""A fapiao that was asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FapiaoKind(StrEnum):
    """Only a special one lets its holder deduct the tax."""

    ORDINARY = "ordinary"
    SPECIAL = "special"


class FapiaoState(StrEnum):
    REQUESTED = "requested"
    ISSUED = "issued"
    REFUSED = "refused"


@dataclass(frozen=True)
class FapiaoRequest:
    """``buyer`` is what is said of the buyer, as it was when it asked; amounts are those to be issued, less credits.

    ``credited`` is what credit notes took off the invoice since it was issued: a red one is due for it.
    """

    id: str
    invoice_id: str
    invoice_number: str
    buyer_id: str
    kind: FapiaoKind
    buyer: Mapping[str, str]
    currency: str
    net: int
    tax: int
    gross: int
    state: FapiaoState
    number: str
    code: str
    reason: str
    requested_at: datetime
    decided_at: datetime | None
    version: int
    credited: int = 0

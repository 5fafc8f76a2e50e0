"""A use that is asked about, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PURPOSE_NEEDED = "purpose_needed"
UNREADABLE = "licence_unreadable"


class Channel(StrEnum):
    """How the data reaches the licensee."""

    DOWNLOAD = "download"
    API = "api"


@dataclass(frozen=True)
class Use:
    """One use: when, for what, where, by whom, over which channel, and how many there were before it.

    ``purpose`` None was not declared. ``recipient`` is an organisation's id, ``territory`` a country in ISO 3166-1.
    """

    at: datetime
    purpose: str | None
    territory: str
    recipient: str
    channel: str
    before: int = 0


@dataclass(frozen=True)
class Limits:
    """What a licence names; no purposes, territories or deliveries: these do not limit. ``recipients`` always do."""

    purposes: tuple[str, ...]
    territories: tuple[str, ...]
    recipients: tuple[str, ...]
    deliveries: tuple[str, ...]
    count: int | None


@dataclass(frozen=True)
class Verdict:
    """Whether the licence allows it; if not the code of the first term that does not, what it says and what was asked.

    The order of terms is that of the codes in ``docs/formats/licence.md``, whatever their order in the document.
    """

    code: str = ""
    needed: str = ""
    actual: str = ""

    @property
    def permitted(self) -> bool:
        return not self.code

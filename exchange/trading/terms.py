"""The terms document: what a buyer and a supplier agree on, versioned, with one canonical form and hash.

``docs/formats/terms.md`` is the reference. Nothing here knows a database: what the tier demands is asked of its row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import rfc8785

from catalog.listings.types import ListingKind, ListingSnapshot, Purpose
from compliance.tiers.types import TierRow
from core import limits, plans
from core.ids import is_id
from core.problems import Sentence
from exchange.trading.errors import TermsBelowTier, TermsInvalid

VERSION = 1
CONTRACTS = ("none", "licence", "provision", "entrusted")
"""Which contract is signed, from none to the one that binds most; the tier names the least."""
DELIVERIES = ("api", "download")
_MOST_COUNT = 2**53 - 1
_MOST_CLAUSES, _LONGEST_CLAUSE = 20, 4000
_YEARS = range(2000, 2200)
_CONTRACT_OF = {
    "licence_text": "none", "click_through": "none", "signed_licence": "licence", "nda_and_contract": "provision",
    "personal_data_clauses": "provision", "bespoke": "provision",
}  # fmt: skip
_MARKED = ("watermarked_download", "api_quota")
Document = dict[str, Any]


def parse(document: object, *, kind: str, at: str = "terms") -> Document:
    """The checked document with every field. Raises TermsInvalid, PlanInvalid, LimitsInvalid naming the field."""
    if not isinstance(document, Mapping):
        raise TermsInvalid("Terms are an object.", field=at)
    for name in document:
        if name not in _READERS:
            raise TermsInvalid(Sentence("Terms have no %(name)s.", name=str(name)[:40]), field=f"{at}.{str(name)[:40]}")
    missing = [name for name in _READERS if name not in document]
    if missing:
        raise TermsInvalid(Sentence("Say %(name)s.", name=missing[0]), field=f"{at}.{missing[0]}")
    found = {name: read(document[name], f"{at}.{name}") for name, read in _READERS.items()}
    if kind == ListingKind.INTERFACE and found["deliveries"] != ["api"]:
        raise TermsInvalid("An interface is called: its delivery is api.", field=f"{at}.deliveries")
    if kind != ListingKind.INTERFACE and found["limits"] is not None:
        raise TermsInvalid("Limits belong to what is called.", field=f"{at}.limits")
    if kind == ListingKind.INTERFACE and found["limits"] is None:
        found["limits"] = limits.Limits().document()
    return found


def canonical(document: Mapping[str, Any]) -> bytes:
    """The canonical JSON (RFC 8785) that is hashed, signed and kept."""
    return rfc8785.dumps(dict(document))


def digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()


def at_list_price(listing: ListingSnapshot, row: TierRow, purpose: str, country: str) -> Document:
    """What is agreed by ordering under the listing's own offer: its plan and limits, one purpose, what the tier adds.

    ``country`` is where the data may be used, unless the tier lets it go anywhere.
    """
    assert listing.offer is not None
    assert listing.revision is not None
    called = listing.kind == ListingKind.INTERFACE
    by_row = not called and row.delivery == "api_quota"
    rows = sum(file.rows + _most_put_in(file.rows) for file in listing.revision.files if file.rows) or None
    return {
        "version": VERSION, "revision": listing.revision.id, "plan": dict(listing.offer.plan),
        "limits": dict(listing.offer.limits or limits.Limits().document()) if called else None,
        "purposes": [purpose], "territories": [] if row.export == "allowed" else [country], "recipients": [],
        "count": rows if by_row else None, "term_months": listing.offer.term_months, "starts": None,
        "deliveries": ["api"] if called or by_row else ["download"],
        "watermark": not called and row.delivery in _MARKED,
        "contract": contract_of(row), "nda": asks_nda(row), "clauses": {},
    }  # fmt: skip


def _most_put_in(rows: int) -> int:
    """How many made-up rows a marked copy holds at most: they are read, and so counted, like its others."""
    return max(4, rows // 200)


def check_tier(document: Mapping[str, Any], row: TierRow, kind: str, *, at: str = "terms") -> None:
    """Raises TermsBelowTier naming the first field that gives less than the tier demands, and TermsInvalid for rows
    without a mark: they are read of marked copies at every tier.
    """
    below = list(_below(document, row, kind))
    if below:
        field, needed = below[0]
        raise TermsBelowTier(
            Sentence("Tier L%(tier)s needs %(needed)s.", tier=row.level, needed=needed),
            field=f"{at}.{field}", fields=[f"{at}.{name}" for name, _ in below], tier=row.level,
        )  # fmt: skip
    if kind != ListingKind.INTERFACE and "api" in document["deliveries"] and not document["watermark"]:
        raise TermsInvalid("Rows are read of a marked copy: say so.", field=f"{at}.watermark")


def _below(document: Mapping[str, Any], row: TierRow, kind: str) -> list[tuple[str, str]]:
    least = contract_of(row)
    downloads = kind == ListingKind.DATASET and "download" in document["deliveries"]
    bounded = document["count"] is not None or bool(document["limits"] and document["limits"]["quota"])
    asked = [
        ("contract", "a contract", CONTRACTS.index(document["contract"]) < CONTRACTS.index(least)),
        ("nda", "an agreement of confidentiality", asks_nda(row) and not document["nda"]),
        ("watermark", "a watermark", row.delivery in _MARKED and downloads and not document["watermark"]),
        ("count", "a quota", row.delivery == "api_quota" and "api" in document["deliveries"] and not bounded),
        ("territories", "territories", row.export != "allowed" and not document["territories"]),
    ]
    return [(field, needed) for field, needed, lacking in asked if lacking]


def contract_of(row: TierRow) -> str:
    """The least contract that the tier asks for."""
    return _CONTRACT_OF.get(row.contract, "provision")


def asks_nda(row: TierRow) -> bool:
    return contract_of(row) == "provision"


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(field, old, new) of everything that differs; of a first version, everything."""
    return [
        (name, before.get(name) if before else None, after[name])
        for name in _READERS
        if before is None or before.get(name) != after[name]
    ]


def _texts(known: frozenset[str] | None, pattern: str, least: int, most: int) -> Callable[[Any, str], list[str]]:
    def read(value: Any, field: str) -> list[str]:
        good = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not good or not least <= len(value) <= most or len(set(value)) != len(value):
            raise TermsInvalid(
                Sentence("Name %(least)s to %(most)s different ones.", least=least, most=most), field=field
            )
        for position, each in enumerate(value):
            if (known is not None and each not in known) or not re.fullmatch(pattern, each):
                raise TermsInvalid(
                    Sentence("%(value)s is not known here.", value=each[:40]), field=f"{field}.{position}"
                )
        return sorted(value)

    return read


def _recipients(value: Any, field: str) -> list[str]:
    found = _texts(None, r"org_[0-9a-z]{26}", 0, 20)(value, field)
    if not all(is_id("org", each) for each in found):
        raise TermsInvalid("Recipients are named by the id of their organisation.", field=field)
    return found


def _count(least: int, most: int, *, none: bool = False) -> Callable[[Any, str], int | None]:
    def read(value: Any, field: str) -> int | None:
        if value is None and none:
            return None
        if type(value) is not int or not least <= value <= most:
            raise TermsInvalid(
                Sentence("This must be a whole number from %(least)s to %(most)s.", least=least, most=most), field=field
            )
        return value

    return read


def _version(value: Any, field: str) -> int:
    if value != VERSION or type(value) is not int:
        raise TermsInvalid(Sentence("The version must be %(version)s.", version=VERSION), field=field)
    return VERSION


def _revision(value: Any, field: str) -> str:
    if not isinstance(value, str) or not is_id("rev", value):
        raise TermsInvalid("Name the revision that is licensed.", field=field)
    return value


def _flag(value: Any, field: str) -> bool:
    if type(value) is not bool:
        raise TermsInvalid("Write true or false.", field=field)
    return value


def _contract(value: Any, field: str) -> str:
    if value not in CONTRACTS:
        raise TermsInvalid(Sentence("Choose one of %(names)s.", names=", ".join(CONTRACTS)), field=field)
    return str(value)


def _starts(value: Any, field: str) -> str | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None or moment.utcoffset() or moment.microsecond:
        raise TermsInvalid("Write the time as 2026-11-24T15:31:00Z.", field=field)
    if moment.year not in _YEARS:
        raise TermsInvalid(
            Sentence("Between the years %(first)s and %(last)s.", first=_YEARS[0], last=_YEARS[-1]), field=field
        )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _clauses(value: Any, field: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > _MOST_CLAUSES:
        raise TermsInvalid(Sentence("At most %(most)s clauses, each with a name.", most=_MOST_CLAUSES), field=field)
    for name, text in value.items():
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
            raise TermsInvalid("A clause's name has small letters, digits and underscores.", field=field)
        if not isinstance(text, str) or not 0 < len(text.strip()) <= _LONGEST_CLAUSE or "\x00" in text:
            raise TermsInvalid(
                Sentence("Between %(shortest)s and %(longest)s characters.", shortest=1, longest=_LONGEST_CLAUSE),
                field=f"{field}.{name}",
            )
    return {name: value[name].strip() for name in sorted(value)}


def _limits(value: Any, field: str) -> Document | None:
    return None if value is None else limits.parse(value, at=field).document()


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "version": _version,
    "revision": _revision,
    "plan": lambda value, field: plans.parse(value, at=field).document(),
    "limits": _limits,
    "purposes": _texts(frozenset(map(str, Purpose)), r"[a-z]+", 1, len(Purpose)),
    "territories": _texts(None, r"[A-Z]{2}", 0, 50),
    "recipients": _recipients,
    "count": _count(1, _MOST_COUNT, none=True),
    "term_months": _count(0, 120),
    "starts": _starts,
    "deliveries": _texts(frozenset(DELIVERIES), r"[a-z]+", 1, 2),
    "watermark": _flag,
    "contract": _contract,
    "nda": _flag,
    "clauses": _clauses,
}
"""Every field of the document, in the order in which it is read and shown."""

"""From a template and the terms to one document of fixed bytes: pure. ``docs/formats/contract.md`` is the reference."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import rfc8785
import yaml

from core.money import format_amount
from exchange.contracts.types import ContractKind, Party, Price, Subject
from exchange.contracts.words import fillings

FORMAT, VERSION = "piaohao-contract", 1
_PERSONAL = frozenset({"personal_data_clauses", "bespoke"})
_LANGUAGES = ("zh", "en")


@cache
def template(kind: str) -> Mapping[str, Any]:
    """The template of that kind as it stands in its file."""
    source = files("exchange.contracts") / "templates" / f"{ContractKind(kind)}.yaml"
    found: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return found


def document(
    contract_id: str,
    kind: str,
    *,
    provider: Party,
    recipient: Party,
    subject: Subject,
    terms: Mapping[str, Any] | None,
    price: Price | None,
    made_at: datetime,
) -> dict[str, Any]:
    """The contract in both languages, with the terms it rests on. The same arguments give the same document."""
    using = template(kind)
    given = dict(terms or {})
    flags = {
        "watermark": bool(given.get("watermark")), "clauses": bool(given.get("clauses")),
        "personal": subject.tier_contract in _PERSONAL,
    }  # fmt: skip
    filled = {tongue: fillings(tongue, provider, recipient, subject, given, price) for tongue in _LANGUAGES}
    return {
        "format": FORMAT, "version": VERSION, "id": contract_id, "order": subject.order_id, "kind": kind,
        "template": {"name": using["name"], "version": using["version"]}, "title": dict(using["title"]),
        "parties": {"provider": asdict(provider), "recipient": asdict(recipient)},
        "subject": {
            "listing": subject.listing_id, "revision": subject.revision_id, "kind": subject.kind,
            "title": dict(subject.title), "tier": subject.tier,
        },
        "terms": given or None, "terms_sha256": hashlib.sha256(rfc8785.dumps(given)).hexdigest() if given else "",
        "amounts": _amounts(price),
        "articles": [
            {
                "heading": dict(each["heading"]),
                "text": {tongue: each["text"][tongue].format_map(filled[tongue]) for tongue in _LANGUAGES},
            }
            for each in using["articles"]
            if flags.get(each.get("when", ""), True)
        ],
        "made_at": made_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }  # fmt: skip


def _amounts(price: Price | None) -> dict[str, str] | None:
    if price is None:
        return None
    parts = {"net": price.net, "tax": price.tax, "gross": price.gross}
    return {"currency": price.currency} | {name: format_amount(each, price.currency) for name, each in parts.items()}


def canonical(made: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed, signed and kept (RFC 8785)."""
    return rfc8785.dumps(dict(made))

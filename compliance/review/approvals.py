"""Which approvals a tier asks for: data, read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from compliance.tiers import profile
from core.house import House

FIRST = "reviewer"


@dataclass(frozen=True)
class ApprovalKind:
    """One approval; ``by_document`` when a document gives it and not a person."""

    name: str
    by_document: bool
    zh: str
    en: str


@cache
def _document() -> dict[str, Any]:
    source = files("compliance.review") / "approvals.yaml"
    loaded: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return loaded


@cache
def kinds() -> dict[str, ApprovalKind]:
    """All kinds, in the order in which they are given."""
    found = _document()["kinds"].items()
    return {name: ApprovalKind(name, each["by"] == "document", each["zh"], each["en"]) for name, each in found}


def needed(house: House, tier: int) -> tuple[str, ...]:
    """The approvals that a listing of that tier needs."""
    word = profile(house.settings.tier_profile).row(tier).listing_approval
    return tuple(_document()["needed"][word])


def deadline() -> timedelta:
    """How long a review may take."""
    return timedelta(days=_document()["deadline_days"])


def claim_time() -> timedelta:
    """How long a reviewer keeps a review that was taken."""
    return timedelta(hours=_document()["claim_hours"])

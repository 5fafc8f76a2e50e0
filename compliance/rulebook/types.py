"""Values of the rulebook: cells of the matrix, and what a version changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compliance.policy.versions import VersionSnapshot


@dataclass(frozen=True)
class Cell:
    """One question of the matrix: who asks for what, at which tier, with which facts that the rules ask for."""

    action: str
    who: str
    tier: int
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class ChangedCell:
    """A cell that two versions of the rules answer differently, with the rules that decided."""

    cell: Cell
    before: str
    after: str
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """What a version changes: how many cells were asked, and by action, person and tier how many open and close."""

    asked: int
    opened: int
    closed: int
    summary: tuple[tuple[str, str, int, int, int], ...]
    cells: tuple[ChangedCell, ...]


@dataclass(frozen=True)
class Proposal:
    """A version with what it would change, or changed when it was activated."""

    version: VersionSnapshot
    document: Mapping[str, Any]
    changes: Changes


@dataclass(frozen=True)
class Explained:
    """A decision that was made once: what the log says of it, and the whole of it where that was kept."""

    entry_id: str
    action: str
    object_id: str
    effect: str
    rules: tuple[str, ...]
    policy_hash: str
    decision: Mapping[str, Any] | None
    texts: Mapping[str, Mapping[str, Any]]
    """By rule as that version of the policy has it: effect, basis, obligations, and what it asks for."""

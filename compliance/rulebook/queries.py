"""Reads of the rulebook: versions, what they change, decisions explained, and what would be if."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from typing import Any

from sqlalchemy import select

from compliance.audit import queries as audit
from compliance.policy import Decision, Policy, PolicyInvalid, Resource, require, versions
from compliance.policy.document import current
from compliance.policy.evaluate import judge
from compliance.policy.models import PolicyVersion
from compliance.rulebook import cells, facts
from compliance.rulebook.errors import DecisionNotFound, PolicyDocumentInvalid, PolicyTooLarge, VersionNotFound
from compliance.rulebook.types import Changes, Explained, Proposal
from compliance.tiers import profile
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.paging import Page, convert, newest_first
from core.problems import Sentence

_BOOK = Resource("policy", "policy")
_asking = Lock()


def list_versions(
    uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25
) -> Page[versions.VersionSnapshot]:
    """Every version that was proposed, newest first. Raises PolicyRefused."""
    require(actor, "policy:see", _BOOK)
    page = newest_first(
        uow, select(PolicyVersion), key=PolicyVersion.id, purpose="policy_versions", cursor=cursor, limit=limit
    )
    return convert(page, versions.snapshot)


def load(uow: Uow, version_id: str, *, lock: bool = False) -> PolicyVersion:
    """Raises VersionNotFound."""
    row = uow.session.get(PolicyVersion, version_id, with_for_update=lock)
    if row is None:
        raise VersionNotFound()
    return row


def proposal(uow: Uow, actor: Actor, version_id: str) -> Proposal:
    """A version and the cells of the matrix that it changes, against the rules it was proposed to replace.

    Raises PolicyRefused, VersionNotFound, PolicyTooLarge, PolicyDocumentInvalid.
    """
    require(actor, "policy:see", _BOOK)
    row = load(uow, version_id)
    new = readable(uow, row.hash)
    document = json.loads(row.document)
    found = changes(uow.house, versions.usable(uow, row.base_hash), new)
    return Proposal(versions.snapshot(row), document, found)


def in_force(uow: Uow, actor: Actor) -> Policy:
    """Raises PolicyRefused."""
    require(actor, "policy:see", _BOOK)
    return current()


def changes(house: House, old: Policy, new: Policy) -> Changes:
    """What one policy answers otherwise than another. Kept, and asked once at a time, as it takes seconds.

    Raises PolicyTooLarge.
    """
    check_work(house, old, new)
    with _asking:
        return _changes(old.hash, new.hash, not_built(house), _Both(old, new))


def check_work(house: House, old: Policy, new: Policy) -> None:
    """Raises PolicyTooLarge when it would take too long to ask what changes."""
    found = cells.work(old, new, not_built(house))
    if found > cells.MOST_WORK:
        raise PolicyTooLarge(
            Sentence("It would ask %(found)s times, %(most)s at most.", found=found, most=cells.MOST_WORK),
            field="document", hint="Ask for fewer values in one rule, or change it in several steps.",
        )  # fmt: skip


def readable(uow: Uow, wanted: str) -> Policy:
    """A version as this program reads it. Raises PolicyDocumentInvalid for one that it cannot read any more."""
    try:
        return versions.of_hash(uow, wanted)
    except PolicyInvalid as error:
        raise PolicyDocumentInvalid(str(error)) from None


class _Both:
    """Two policies that are no part of a key: their hashes are."""

    def __init__(self, old: Policy, new: Policy) -> None:
        self.old, self.new = old, new

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Both)


@lru_cache(maxsize=16)
def _changes(_old: str, _new: str, words: tuple[str, ...], both: _Both) -> Changes:
    return cells.changes(both.old, both.new, words)


def not_built(house: House) -> tuple[str, ...]:
    """By tier, what the exchange cannot carry out."""
    return tuple(row.not_built for row in profile(house.settings.tier_profile).rows)


def simulate(
    uow: Uow,
    actor: Actor,
    *,
    action: str,
    who: Mapping[str, Any],
    resource: Mapping[str, Any],
    context: Mapping[str, Any],
    version_id: str | None = None,
) -> Decision:
    """What policy would say to that, by the rules in force or by a version. Nobody need be as described.

    Raises PolicyRefused, FactsInvalid, VersionNotFound, PolicyDocumentInvalid.
    """
    require(actor, "policy:simulate", _BOOK)
    using = readable(uow, load(uow, version_id).hash) if version_id else current()
    asked = facts.read(using, action, who, resource, context)
    return judge(action, asked, asked.get("resource.tier"), using)


def explained(uow: Uow, actor: Actor, entry_id: str) -> Explained:
    """The decision behind an entry of the log that the actor may read, with the words of the rules of its time.

    Raises DecisionNotFound when there is no such entry, none for this actor, or one without a decision.
    """
    try:
        entry = audit.body_of(uow, actor, entry_id)
    except audit.EntryNotFound:
        raise DecisionNotFound() from None
    brief = entry.get("decision")
    if not isinstance(brief, dict):
        raise DecisionNotFound("This entry tells of no decision.")
    return Explained(
        entry_id=entry_id, action=str(entry["action"]), object_id=str(entry["object"]), effect=brief["effect"],
        rules=tuple(brief["rules"]), policy_hash=brief["policy"], decision=versions.kept_decision(uow, entry_id),
        texts=_texts(uow, brief["policy"], brief["rules"]),
    )  # fmt: skip


def _texts(uow: Uow, policy_hash: str, rules: list[str]) -> dict[str, dict[str, Any]]:
    """The rules as that policy has them; nothing for a policy of another release that was never activated."""
    try:
        using = current() if current().hash == policy_hash else versions.of_hash(uow, policy_hash)
    except (LookupError, PolicyInvalid):
        return {}
    return {
        rule.id: {
            "effect": rule.effect, "basis": rule.basis, "obligations": list(rule.obligations),
            "asks": [
                {"attribute": each.attribute, "operator": each.operator, "needed": each.value}
                for each in rule.conditions
            ],
        }
        for rule in using.rules
        if rule.id in rules
    }  # fmt: skip

"""The evaluator: pure, default deny, forbid wins, and it says why.

A rule's conditions all have to hold. An attribute that is missing or of the wrong type makes a
condition *unknown*: an unknown condition never lets a permit through and always lets a forbid
through, so that an omission can only close doors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import rfc8785
import yaml

from compliance.policy.types import Clause, Decision, Need, PolicyRefused, Predicate, Resource
from core.actor import Actor

_MISSING = object()


@dataclass(frozen=True)
class Condition:
    attribute: str
    operator: str
    value: Any
    code: str
    says: Mapping[str, str]


@dataclass(frozen=True)
class Rule:
    id: str
    actions: frozenset[str]
    tiers: tuple[int, int] | None
    conditions: tuple[Condition, ...]
    obligations: tuple[str, ...]
    code: str
    says: Mapping[str, str]

    def reaches(self, action: str, tier: Any) -> bool:
        """Whether the rule speaks of this action and tier. A tier that is not a number is outside of every range."""
        if action not in self.actions:
            return False
        return self.tiers is None or (type(tier) is int and self.tiers[0] <= tier <= self.tiers[1])


@dataclass(frozen=True)
class Policy:
    permits: tuple[Rule, ...]
    forbids: tuple[Rule, ...]
    hash: str


def parse(document: Mapping[str, Any]) -> Policy:
    """A policy from its document. Raises ValueError for an unknown operator or attribute."""
    digest = hashlib.sha256(rfc8785.dumps(dict(document))).hexdigest()
    permits, forbids = (tuple(_rule(rule) for rule in document[part]) for part in ("permits", "forbids"))
    ids = [rule.id for rule in permits + forbids]
    if len(set(ids)) != len(ids):
        raise ValueError("two rules have the same id")
    return Policy(permits, forbids, digest)


def _rule(raw: Mapping[str, Any]) -> Rule:
    tiers = raw.get("tiers")
    return Rule(
        id=raw["id"], actions=frozenset(raw["actions"]), tiers=(tiers[0], tiers[1]) if tiers else None,
        conditions=tuple(_condition(each) for each in raw["when"]), obligations=tuple(raw.get("obligations", ())),
        code=raw.get("code", ""), says=raw.get("says", {}),
    )  # fmt: skip


def _condition(raw: Mapping[str, Any]) -> Condition:
    if raw["is"] not in _OPERATORS:
        raise ValueError(f"{raw['is']} is not an operator of policy")
    if raw["attribute"].partition(".")[0] not in ("actor", "resource", "context"):
        raise ValueError(f"{raw['attribute']} is not an attribute")
    return Condition(raw["attribute"], raw["is"], raw["value"], raw.get("code", ""), raw.get("says", {}))


def _document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((files("compliance.policy") / "rules.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def current() -> Policy:
    """The policy that ships with the product."""
    return parse(_document())


@cache
def policy_document() -> bytes:
    """The policy in force as canonical JSON; its SHA-256 is the hash that decisions cite."""
    return rfc8785.dumps(_document())


Facts = Mapping[str, Any]


def _facts(actor: Actor, resource: Resource, context: Mapping[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "actor.signed_in": actor.signed_in,
        "actor.roles": actor.roles,
        "actor.platform_roles": actor.platform_roles,
        "actor.qualification": actor.qualification,
    }
    if actor.organisation_id is not None:
        facts["actor.organisation"] = actor.organisation_id
    if actor.account_id is not None:
        facts["actor.account"] = actor.account_id
    facts |= {f"resource.{name}": value for name, value in resource.attributes.items() if value is not None}
    return facts | {f"context.{name}": value for name, value in context.items() if value is not None}


def _equals(actual: Any, needed: Any, _facts: Facts) -> bool | None:
    return None if type(actual) is not type(needed) else bool(actual == needed)


def _at_least(actual: Any, needed: Any, _facts: Facts) -> bool | None:
    return None if type(actual) is not int else bool(actual >= needed)


def _holds_any(actual: Any, needed: Any, _facts: Facts) -> bool | None:
    return None if not isinstance(actual, frozenset) else bool(actual & set(needed))


def _same_as(actual: Any, other: Any, facts: Facts) -> bool | None:
    found = facts.get(other, _MISSING)
    # Somebody without an organisation or an account is the same as nobody: known, and false.
    if found is _MISSING:
        return False if other in ("actor.organisation", "actor.account") else None
    return None if type(actual) is not type(found) else bool(actual == found)


def _not_same_as(actual: Any, other: Any, facts: Facts) -> bool | None:
    same = _same_as(actual, other, facts)
    return None if same is None else not same


_OPERATORS: dict[str, Callable[[Any, Any, Facts], bool | None]] = {
    "equals": _equals,
    "at_least": _at_least,
    "holds_any": _holds_any,
    "same_as": _same_as,
    "not_same_as": _not_same_as,
}


def _holds(condition: Condition, facts: Facts) -> bool | None:
    actual = facts.get(condition.attribute, _MISSING)
    return None if actual is _MISSING else _OPERATORS[condition.operator](actual, condition.value, facts)


def decide(
    actor: Actor,
    action: str,
    resource: Resource,
    context: Mapping[str, Any] | None = None,
    *,
    policy: Policy | None = None,
) -> Decision:
    """Whether ``actor`` may do ``action`` to ``resource``, and why, or why not and what would change it."""
    using = policy or current()
    facts = _facts(actor, resource, context or {})
    tier = resource.attributes.get("tier")
    forbidding = [
        rule
        for rule in using.forbids
        if action in rule.actions and all(_holds(condition, facts) is not False for condition in rule.conditions)
    ]
    if forbidding:
        needs = tuple(_forbidden(rule) for rule in forbidding)
        return Decision(action, "forbid", tuple(rule.id for rule in forbidding), (), needs, using.hash)
    reaching = [rule for rule in using.permits if rule.reaches(action, tier)]
    failed = {rule.id: [c for c in rule.conditions if _holds(c, facts) is not True] for rule in reaching}
    permitting = [rule for rule in reaching if not failed[rule.id]]
    if permitting:
        obligations = tuple(dict.fromkeys(each for rule in permitting for each in rule.obligations))
        return Decision(action, "permit", tuple(rule.id for rule in permitting), obligations, (), using.hash)
    return Decision(action, "forbid", (), (), _nearest_needs(reaching, failed, facts), using.hash)


def _forbidden(rule: Rule) -> Need:
    first = rule.conditions[0]
    return Need(first.attribute, "forbid", "", "", rule.says.get("zh", ""), rule.says.get("en", ""), rule.code)


def _nearest_needs(reaching: list[Rule], failed: Mapping[str, list[Condition]], facts: Facts) -> tuple[Need, ...]:
    """What is missing for the rule that came nearest, preferring rules that can explain themselves."""
    if not reaching:
        return (Need("action", "permit", "", "", "没有规则允许此操作", "no rule permits this", "no_rule"),)
    nearest = min(reaching, key=lambda rule: (not _explains(failed[rule.id]), len(failed[rule.id])))
    return tuple(_need(condition, facts) for condition in failed[nearest.id])


def _explains(conditions: list[Condition]) -> bool:
    return any(condition.says for condition in conditions)


def _need(condition: Condition, facts: Facts) -> Need:
    needed, actual = _shown(condition.value), _shown(facts.get(condition.attribute, "—"))
    zh = condition.says.get("zh", "不符合条件").format(needed=needed, actual=actual)
    en = condition.says.get("en", "a condition is not met").format(needed=needed, actual=actual)
    return Need(condition.attribute, condition.operator, needed, actual, zh, en, condition.code)


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(sorted(map(str, value)))
    return str(value)


def require(actor: Actor, action: str, resource: Resource, context: Mapping[str, Any] | None = None) -> Decision:
    """The permitting decision. Raises PolicyRefused, which is audited for signed-in actors."""
    decision = decide(actor, action, resource, context)
    if not decision.permitted:
        raise PolicyRefused(actor, action, resource, decision)
    return decision


def abilities(
    actor: Actor, resource: Resource, actions: tuple[str, ...] = ("listing:see", "listing:sample", "listing:order")
) -> list[tuple[str, Decision]]:
    """What an actor may do to a resource, each with its decision, for pages that say why."""
    return [(action, decide(actor, action, resource)) for action in actions]


def listing_predicate(actor: Actor, action: str = "listing:see") -> Predicate:
    """The same rules as a neutral predicate over state, tier and owner, for lists and both search engines.

    Equal to ``decide`` for every listing. Raises ValueError when a rule of ``action`` asks for
    something that no index holds.
    """
    policy = current()
    if any(action in rule.actions for rule in policy.forbids):
        raise ValueError(f"{action} is forbidden by rules that do not compile")
    facts = _facts(actor, Resource("listing", ""), {})
    clauses = (_clause(rule, facts) for rule in policy.permits if action in rule.actions)
    return Predicate(tuple(clause for clause in clauses if clause is not None))


def _clause(rule: Rule, facts: Facts) -> Clause | None:
    """The rule for this actor, or None when its conditions on the actor do not hold."""
    states: frozenset[str] | None = None
    owner: str | None = None
    for condition in rule.conditions:
        if condition.attribute.startswith("actor."):
            if _holds(condition, facts) is not True:
                return None
        elif (condition.attribute, condition.operator) == ("resource.state", "equals"):
            states = frozenset({condition.value})
        elif (condition.attribute, condition.value) == ("resource.owner", "actor.organisation"):
            owner = facts.get("actor.organisation")
            if owner is None:
                return None
        else:
            raise ValueError(f"{rule.id}: {condition.attribute} does not compile")
    low, high = rule.tiers or (0, None)
    return Clause(states, low, high, owner)

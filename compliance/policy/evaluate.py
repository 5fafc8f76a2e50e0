"""The evaluator: pure, default deny, forbid wins, and it says why.

A rule's conditions all have to hold. An attribute that is missing or of the wrong type makes a
condition *unknown*: an unknown condition never lets a permit through and always lets a forbid
through, so that an omission can only close doors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compliance.policy.document import Condition, Policy, Rule, current
from compliance.policy.operators import MISSING, Facts
from compliance.policy.types import Considered, Decision, Need, PolicyRefused, Resource
from core.actor import Actor

_NO_RULE = Need("action", "permit", "", "", "没有规则允许此操作", "no rule permits this", "no_rule")
_SHOWN_AS_RELATION = {"same_as": ("same", "another"), "among": ("listed", "not listed")}


def facts_of(actor: Actor, resource: Resource, context: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that conditions may ask for; what is None is missing. Who is of no organisation is known to be so."""
    facts: dict[str, Any] = {
        "actor.signed_in": actor.signed_in,
        "actor.roles": actor.roles,
        "actor.platform_roles": actor.platform_roles,
        "actor.qualification": actor.qualification,
        "actor.organisation": actor.organisation_id or "",
        "actor.account": actor.account_id or "",
        "actor.country": actor.country or None,
        "actor.invited": actor.invited,
        "actor.agreed": actor.agreed,
        "resource.id": resource.id,
    }
    facts |= {f"resource.{name}": value for name, value in resource.attributes.items()}
    facts |= {f"context.{name}": value for name, value in context.items()}
    return {name: value for name, value in facts.items() if value is not None}


def decide(
    actor: Actor,
    action: str,
    resource: Resource,
    context: Mapping[str, Any] | None = None,
    *,
    policy: Policy | None = None,
) -> Decision:
    """Whether ``actor`` may do ``action`` to ``resource``, and why, or why not and what would change it."""
    facts = facts_of(actor, resource, context or {})
    return judge(action, facts, resource.attributes.get("tier"), policy or current())


def judge(action: str, facts: Facts, tier: Any, using: Policy) -> Decision:
    """The same of bare facts, for who asks about somebody that there need not be."""
    reaching = [rule for rule in using.of(action) if rule.reaches(tier)]
    forbidding = [rule for rule in reaching if rule.effect == "forbid" and _fires(rule, facts)]
    if forbidding:
        return _forbidden(action, forbidding, facts, using.hash)
    permits = [rule for rule in reaching if rule.effect == "permit"]
    permitting = [rule for rule in permits if all(each.holds(facts) is True for each in rule.conditions)]
    if permitting:
        return _permitted(action, permitting, using.hash)
    return _denied(action, permits, facts, using.hash)


def permits(action: str, facts: Facts, tier: Any, using: Policy) -> bool:
    """The same as ``judge``, without saying why."""
    permitted = False
    for rule in using.of(action):
        if not rule.reaches(tier):
            continue
        if rule.effect == "forbid":
            if _fires(rule, facts):
                return False
        elif not permitted:
            permitted = all(each.holds(facts) is True for each in rule.conditions)
    return permitted


def _fires(forbid: Rule, facts: Facts) -> bool:
    return all(condition.holds(facts) is not False for condition in forbid.conditions)


def _permitted(action: str, rules: Sequence[Rule], policy_hash: str) -> Decision:
    obligations = tuple(dict.fromkeys(each for rule in rules for each in rule.obligations))
    basis = tuple(dict.fromkeys(rule.basis for rule in rules))
    return Decision(action, "permit", tuple(rule.id for rule in rules), obligations, (), policy_hash, basis)


def _forbidden(action: str, rules: Sequence[Rule], facts: Facts, policy_hash: str) -> Decision:
    considered = tuple(Considered(rule.id, "forbid", (_reason(rule, facts),)) for rule in rules)
    needs = tuple(each.needs[0] for each in considered)
    basis = tuple(dict.fromkeys(rule.basis for rule in rules))
    return Decision(action, "forbid", tuple(rule.id for rule in rules), (), needs, policy_hash, basis, considered)


def _denied(action: str, permits: Sequence[Rule], facts: Facts, policy_hash: str) -> Decision:
    failed = [(rule, [each for each in rule.conditions if each.holds(facts) is not True]) for rule in permits]
    if not failed:
        return Decision(action, "forbid", (), (), (_NO_RULE,), policy_hash)
    considered = tuple(Considered(rule.id, "permit", _needs(rule, unmet, facts)) for rule, unmet in failed)
    nearest = min(range(len(failed)), key=lambda place: _distance(failed[place][1]))
    return Decision(action, "forbid", (), (), considered[nearest].needs, policy_hash, (), considered)


def _distance(unmet: Sequence[Condition]) -> tuple[int, int]:
    """A rule is nearer when less stands against it that the asker cannot change."""
    return sum(condition.fixed for condition in unmet), len(unmet)


def _needs(rule: Rule, unmet: Sequence[Condition], facts: Facts) -> tuple[Need, ...]:
    return tuple(_need(rule, condition, facts, _shown(condition.value)) for condition in unmet)


def _reason(forbid: Rule, facts: Facts) -> Need:
    first = forbid.conditions[0]
    return _need(forbid, first, facts, f"not {_shown(first.value)}")


def _need(rule: Rule, condition: Condition, facts: Facts, needed: str) -> Need:
    actual = _actual(condition, facts)
    words = {"needed": needed, "actual": actual, "tier": _shown(facts.get("resource.tier", "?"))}
    zh, en = (condition.says[language].format(**words) for language in ("zh", "en"))
    return Need(condition.attribute, condition.operator, needed, actual, zh, en, condition.code, rule.id)


def _actual(condition: Condition, facts: Facts) -> str:
    """The value as it may be shown: ids of organisations and people are shown as a relation only."""
    found = facts.get(condition.attribute, MISSING)
    if found is MISSING:
        return "—"
    relation = _SHOWN_AS_RELATION.get(condition.operator)
    if relation is not None:
        return relation[0] if condition.holds(facts) else relation[1]
    return _shown(found)


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(sorted(map(str, value))) or "—"
    return str(value).lower() if isinstance(value, bool) else str(value)


def require(actor: Actor, action: str, resource: Resource, context: Mapping[str, Any] | None = None) -> Decision:
    """The permitting decision. Raises PolicyRefused, which is audited for signed-in actors."""
    decision = decide(actor, action, resource, context)
    if not decision.permitted:
        raise PolicyRefused(actor, action, resource, decision)
    return decision


def declaring(actor: Actor, purpose: str = "declared", territory: str | None = None) -> dict[str, Any]:
    """The context of who declares a purpose and a territory, without one that of the own country.

    Pages ask with it what a person might do who has not declared anything yet.
    """
    return {"purpose": purpose, "territory": territory or actor.country or None}


def abilities(actor: Actor, resource: Resource, actions: Sequence[str] = ()) -> list[tuple[str, Decision]]:
    """What an actor may do to a resource who declares what is asked, each with its decision, for pages that say why.

    Without ``actions``, all that policy knows of that kind of resource.
    """
    asked = actions or [action for action in current().actions if action.startswith(f"{resource.kind}:")]
    return [(action, decide(actor, action, resource, declaring(actor))) for action in asked]

"""The rules of seeing as a neutral predicate, so that a list is filtered by what a single read is decided by."""

from __future__ import annotations

from compliance.policy.document import Condition, Policy, Rule, current
from compliance.policy.evaluate import facts_of
from compliance.policy.operators import Facts
from compliance.policy.types import Clause, Predicate, Resource
from core.actor import Actor


def listing_predicate(actor: Actor, action: str = "listing:see", *, policy: Policy | None = None) -> Predicate:
    """The same rules as a predicate over state, tier, owner and id, for lists and for every search engine.

    Equal to ``decide`` for every listing. Raises ValueError when a rule of ``action`` asks for
    something that no index holds, whoever asks.
    """
    rules = (policy or current()).of(action)
    if not rules or any(rule.effect == "forbid" for rule in rules):
        raise ValueError(f"{action} has no rule, or a forbid, and forbids do not compile")
    facts = facts_of(actor, Resource("listing", ""), {})
    clauses = (_clause(rule, facts) for rule in rules)
    return Predicate(tuple(clause for clause in clauses if clause is not None))


def _clause(rule: Rule, facts: Facts) -> Clause | None:
    """The rule for this actor, or None when its conditions on the actor do not hold."""
    about_listing = [each for each in rule.conditions if not _about_actor(each)]
    known = all(each.holds(facts) is True for each in rule.conditions if each not in about_listing)
    states: frozenset[str] | None = None
    owner: str | None = None
    ids: frozenset[str] | None = None
    for condition in about_listing:
        if condition.attribute == "resource.state":
            found = _states(rule, condition)
            states = found if states is None else states & found
        elif (condition.attribute, condition.operator) == ("resource.id", "among"):
            named = frozenset(facts.get(condition.value, ()))
            ids = named if ids is None else ids & named
        elif (condition.attribute, condition.operator, condition.value) == ("resource.owner", "same_as", _OWN):
            owner = facts[_OWN]
        else:
            raise ValueError(f"{rule.id}: {condition.attribute} {condition.operator} does not compile")
    low, high = rule.tiers or (0, None)
    return Clause(states, low, high, owner, ids) if known and ids != frozenset() else None


_OWN = "actor.organisation"


def _about_actor(condition: Condition) -> bool:
    """Whether who asks settles it: nothing of the thing or of the question is compared."""
    compared = condition.value if condition.operator in ("same_as", "among") else ""
    return condition.attribute.startswith("actor.") and not str(compared).startswith(("resource.", "context."))


def _states(rule: Rule, condition: Condition) -> frozenset[str]:
    if condition.operator == "equals":
        return frozenset({condition.value})
    if condition.operator == "one_of":
        return frozenset(condition.value)
    raise ValueError(f"{rule.id}: {condition.operator} of a state does not compile")

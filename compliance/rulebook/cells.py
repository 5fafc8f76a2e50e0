"""The matrix of the policy, pure: every interesting question, and those that two versions answer differently.

The axes of an action are what its rules ask for: who asks, the tier, qualification, country, purpose, contract, state.
Of each attribute every value is taken that a rule names and one that none names; of those that a changed rule asks for
also that it is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from compliance.policy.document import Condition, Policy, Rule
from compliance.policy.evaluate import judge, permits
from compliance.rulebook.types import Cell, ChangedCell, Changes
from core.actor import Actor

HOME, ABROAD = "CN", "SG"
THING = "thing"
OTHER = "something else"
LEVELS = (1, 2, 3, 4)
MOST_LISTED = 500
MOST_WORK = 120_000_000
"""What ``changes`` may take; all of the rules that ship, changed at once, are less."""
_OWNERS = {"resource.owner": "org_supplier", "resource.supplier": "org_supplier", "resource.buyer": "org_buyer"}


@dataclass(frozen=True)
class Persona:
    """Somebody of the matrix. Who is of an organisation comes in every level and from every country."""

    name: str
    organisation: str | None = None
    roles: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()


PERSONAS = (
    Persona("stranger"),
    *(Persona(f"buyer/{role}", "org_buyer", (role,)) for role in ("owner", "buyer", "developer", "finance")),
    *(Persona(f"supplier/{role}", "org_supplier", (role,)) for role in ("owner", "supplier", "developer", "finance")),
    Persona("outsider/owner", "org_outsider", ("owner",)),
    *(Persona(role, platform=(role,)) for role in ("reviewer", "officer", "finance", "operator")),
)


def actor_facts(persona: Persona, level: int = 4, country: str | None = HOME) -> dict[str, Any]:
    """What policy knows of somebody of the matrix; ``stranger`` is nobody."""
    if persona.name == "stranger":
        return _known(Actor(), None, 0)
    own = persona.organisation is not None
    who = Actor(
        account_id="acc_self", organisation_id=persona.organisation, roles=frozenset(persona.roles),
        platform_roles=frozenset(persona.platform),
    )  # fmt: skip
    return _known(who, country if own else None, level if own else 1)


def _known(who: Actor, country: str | None, level: int) -> dict[str, Any]:
    facts = {
        "actor.signed_in": who.signed_in, "actor.roles": who.roles, "actor.platform_roles": who.platform_roles,
        "actor.qualification": level, "actor.organisation": who.organisation_id or "",
        "actor.account": who.account_id or "", "actor.country": country, "actor.invited": frozenset[str](),
        "actor.agreed": frozenset[str](),
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value is not None}


def cells(action: str, policies: Sequence[Policy], not_built: Sequence[str]) -> Iterator[Cell]:
    """Every question about ``action`` to which the rules of these policies could say yes, or not all the same.

    Where all of them have the same rules for a tier, and where who somebody is fails every permit, nothing is asked.
    ``not_built`` is, by tier, what the exchange cannot carry out.
    """
    asked, moved = _asked(action, policies), _moved(action, policies)
    names = [name for name in asked if name != "resource.tier"]
    tiers = [tier for tier in range(len(not_built)) if len(policies) == 1 or _differ(action, policies, tier)]
    for persona in PERSONAS:
        for actor in _actors(persona, asked):
            if not any(_may_be_permitted(rule, actor) for policy in policies for rule in policy.of(action)):
                continue
            choices = [_values(name, asked[name], missing=name in moved) for name in names]
            for tier, values in product(tiers, product(*choices)):
                facts = actor | {name: each for name, each in zip(names, values, strict=True) if each is not None}
                facts |= {"resource.id": THING, "resource.tier": tier}
                if "resource.not_built" in asked:
                    facts["resource.not_built"] = not_built[tier]
                yield Cell(action, persona.name, tier, facts)


def _asked(action: str, policies: Sequence[Policy]) -> dict[str, list[Condition]]:
    """The conditions of an action's rules by attribute, without what a person or the tier settles."""
    found: dict[str, list[Condition]] = {}
    for policy in policies:
        for rule in policy.of(action):
            for condition in rule.conditions:
                found.setdefault(condition.attribute, []).append(condition)
                if condition.operator in ("same_as", "among"):
                    found.setdefault(str(condition.value), [])
    return found


def _differ(action: str, policies: Sequence[Policy], tier: int) -> bool:
    reaching = [[rule for rule in policy.of(action) if rule.reaches(tier)] for policy in policies]
    return any(rules != reaching[0] for rules in reaching)


def _may_be_permitted(rule: Rule, actor: Mapping[str, Any]) -> bool:
    """Whether no condition of a permit fails for who somebody is alone."""
    return rule.effect == "permit" and all(
        each.holds(actor) is True
        for each in rule.conditions
        if each.attribute.startswith("actor.") and each.operator not in ("same_as", "among")
    )


def _moved(action: str, policies: Sequence[Policy]) -> frozenset[str]:
    """The attributes of rules that not all of these policies have."""
    rules = [policy.of(action) for policy in policies]
    differing = {id(rule): rule for some in rules for rule in some if any(rule not in others for others in rules)}
    conditions = [each for rule in differing.values() for each in rule.conditions]
    return frozenset(each.attribute for each in conditions) | {
        str(each.value) for each in conditions if each.operator in ("same_as", "among")
    }


def _actors(persona: Persona, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Somebody at every level, from every country, invited or not, as far as any rule asks."""
    if persona.organisation is None:
        yield actor_facts(persona)
        return
    levels = LEVELS if "actor.qualification" in asked else LEVELS[-1:]
    countries = (HOME, ABROAD, None) if "actor.country" in asked else (HOME,)
    relations = [(name, held) for name in ("actor.invited", "actor.agreed") if name in asked for held in (True, False)]
    sets = [[pair for pair in relations if pair[0] == name] for name in dict.fromkeys(name for name, _ in relations)]
    for level, country, *held in product(levels, countries, *sets):
        chosen = {name: frozenset({THING} if holds else ()) for name, holds in held}
        yield actor_facts(persona, level, country) | chosen


def _values(name: str, conditions: Iterable[Condition], *, missing: bool = False) -> list[Any]:
    """The values of an attribute that make a difference; None is that it is missing."""
    if name.startswith("actor.") or name in ("resource.id", "resource.not_built"):
        return [None]  # settled by the person, and by the tier
    if name in _OWNERS:
        return [_OWNERS[name]]
    if name == "resource.home":
        return [HOME]
    if name == "context.territory":
        return [HOME, ABROAD, None] if missing else [HOME, ABROAD]
    found: dict[Any, None] = {}
    for condition in conditions:
        found |= dict.fromkeys(_named(condition))
    return [*found, None] if missing or not found else [*found]


def _named(condition: Condition) -> list[Any]:
    """What a condition names, and what it does not; of a relation that it holds and that it does not."""
    needed = condition.value
    named: dict[str, list[Any]] = {
        "one_of": [*needed, OTHER] if isinstance(needed, list) else [],
        "same_as": ["acc_self" if needed == "actor.account" else "org_supplier", OTHER],
        "stated": ["stated", ""],
    }
    if condition.operator == "equals":
        return [True, False] if isinstance(needed, bool) else [needed, OTHER if isinstance(needed, str) else needed + 1]
    if condition.operator == "at_least":
        return [needed, needed - 1]
    return named.get(condition.operator, [])


def work(old: Policy, new: Policy, not_built: Sequence[str]) -> int:
    """About how many conditions ``changes`` would ask; known by counting, without asking any."""
    differing = [each for each in dict.fromkeys((*old.actions, *new.actions)) if old.of(each) != new.of(each)]
    return sum(_work(action, (old, new), not_built) for action in differing)


def _work(action: str, policies: Sequence[Policy], not_built: Sequence[str]) -> int:
    asked, moved = _asked(action, policies), _moved(action, policies)
    people = sum(1 for persona in PERSONAS for _ in _actors(persona, asked))
    tiers = sum(_differ(action, policies, tier) for tier in range(len(not_built)))
    each = prod(len(_values(name, asked[name], missing=name in moved)) for name in asked if name != "resource.tier")
    conditions = sum(len(rule.conditions) for policy in policies for rule in policy.of(action))
    return people * tiers * each * conditions


def changes(old: Policy, new: Policy, not_built: Sequence[str]) -> Changes:
    """The cells that the two answer differently. Of actions whose rules are the same none is asked."""
    asked, found = 0, list[ChangedCell]()
    counts: dict[tuple[str, str, int], list[int]] = {}
    for action in dict.fromkeys((*old.actions, *new.actions)):
        if old.of(action) == new.of(action):
            continue
        for cell in cells(action, (old, new), not_built):
            asked += 1
            before, after = (permits(action, cell.facts, cell.tier, policy) for policy in (old, new))
            if before == after:
                continue
            counts.setdefault((action, cell.who, cell.tier), [0, 0])[after] += 1
            if len(found) < MOST_LISTED:
                found.append(_changed(cell, old, new))
    summary = tuple((*key, opened, closed) for key, (closed, opened) in counts.items())
    opened = sum(line[3] for line in summary)
    return Changes(asked, opened, sum(line[4] for line in summary), summary, tuple(found))


def _changed(cell: Cell, old: Policy, new: Policy) -> ChangedCell:
    before, after = (judge(cell.action, cell.facts, cell.tier, policy) for policy in (old, new))
    return ChangedCell(cell, before.effect, after.effect, before.rules, after.rules)


def at_best(action: str, persona: Persona, level: int, tier: int, policy: Policy, not_built: Sequence[str]) -> str:
    """What somebody of that level may reach at that tier when all else is as the rules would have it: an effect."""
    asked = _asked(action, [policy])
    names = [name for name in asked if not name.startswith("actor.") and name != "resource.tier"]
    plain = actor_facts(persona, level) | {"resource.id": THING, "resource.tier": tier}
    if persona.organisation is not None:
        plain |= {"actor.invited": frozenset({THING}), "actor.agreed": frozenset({THING})}
    for values in product(*(_values(name, asked[name]) for name in names)):
        facts = plain | {name: each for name, each in zip(names, values, strict=True) if each is not None}
        if "resource.not_built" in asked:
            facts["resource.not_built"] = not_built[tier]
        if permits(action, facts, tier, policy):
            return "permit"
    return "forbid"

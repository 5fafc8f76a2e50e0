"""The policy document: read, checked word by word, hashed. A document with anything unknown in it is refused whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import rfc8785
import yaml

from compliance.policy.operators import NEEDED, OPERATORS, Facts, apply

_KEYS = {"version", "actions", "conditions", "rules"}
_SUBJECTS = ("actor", "resource", "context")
_RULE_KEYS = {"id", "effect", "actions", "tiers", "when", "obligations", "basis"}
_CONDITION_KEYS = {"attribute", "is", "value", "fixed", "code", "says"}


OBLIGATIONS = frozenset({
    "licence_text", "click_through", "signed_licence", "nda_and_contract", "personal_data_clauses", "bespoke_contract",
    "supplier_approval", "officer_approval", "authority_approval", "row_quota", "watermark", "in_platform", "enclave",
    "mask_identifiers", "synthetic_sample", "noised_statistics",
})  # fmt: skip
"""What a permit may oblige to: somebody asks for each of these words, or refuses by its name."""


class PolicyInvalid(ValueError):
    """A policy document that cannot be used, with the reason."""


@dataclass(frozen=True)
class Condition:
    """One question to one attribute. ``fixed``: nothing that the asker does changes the answer."""

    attribute: str
    operator: str
    value: Any
    fixed: bool
    code: str
    says: Mapping[str, str]

    def holds(self, facts: Facts) -> bool | None:
        """None when the attribute is missing or of the wrong type."""
        return apply(self.operator, self.attribute, self.value, facts)


@dataclass(frozen=True)
class Rule:
    """Permits or forbids actions, in a range of tiers, when all of its conditions hold."""

    id: str
    effect: str
    actions: frozenset[str]
    tiers: tuple[int, int] | None
    conditions: tuple[Condition, ...]
    obligations: tuple[str, ...]
    basis: str

    def reaches(self, tier: Any) -> bool:
        """Whether it speaks of that tier; one that is no number is in the range of every forbid and of no permit."""
        if self.tiers is None:
            return True
        if type(tier) is not int:
            return self.effect == "forbid"
        return self.tiers[0] <= tier <= self.tiers[1]


@dataclass(frozen=True)
class Policy:
    """All rules by action, in the document's order."""

    rules: tuple[Rule, ...]
    actions: tuple[str, ...]
    hash: str
    by_action: Mapping[str, tuple[Rule, ...]]
    version: int
    canonical: bytes

    def of(self, action: str) -> tuple[Rule, ...]:
        return self.by_action.get(action, ())


def parse(document: Mapping[str, Any]) -> Policy:
    """A policy from its document. Raises PolicyInvalid naming what is wrong."""
    if set(document) != _KEYS:
        raise PolicyInvalid(f"a policy has {', '.join(sorted(_KEYS))}, and nothing else")
    try:
        conditions = {name: _condition(name, raw) for name, raw in document["conditions"].items()}
        actions = tuple(f"{kind}:{verb}" for kind, verbs in document["actions"].items() for verb in verbs)
        rules = tuple(_rule(raw, conditions) for raw in document["rules"])
    except (KeyError, TypeError, AttributeError) as error:
        raise PolicyInvalid(f"the policy is incomplete: {error}") from None
    _check(document["version"], rules, actions, conditions)
    by_action = {action: tuple(rule for rule in rules if action in rule.actions) for action in actions}
    canonical = rfc8785.dumps(dict(document))
    return Policy(rules, actions, hashlib.sha256(canonical).hexdigest(), by_action, document["version"], canonical)


def _condition(name: str, raw: Mapping[str, Any]) -> Condition:
    unknown = set(raw) - _CONDITION_KEYS
    operator, attribute = raw["is"], raw["attribute"]
    if unknown or operator not in OPERATORS or attribute.partition(".")[0] not in _SUBJECTS:
        raise PolicyInvalid(f"condition {name}: unknown attribute, operator or key {sorted(unknown)}")
    if type(raw["value"]) not in NEEDED[operator]:
        raise PolicyInvalid(f"condition {name}: {operator} cannot be asked with {raw['value']!r}")
    if set(raw["says"]) != {"zh", "en"} or not raw["code"] or not all(map(_can_be_said, raw["says"].values())):
        raise PolicyInvalid(f"condition {name}: a code, and words in both languages")
    return Condition(attribute, operator, raw["value"], bool(raw.get("fixed", False)), raw["code"], raw["says"])


def _can_be_said(words: Any) -> bool:
    """Whether it is a text whose blanks can be filled in, now and not at the first refusal."""
    try:
        return bool(str.format(words, needed="", actual="", tier=""))
    except (TypeError, LookupError, ValueError):
        return False


def _rule(raw: Mapping[str, Any], conditions: Mapping[str, Condition]) -> Rule:
    unknown = set(raw) - _RULE_KEYS
    if unknown or raw["effect"] not in ("permit", "forbid") or not raw["basis"]:
        raise PolicyInvalid(f"rule {raw['id']}: effect, basis or key {sorted(unknown)}")
    missing = [name for name in raw["when"] if name not in conditions]
    if missing or not raw["when"]:
        raise PolicyInvalid(f"rule {raw['id']}: no such condition: {', '.join(missing) or 'none at all'}")
    tiers = raw.get("tiers")
    return Rule(
        id=raw["id"], effect=raw["effect"], actions=frozenset(raw["actions"]),
        tiers=None if tiers is None else _range(raw["id"], tiers),
        conditions=tuple(conditions[name] for name in raw["when"]), obligations=tuple(raw.get("obligations", ())),
        basis=str(raw["basis"]),
    )  # fmt: skip


def _range(rule_id: str, tiers: Any) -> tuple[int, int]:
    if len(tiers) != 2 or any(type(tier) is not int for tier in tiers) or tiers[0] > tiers[1]:
        raise PolicyInvalid(f"rule {rule_id}: a range of tiers is two numbers, the lower first")
    return tiers[0], tiers[1]


def _check(
    version: Any, rules: tuple[Rule, ...], actions: tuple[str, ...], conditions: Mapping[str, Condition]
) -> None:
    if type(version) is not int:
        raise PolicyInvalid("a policy has a version, a number")
    foreign = [each for rule in rules for each in rule.obligations if each not in OBLIGATIONS]
    if foreign:
        raise PolicyInvalid(f"nothing carries out the obligation {foreign[0]}")
    ids = [rule.id for rule in rules]
    if len(set(ids)) != len(ids):
        raise PolicyInvalid("two rules have the same id")
    unknown = frozenset().union(*(rule.actions for rule in rules)) - frozenset(actions)
    if unknown:
        raise PolicyInvalid(f"rules speak of unknown actions: {', '.join(sorted(unknown))}")
    used = {id(condition) for rule in rules for condition in rule.conditions}
    idle = [name for name, condition in conditions.items() if id(condition) not in used]
    if idle:
        raise PolicyInvalid(f"no rule asks for {', '.join(idle)}")


class _Strict(yaml.SafeLoader):
    """YAML in which a name stands once: of two conditions with one name the first would be gone unnoticed."""


def _once(loader: _Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    names = [loader.construct_object(name) for name, _ in node.value]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise PolicyInvalid(f"{twice[0]} stands twice, {str(node.start_mark).strip()}")
    return loader.construct_mapping(node, deep=True)


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)


def read(text: str) -> dict[str, Any]:
    """A policy document as it is written. Raises PolicyInvalid when a name stands twice, or when it is none."""
    try:
        loaded = yaml.load(text, _Strict)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        raise PolicyInvalid(f"the policy is not YAML: {error}") from None
    if not isinstance(loaded, dict):
        raise PolicyInvalid("the policy is not a document")
    return loaded


def _shipped() -> dict[str, Any]:
    return read((files("compliance.policy") / "rules.yaml").read_text(encoding="utf-8"))


@cache
def shipped() -> Policy:
    """The policy that ships with the product."""
    return parse(_shipped())


def current() -> Policy:
    """The policy that this process decides by: the one that ships, until another was activated."""
    return _in_use[-1] or shipped()


def use(policy: Policy | None) -> None:
    """Decide by this policy from now on; by the one that ships when there is none."""
    _in_use[-1] = policy


_in_use: list[Policy | None] = [None]


def policy_document() -> bytes:
    """The policy in force as canonical JSON; its SHA-256 is the hash that decisions cite."""
    return current().canonical

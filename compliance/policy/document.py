"""The policy document: read, checked word by word, hashed. A document with anything unknown in it is refused whole."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

import rfc8785
import yaml

from compliance.policy.operators import NEEDED, OPERATORS, Facts, apply

_KEYS = {"version", "actions", "conditions", "rules"}
_RULE_KEYS = {"id", "effect", "actions", "tiers", "when", "obligations", "basis"}
_CONDITION_KEYS = {"attribute", "is", "value", "fixed", "code", "says"}
_ATTRIBUTE = re.compile(r"(actor|resource|context)\.[a-z_]{1,40}")
_BLANKS = {None, "needed", "actual", "tier"}


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
    if type(document["version"]) is not int:
        raise PolicyInvalid("a policy has a version, a number")
    try:
        conditions = {name: _condition(name, raw) for name, raw in document["conditions"].items()}
        actions = tuple(
            f"{kind}:{verb}" for kind, verbs in document["actions"].items() for verb in _words(verbs, "what is done")
        )
        rules = tuple(_rule(raw, conditions) for raw in document["rules"])
        canonical = rfc8785.dumps(dict(document))
    except (KeyError, TypeError, AttributeError) as error:
        raise PolicyInvalid(f"the policy is incomplete: {error}") from None
    except rfc8785.CanonicalizationError as error:
        raise PolicyInvalid(f"the policy cannot be written down: {error}") from None
    _check(rules, actions, conditions)
    by_action = {action: tuple(rule for rule in rules if action in rule.actions) for action in actions}
    return Policy(rules, actions, hashlib.sha256(canonical).hexdigest(), by_action, document["version"], canonical)


def _condition(name: str, raw: Mapping[str, Any]) -> Condition:
    unknown = set(raw) - _CONDITION_KEYS
    operator, attribute = raw["is"], raw["attribute"]
    if unknown or operator not in OPERATORS or not _ATTRIBUTE.fullmatch(attribute):
        raise PolicyInvalid(f"condition {name}: unknown attribute, operator or key {sorted(unknown)}")
    if not _askable(operator, raw["value"]):
        raise PolicyInvalid(f"condition {name}: {operator} cannot be asked with {raw['value']!r}")
    if set(raw["says"]) != {"zh", "en"} or not all(map(_can_be_said, raw["says"].values())):
        raise PolicyInvalid(f"condition {name}: words in both languages")
    code = _word(raw["code"], f"condition {name}: a code")
    return Condition(attribute, operator, raw["value"], raw.get("fixed", False) is True, code, raw["says"])


def _askable(operator: str, value: Any) -> bool:
    """Whether the operator can be asked with that value, of whatever it is asked."""
    if type(value) not in NEEDED[operator]:
        return False
    if operator in ("same_as", "among"):
        return _ATTRIBUTE.fullmatch(value) is not None
    return not isinstance(value, list) or all(isinstance(each, str) for each in value)


def _can_be_said(words: Any) -> bool:
    """Whether it is a text whose blanks can be filled in, now and not at the first refusal, as they are."""
    try:
        parts = list(Formatter().parse(words))
    except ValueError:
        return False
    return bool(parts) and all(name in _BLANKS and not spec and not how for _, name, spec, how in parts)


def _word(text: Any, what: str) -> str:
    if not isinstance(text, str) or not text:
        raise PolicyInvalid(f"{what} is a text")
    return text


def _words(texts: Any, what: str) -> tuple[str, ...]:
    if not isinstance(texts, list):
        raise PolicyInvalid(f"{what} is a list of texts")
    return tuple(_word(each, what) for each in texts)


def _rule(raw: Mapping[str, Any], conditions: Mapping[str, Condition]) -> Rule:
    unknown, rule_id = set(raw) - _RULE_KEYS, _word(raw["id"], "a rule's id")
    if unknown or raw["effect"] not in ("permit", "forbid"):
        raise PolicyInvalid(f"rule {rule_id}: effect or key {sorted(unknown)}")
    when = _words(raw["when"], f"rule {rule_id}: what is asked")
    missing = [name for name in when if name not in conditions]
    if missing or not when:
        raise PolicyInvalid(f"rule {rule_id}: no such condition: {', '.join(missing) or 'none at all'}")
    tiers = raw.get("tiers")
    return Rule(
        id=rule_id, effect=raw["effect"], actions=frozenset(_words(raw["actions"], f"rule {rule_id}: an action")),
        tiers=None if tiers is None else _range(rule_id, tiers), conditions=tuple(conditions[name] for name in when),
        obligations=_words(raw.get("obligations", []), f"rule {rule_id}: an obligation"),
        basis=_word(raw["basis"], f"rule {rule_id}: a basis"),
    )  # fmt: skip


def _range(rule_id: str, tiers: Any) -> tuple[int, int]:
    if len(tiers) != 2 or any(type(tier) is not int for tier in tiers) or tiers[0] > tiers[1]:
        raise PolicyInvalid(f"rule {rule_id}: a range of tiers is two numbers, the lower first")
    return tiers[0], tiers[1]


def _check(rules: tuple[Rule, ...], actions: tuple[str, ...], conditions: Mapping[str, Condition]) -> None:
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
    """YAML in which a name stands once: of two conditions with one name the first would be gone unnoticed.

    And everything is written out: what is repeated by reference can be small as a text and have no end as a document.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise PolicyInvalid("a policy repeats nothing by reference: write it out")
        return super().compose_node(parent, index)


def _once(loader: _Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    names = [loader.construct_object(name) for name, _ in node.value]
    if not all(isinstance(name, str) for name in names):
        raise PolicyInvalid(f"a name is a text, {str(node.start_mark).strip()}")
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise PolicyInvalid(f"{twice[0]} stands twice, {str(node.start_mark).strip()}")
    return loader.construct_mapping(node, deep=True)


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)


def read(text: str) -> dict[str, Any]:
    """A policy document as it is written. Raises PolicyInvalid when a name stands twice, or when it is none."""
    try:
        loaded = yaml.load(text, _Strict)  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise PolicyInvalid(f"the policy is not YAML: {error}") from None
    except RecursionError:
        raise PolicyInvalid("the policy is nested too deeply") from None
    if not isinstance(loaded, dict):
        raise PolicyInvalid("the policy is not a document")
    return loaded


@cache
def shipped_document() -> dict[str, Any]:
    """The document of the policy that ships; the same each time, so nobody changes it."""
    return read((files("compliance.policy") / "rules.yaml").read_text(encoding="utf-8"))


@cache
def shipped() -> Policy:
    """The policy that ships with the product."""
    return parse(shipped_document())


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

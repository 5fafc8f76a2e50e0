"""Policy: rules as data, an evaluator that explains itself, and the predicate that lists are filtered by."""

from compliance.policy.document import Policy, PolicyInvalid, parse, policy_document
from compliance.policy.evaluate import abilities, decide, declaring, require
from compliance.policy.predicate import listing_predicate
from compliance.policy.types import Clause, Considered, Decision, Need, PolicyRefused, Predicate, Resource, Value

__all__ = [
    "Clause",
    "Considered",
    "Decision",
    "Need",
    "Policy",
    "PolicyInvalid",
    "PolicyRefused",
    "Predicate",
    "Resource",
    "Value",
    "abilities",
    "decide",
    "declaring",
    "listing_predicate",
    "parse",
    "policy_document",
    "require",
]

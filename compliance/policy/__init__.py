"""Policy: rules as data, an evaluator that explains itself, and the predicate that lists are filtered by."""

from compliance.policy.evaluate import abilities, decide, listing_predicate, policy_document, require
from compliance.policy.types import Clause, Decision, Need, PolicyRefused, Predicate, Resource

__all__ = [
    "Clause",
    "Decision",
    "Need",
    "PolicyRefused",
    "Predicate",
    "Resource",
    "abilities",
    "decide",
    "listing_predicate",
    "policy_document",
    "require",
]

"""What the rulebook refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class VersionNotFound(NotFound):
    code, title = "policy_version_not_found", "There is no such version of the policy"


class DecisionNotFound(NotFound):
    code, title = "decision_not_found", "There is no such decision"


class PolicyDocumentInvalid(Invalid):
    code, title = "policy_invalid", "The policy cannot be used"


class PolicyTooLarge(Invalid):
    code, title = "policy_too_large", "What this policy changes takes too long to look at"


class PolicyUnchanged(Conflict):
    code, title = "policy_unchanged", "These rules are in force already"


class PolicyLocksOut(Conflict):
    code, title = "policy_locks_out", "Under these rules no two officers could change the rules again"


class VersionDecided(Conflict):
    code, title = "policy_version_decided", "This version was decided about already"


class PolicyBaseChanged(Conflict):
    code, title = "policy_base_changed", "Other rules are in force than when this version was proposed"


class FactsInvalid(Invalid):
    code, title = "facts_invalid", "These facts cannot be asked about"

"""The tier that data asks for by itself: pure, and never lower for one finding more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from compliance.recognisers import ScanSummary
from compliance.tiers.types import Impact, ProfileInvalid, ProposalRule, TierProfile, TierProposal

Facts = Mapping[str, int | frozenset[str]]


def propose(
    using: TierProfile,
    scans: Sequence[ScanSummary],
    *,
    scene: str = "",
    origin: str = "",
    formats: Collection[str] = (),
    inputs: Sequence[ScanSummary] = (),
) -> TierProposal:
    """The strictest level that any finding asks for; without findings, what origin allows.

    ``formats`` are the kinds of file in the revision, as in ``{"csv", "png"}``; of an archive, those inside it.
    ``inputs`` are the findings in what callers of an interface hand over.
    """
    facts: Facts = {
        "personal_identifiers": sum(scan.personal for scan in scans),
        "sensitive_identifiers": sum(scan.sensitive for scan in scans),
        "personal_inputs": sum(scan.personal for scan in inputs),
        "scene": frozenset({scene}),
        "origin": frozenset({origin}),
        "formats": frozenset(form.lower().lstrip(".") for form in formats),
    }
    applying = [rule for rule in using.findings if _applies(rule, facts)]
    if not applying:
        applying = [next(rule for rule in using.otherwise if _applies(rule, facts))]
    level = max(rule.level for rule in applying)
    return TierProposal(level, tuple(rule.reason for rule in applying if rule.level == level))


def derive(using: TierProfile, harmed: str, degree: str) -> Impact:
    """The level that follows from what a harm would fall on and how bad it would be.

    Raises ProfileInvalid for an object or a degree that the profile does not know.
    """
    if harmed not in using.impacts or degree not in using.degrees:
        raise ProfileInvalid(f"the profile knows no impact on {harmed} of degree {degree}")
    level = using.impacts[harmed][using.degrees.index(degree)]
    names = using.impact_names
    reason = {
        "zh": f"声明的影响：对{names[harmed]['zh']}{names[degree]['zh']}",
        "en": f"declared impact: {names[degree]['en']} to {names[harmed]['en']}",
    }
    return Impact(harmed, degree, using.highest if level is None else level, reason, core=level is None)


def _applies(rule: ProposalRule, facts: Facts) -> bool:
    return all(_reached(needed, facts[name]) for name, needed in rule.when.items())


def _reached(needed: int | tuple[str, ...], actual: int | frozenset[str]) -> bool:
    if isinstance(needed, int):
        return isinstance(actual, int) and actual >= needed
    return isinstance(actual, frozenset) and not actual.isdisjoint(needed)

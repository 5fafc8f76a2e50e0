"""Sensitivity tiers as versioned data."""

from compliance.tiers.profiles import follow, ordered, parse, profile, versions
from compliance.tiers.proposal import derive, propose
from compliance.tiers.types import (
    ExportThreshold,
    Impact,
    ProfileInvalid,
    ProposalRule,
    TierProfile,
    TierProposal,
    TierRow,
)

__all__ = [
    "ExportThreshold",
    "Impact",
    "ProfileInvalid",
    "ProposalRule",
    "TierProfile",
    "TierProposal",
    "TierRow",
    "derive",
    "follow",
    "ordered",
    "parse",
    "profile",
    "propose",
    "versions",
]

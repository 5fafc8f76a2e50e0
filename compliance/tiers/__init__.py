"""Sensitivity tiers as versioned data."""

from compliance.tiers.profiles import parse, profile
from compliance.tiers.proposal import propose
from compliance.tiers.types import ExportThreshold, ProfileInvalid, ProposalRule, TierProfile, TierProposal, TierRow

__all__ = [
    "ExportThreshold",
    "ProfileInvalid",
    "ProposalRule",
    "TierProfile",
    "TierProposal",
    "TierRow",
    "parse",
    "profile",
    "propose",
]

"""Sensitivity tiers as versioned data."""

from compliance.tiers.profiles import parse, profile, propose
from compliance.tiers.types import ProfileInvalid, TierProfile, TierProposal, TierRow

__all__ = ["ProfileInvalid", "TierProfile", "TierProposal", "TierRow", "parse", "profile", "propose"]

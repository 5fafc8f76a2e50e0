"""Licences as policies that a machine can check: ODRL agreements, their words in both languages, and what they allow.

Pure: no database, no clock, and standard library only, so that whoever decides about a use decides alike.
"""

from __future__ import annotations

from exchange.licences.evaluation import evaluate, limits
from exchange.licences.policy import Parties, odrl
from exchange.licences.types import Channel, Limits, Use, Verdict
from exchange.licences.words import words

__all__ = ["Channel", "Limits", "Parties", "Use", "Verdict", "evaluate", "limits", "odrl", "words"]

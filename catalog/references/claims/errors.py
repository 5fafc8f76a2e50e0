"""What claims refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, NotFound


class ClaimNotFound(NotFound):
    code, title = "claim_not_found", "There is no such claim"


class ClaimClosed(Conflict):
    code, title = "claim_closed", "The claim is decided"


class ClaimedAlready(Conflict):
    code, title = "claimed_already", "This reference is claimed"

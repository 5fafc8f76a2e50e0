"""What disputes refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound, TooLarge


class DisputeNotFound(NotFound):
    code, title = "dispute_not_found", "There is no such dispute"


class EvidenceNotFound(NotFound):
    code, title = "evidence_not_found", "There is no such file in this dispute"


class DisputeTooLate(Conflict):
    """``until`` is when the time to dispute it was over."""

    code, title = "dispute_too_late", "The time to dispute this is over"


class DisputedOften(Conflict):
    code, title = "disputed_often", "This was disputed as often as it can be"


class DisputeEnded(Conflict):
    code, title = "dispute_ended", "The dispute has ended"


class AnswerAwaited(Conflict):
    """Nobody is ruled against unheard: ``answer_by`` is when the supplier's time is over."""

    code, title = "answer_awaited", "The supplier has not answered yet, and may still do so"


class NothingToRefund(Conflict):
    code, title = "nothing_to_refund", "Nothing that could be paid back was charged for this"


class ConcernUnknown(Invalid):
    code, title = "concern_unknown", "This is no part of the order that could be disputed"


class EvidenceTooLarge(TooLarge):
    code, title = "evidence_too_large", "The file is too large for evidence"


class TooMuchSaid(Conflict):
    code, title = "too_much_said", "A dispute holds no more statements than this"

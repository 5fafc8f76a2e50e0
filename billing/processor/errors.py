"""What the processor's part refuses, and how the processor itself fails."""

from __future__ import annotations

from core.problems import Conflict, DomainError, Invalid, NotFound, TooLarge, Unavailable


class ProcessorUnavailable(Conflict):
    code, title = "processor_unavailable", "This way of paying is not set up here"


class ProcessorUnreachable(Unavailable):
    code, title = "processor_unreachable", "The payment processor does not answer"


class EntryNotFound(NotFound):
    code, title = "balance_entry_not_found", "There is no such row in the payment processor's books"


class NothingBehind(Conflict):
    code, title = "nothing_behind", "This row is about nothing of ours that could be booked"


class EntryMatched(Conflict):
    code, title = "balance_entry_matched", "This row of the payment processor's books has its match"


class SignatureInvalid(DomainError):
    code, status, title = "signature_invalid", 400, "This message is not signed by the payment processor"


class MessageInvalid(Invalid):
    code, title = "message_invalid", "This message of the payment processor cannot be read"


class MessageTooLarge(TooLarge):
    code, title = "message_too_large", "A message of the payment processor is smaller than this"


class RemoteRefusal(Exception):
    """The processor said no, for good: nothing was done there."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class RemoteUnknown(Exception):
    """There is no answer that tells whether it was done: ask again, with the same key."""

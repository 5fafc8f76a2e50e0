"""What the processor's part refuses, and how the processor itself fails."""

from __future__ import annotations

from core.problems import DomainError, Invalid, TooLarge, Unavailable


class ProcessorUnavailable(Unavailable):
    code, title = "processor_unavailable", "This way of paying is not set up here"


class ProcessorUnreachable(Unavailable):
    code, title = "processor_unreachable", "The payment processor does not answer"


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

"""What keys refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class KeyNotFound(NotFound):
    code, title = "key_not_found", "There is no such key"


class KeyEnded(Conflict):
    code, title = "key_ended", "The key has ended already"


class KeyHasSuccessor(Conflict):
    code, title = "key_has_successor", "The key has a successor already"


class TooManyKeys(Conflict):
    code, title = "too_many_keys", "The organisation has as many keys as it may have"


class ExpiryInvalid(Invalid):
    code, title = "expiry_invalid", "The time of expiry is not possible"

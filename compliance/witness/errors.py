"""Why a witness does not sign."""

from __future__ import annotations


class NotWitnessed(Exception):
    """This checkpoint was not cosigned; the text says why."""


class LogAway(NotWitnessed):
    """The log could not be read; that proves nothing against it."""


class NotOfThisLog(NotWitnessed):
    """The checkpoint is not signed by the log's key, or not one at all."""


class RolledBack(NotWitnessed):
    """The log shows less than it showed before."""


class Forked(NotWitnessed):
    """What the log shows does not grow out of what it showed before. The proof of it is kept."""

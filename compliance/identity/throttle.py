"""Failures in a row, by whatever they are counted for, and how long one must wait after them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete

from compliance.identity.errors import TooManyAttempts
from compliance.identity.models import SignInThrottle
from core.db import Uow
from core.problems import Sentence

_LONGEST_BLOCK = timedelta(minutes=15)
_KEPT = timedelta(days=1)


def check(uow: Uow, keys: Iterable[str]) -> None:
    """Raises TooManyAttempts, with the seconds to wait, while one of the keys is blocked."""
    for key in keys:
        throttle = uow.session.get(SignInThrottle, key)
        if throttle and throttle.blocked_until and throttle.blocked_until > uow.now():
            wait = int((throttle.blocked_until - uow.now()).total_seconds()) + 1
            raise TooManyAttempts(Sentence("Wait %(wait)s s, then try again.", wait=wait), retry_after=wait)


def count_failure(uow: Uow, key: str, *, allowed: int) -> None:
    """One more failure; from the ``allowed``-th in a row on the key is blocked, for a growing while."""
    throttle = uow.session.get(SignInThrottle, key, with_for_update=True)
    if throttle is None:
        throttle = SignInThrottle(key=key, failures=0, last_at=uow.now())
        uow.session.add(throttle)
    if uow.now() - throttle.last_at > _LONGEST_BLOCK:
        throttle.failures = 0
    throttle.failures += 1
    throttle.last_at = uow.now()
    if throttle.failures >= allowed:
        wait = min(timedelta(seconds=2 ** min(throttle.failures - allowed + 2, 20)), _LONGEST_BLOCK)
        throttle.blocked_until = uow.now() + wait


def forget_old(uow: Uow) -> int:
    """Forget rows of failures that ended long ago and block nobody; answers how many."""
    long_ago = uow.now() - _KEPT
    old = delete(SignInThrottle).where(SignInThrottle.last_at < long_ago).returning(SignInThrottle.key)
    return len(uow.session.execute(old).all())


def forget(uow: Uow, key: str) -> None:
    """A success ends the row of failures."""
    throttle = uow.session.get(SignInThrottle, key)
    if throttle is not None:
        throttle.failures, throttle.blocked_until = 0, None

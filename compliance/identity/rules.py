"""Passwords and e-mail addresses: pure rules, and the one place that hashes."""

from __future__ import annotations

import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from compliance.identity.errors import EmailInvalid, PasswordTooWeak
from core.problems import Sentence

SHORTEST_PASSWORD = 10
_ATOM = r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]"
_EMAIL = re.compile(rf"\A(?!.*=\?){_ATOM}{{1,64}}@{_ATOM}{{1,190}}\Z")
"""One address and nothing else: a letter to it goes to nobody who is written in it by the way."""
# OWASP's second choice for argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash("an account that does not exist costs the same time as one that does")


def normal_email(text: str) -> str:
    """The address in the one spelling that is stored. Raises EmailInvalid."""
    address = text.strip().lower()
    if not _EMAIL.match(address):
        raise EmailInvalid("Write the address as name@example.org.", field="email")
    return address


def check_password(password: str, email: str) -> None:
    """Raises PasswordTooWeak for short ones and those made of the address (NIST SP 800-63B: length, not classes)."""
    if len(password) < SHORTEST_PASSWORD or len(password) > 200:
        raise PasswordTooWeak(
            Sentence("Use %(shortest)s to 200 characters.", shortest=SHORTEST_PASSWORD), field="password"
        )
    if len(set(password)) < 4 or password.lower() in (email, email.partition("@")[0]):
        raise PasswordTooWeak("Use something that cannot be guessed.", field="password")


def hash_password(password: str) -> str:
    """argon2id; takes some 30 ms, so never inside a unit of work."""
    return _hasher.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether it matches; spends the same time when there is no account."""
    try:
        return _hasher.verify(stored or _NOBODY, password) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False

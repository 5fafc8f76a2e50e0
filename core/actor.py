"""Who acts. Made once per request by identity and handed to every service and query."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Actor:
    """An account acting for an organisation.

    ``qualification`` counts what the organisation has proven: 0 nobody signed in, 1 registered,
    2 qualified, 3 qualified in full, 4 enhanced. It is read when the request begins, after expiry.
    ``pseudonym`` is what the audit log calls the account: random, so that erasing the account's
    record leaves no name behind. ``country`` is the organisation's (ISO 3166 alpha-2), empty without one.
    ``second_factor`` tells that the session was opened with one; without it ``platform_roles`` is empty.
    ``invited`` and ``agreed`` are the listings to which the organisation was invited, and for which it is bound by a
    non-disclosure agreement. ``only_for`` are the listings that a program's credential is meant for, None when it is
    meant for all.
    """

    account_id: str | None = None
    organisation_id: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    platform_roles: frozenset[str] = field(default_factory=frozenset)
    qualification: int = 0
    session_id: str | None = None
    pseudonym: str = "anonymous"
    language: str = "zh"
    country: str = ""
    second_factor: bool = False
    invited: frozenset[str] = field(default_factory=frozenset)
    agreed: frozenset[str] = field(default_factory=frozenset)
    only_for: frozenset[str] | None = None

    @property
    def signed_in(self) -> bool:
        return self.account_id is not None

    def has(self, *roles: str) -> bool:
        """Whether the account holds one of these roles in its organisation (an owner holds them all)."""
        return bool(self.roles & {*roles, "owner"})

    def platform(self, *roles: str) -> bool:
        """Whether the account holds one of these roles of the platform itself."""
        return bool(self.platform_roles & set(roles))


ANONYMOUS = Actor()
SYSTEM = Actor(pseudonym="system", platform_roles=frozenset({"system"}))

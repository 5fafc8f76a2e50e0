"""When a message is sent again, and to what kind of address. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from core.addresses import address_allowed

PAUSES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Before the second attempt, the third, …; about three days in all."""
MOST_ATTEMPTS = len(PAUSES_S) + 1
GIVES_UP_AFTER = timedelta(days=5)
"""An endpoint that took nothing for so long is switched off."""
OVERLAP = timedelta(hours=24)
"""So long the old secret signs beside the new one."""


def pause(attempts: int, dice: float) -> timedelta | None:
    """How long to wait after so many attempts; ``dice`` from 0 to 1 spreads it over a tenth. None: no more."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return timedelta(seconds=PAUSES_S[attempts - 1] * (1 + dice / 10))


def address_problem(url: str, allow: Sequence[str]) -> str | None:
    """Why messages may not go there: only https, without a password in it; plain http to what is allowed by name."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "This is not a web address."
    if parts.scheme not in ("https", "http") or not parts.hostname or not url.isascii() or " " in url:
        return "This is not a web address."
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "An address holds no password and no fragment."
    literal = _literal(parts.hostname)
    if literal is not None and not address_allowed(literal, port, allow):
        return "Messages may not go to this network."
    if parts.scheme == "http" and not (literal and address_allowed(literal, port, allow, plain=True)):
        return "Use https."
    return None


def _literal(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None

"""How often a link was used: a file for each try, made by whoever comes first, so that all processes count together."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from exchange.gateway.refusals import Refused
from exchange.gateway.tickets import Ticket


def folder(data: Path) -> Path:
    return data / "run" / "links"


def take(data: Path, ticket: Ticket) -> None:
    """Use up one try of the ticket's link. Raises Refused when none is left."""
    where = folder(data)
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(ticket.tries):
        path = where / f"{ticket.link}.{number}"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            continue
        except OSError:
            raise Refused("file_unavailable") from None
        with suppress(OSError):
            os.utime(path, (ticket.expires_at, ticket.expires_at))
        return
    raise Refused("link_used_up")


def left(data: Path, ticket: Ticket) -> int:
    """How many tries its link has left."""
    return sum(not (folder(data) / f"{ticket.link}.{number}").exists() for number in range(ticket.tries))


def forget(data: Path, now: float) -> int:
    """Remove what was noted of links that have expired; answers how many files that were."""
    removed = 0
    for path in folder(data).glob("lnk_*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < now:
                path.unlink()
                removed += 1
    return removed

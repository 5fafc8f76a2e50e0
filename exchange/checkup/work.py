"""What runs behind: events that wait, jobs that failed, the index, the audit log's signer, the ages of keys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from compliance.audit import checkpoints, epochs, queries
from core import outbox as events
from core.house import House
from core.jobs import failed_since
from core.keyring import SecretUnusable
from core.problems import Unavailable
from exchange.checkup.finding import Finding, note
from exchange.secret_names import SECRETS, Use

_LONGEST_WAIT = timedelta(minutes=10)
_OLD_AFTER_DAYS = 365


def outbox(house: House) -> Iterator[Finding]:
    waiting, oldest, dead = house.db.read(lambda u: (events.waiting(u), events.oldest_waiting(u), events.dead_count(u)))
    late = oldest is not None and house.clock.now() - oldest > _LONGEST_WAIT
    since = f", the oldest since {oldest:%Y-%m-%d %H:%M} UTC" if oldest else ""
    yield Finding(not late, f"{waiting} events wait for their turn{since}", "does the worker run? see its log")
    yield Finding(not dead, f"{dead} events are undelivered", "look at them on the page /undelivered")


def jobs(house: House) -> Iterator[Finding]:
    failed = house.db.read(lambda uow: failed_since(uow, uow.now() - timedelta(days=7)))
    if failed:
        yield note(f"{failed} jobs failed in the last week", "their notes say why: table job, state failed")


def index(house: House) -> Iterator[Finding]:
    from catalog.search.types import SearchEngine

    try:
        ready = house.adapter(SearchEngine).ready()  # type: ignore[type-abstract]
    except Unavailable as error:
        yield Finding(False, f"the search index: {error}", "is Elasticsearch running, and PIAOHAO_SEARCH_* right?")
        return
    if ready:
        yield Finding(True, "the search index is there")
    else:
        yield note("there is no search index", "the worker builds it, or `piaohao search rebuild`")


def signer(house: House) -> Iterator[Finding]:
    """Whether the signer's head and the database still belong to each other."""
    size = house.db.read(queries.head)[0]
    head = checkpoints.head_text(house)
    if head is None:
        yield _without_head(house, size)
        return
    try:
        signed = checkpoints.verified(house, head)
        well = signed.origin == epochs.origin(house) and checkpoints.continues(house, signed)
        text = f"the audit log has {size} entries, {signed.size} are signed"
    except SecretUnusable as error:
        yield Finding(False, str(error), "put it back; the log itself may be sound: nothing is to be reopened for it")
        return
    except Exception as error:  # whatever it is, it is the finding
        well, text = False, f"the signer's head: {error}"
    yield Finding(well, text, "the database was set back or changed: `piaohao audit verify`, then `audit reopen`")


def _without_head(house: House, size: int) -> Finding:
    if house.db.read(queries.newest_checkpoint) is None:
        return Finding(True, f"the audit log has {size} entries, none is signed yet")
    text, mend = "the audit log's signer has no head here", "`piaohao audit reopen` with the last published checkpoint"
    if house.db.sqlite:
        return Finding(False, text, mend)
    return note(text, f"well where the worker is elsewhere, else {mend}")


def keys(house: House) -> Iterator[Finding]:
    """How old the secrets are that can be rotated."""
    now, old, unretired = time.time(), [], []
    for each in SECRETS:
        path = house.settings.data / "secrets" / each.name
        if each.use is not Use.LASTS and path.exists() and now - path.stat().st_mtime > _OLD_AFTER_DAYS * 86_400:
            old.append(each.name)
        if house.keyring.old(each.name) and each.use is not Use.SIGNS:
            unretired.append(each.name)
    if old:
        yield note(f"{len(old)} secrets are older than a year ({', '.join(old)})", "`piaohao keys rotate NAME`")
    if unretired:
        yield note(f"older ones of {', '.join(unretired)} are still read", "`piaohao keys retire NAME`")

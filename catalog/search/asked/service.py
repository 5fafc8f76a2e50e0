"""Writing down what was asked: never who asked, nothing that names a person, and not for long."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from catalog.listings import queries as listings
from catalog.search import analysis
from catalog.search.asked.models import Asked, Shown
from catalog.search.asked.tally import Counts, Tally, place_of
from catalog.search.asked.types import Unfit
from compliance.recognisers import find
from core.actor import Actor
from core.db import Base, Uow
from core.house import House

log = logging.getLogger("piaohao.search")
KEPT = timedelta(days=30)
LONGEST = 60
MOST_DIGITS = 5
"""Years aside: more of them may be somebody's number."""
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SHOWN = 10


def note(house: House, actor: Actor, text: str, ids: Sequence[str], *, total: int, peer: str = "") -> None:
    """Somebody asked and was shown these first. Call it outside of any unit; it never stops a search.

    An organisation counts once a day, an account without one too; who has not signed in counts by the address
    ``peer``. No address and no account is kept.
    """
    words = fit_to_keep(text)
    if not words:
        return
    shown = [found for found in ids[:_SHOWN] if found.startswith("lst_")]
    tally = house.adapter(Tally)
    day = house.clock.now().date().isoformat()
    asker = actor.organisation_id or actor.account_id or place_of(peer)
    tally.add(day, words, asker, shown, nothing=total == 0)
    counts = tally.take(due_only=True)
    if counts is not None:
        try:
            _write(house, counts)
        except Exception:  # figures may be lost, a search may not
            log.exception("what was asked could not be written down")


def flush(house: House) -> None:
    """Write down what this process was asked so far."""
    counts = house.adapter(Tally).take()
    if counts is not None:
        _write(house, counts)


def fit_to_keep(text: str) -> str:
    """The words of a query, spelled as searching compares them; nothing if they may name a person, or are a number."""
    words = _words(text)
    return "" if _unfit(text, words) else words


def unfit(text: str) -> Unfit | None:
    """Why the words of a query are not kept; None if they may be.

    Years are no part of somebody's number, so they are not counted with its digits: only whole runs of four that
    begin with 19 or 20, as numbers of telephones, documents and cards hold more besides.
    """
    return _unfit(text, _words(text))


def _unfit(text: str, words: str) -> Unfit | None:
    if not words:
        return Unfit.NO_WORDS
    if len(words) > LONGEST:
        return Unfit.TOO_LONG
    if find(text):
        return Unfit.NAMES_SOMEBODY
    if sum(map(str.isdigit, _YEAR.sub("", words))) > MOST_DIGITS:
        return Unfit.TOO_MANY_DIGITS
    return None


def _words(text: str) -> str:
    return " ".join(analysis.runs(text))


def forget_old(uow: Uow) -> int:
    """Remove the sums of days that are over long enough; answers how many."""
    before = (uow.now() - KEPT).date().isoformat()
    gone = 0
    for model in (Asked, Shown):
        result: Any = uow.session.execute(delete(model).where(model.day < before))
        gone += result.rowcount
    return gone


def _write(house: House, counts: Counts) -> None:
    asked = [
        {"day": day, "words": words, "times": times, "missed": counts.nothing[day, words]}
        for (day, words), times in sorted(counts.asked.items())
    ]
    shown = [
        {"listing_id": listing_id, "day": day, "words": words, "times": times}
        for (listing_id, day, words), times in sorted(counts.shown.items())
    ]

    def work(uow: Uow) -> None:
        known = listings.existing(uow, {str(row["listing_id"]) for row in shown})
        _add(uow, Asked, asked, ("times", "missed"))
        _add(uow, Shown, [row for row in shown if row["listing_id"] in known], ("times",))

    house.db.write(work)


def _add(uow: Uow, model: type[Base], rows: Sequence[dict[str, Any]], sums: Iterable[str]) -> None:
    """In the order of their keys, so that two processes never wait for each other crosswise."""
    if not rows:
        return
    insert = sqlite.insert if uow.house.db.sqlite else postgresql.insert
    statement = insert(model)
    added = {name: getattr(model, name) + getattr(statement.excluded, name) for name in sums}
    keys = [column.name for column in model.__table__.primary_key]
    uow.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=added), list(rows))

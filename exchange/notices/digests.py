"""A letter a day to each person who wants one: what they were told and have not read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from compliance.identity import reach
from compliance.identity.reach import Reach
from core import mail
from core.db import Uow
from core.house import House
from exchange.notices import queries
from exchange.notices.service import digested
from exchange.notices.types import Notice
from exchange.notices.words import line, said

EVERY = timedelta(days=1)
_MOST = 50
_AT_ONCE = 200


def send_due(house: House) -> int:
    """Write the letters that are due; answers how many. A letter and the mark that it was written are one unit."""
    written, after = 0, ""
    while people := house.db.read(lambda uow, after=after: reach.people(uow, after=after, limit=_AT_ONCE)):  # type: ignore[misc]
        waiting = house.db.read(lambda uow, people=people: [each for each in people if _news(uow, each)])  # type: ignore[misc]
        written += sum(house.db.write(lambda uow, each=each: _write(uow, each)) for each in waiting)  # type: ignore[misc]
        after = people[-1].account_id
    return written


def _news(uow: Uow, person: Reach) -> list[Notice]:
    """What the person's next letter would tell, if it is due."""
    wanted = queries.preferences(uow, person.account_id)
    since = wanted.digested_at or uow.now() - queries.SHOWN
    if wanted.digest == "off" or not person.roles or uow.now() - since < EVERY:
        return []
    return queries.told_since(uow, person.account_id, person.roles, since, but=wanted.muted)


def _write(uow: Uow, person: Reach) -> bool:
    """Looked at anew in this unit: another worker may have written it."""
    news = _news(uow, person)
    if not news:
        return False
    subject = said("letter", person.language).format(count=len(news))
    mail.send(uow, person.account_id, subject, _body(news, person.language, uow.house.settings.web_address))
    digested(uow, person.account_id)
    return True


def _body(news: Sequence[Notice], language: str, address: str) -> str:
    """The newest of them in full, and of how many more the list of notices tells."""
    lines = [f"{line(each, language)}\n{address}{each.address}" for each in news[-_MOST:]]
    if more := len(news) - len(lines):
        lines.append(f"{said('letter_more', language).format(count=more)}\n{address}/notices?unread=1")
    return "\n\n".join([*lines, f"{said('letter_end', language)}\n{address}/settings/notifications"]) + "\n"

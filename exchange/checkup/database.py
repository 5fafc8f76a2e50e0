"""The database: its revision, its soundness, its clock, and what must hold in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import migrations
from core.clock import Clock
from core.db import Database, Uow
from core.house import House
from core.settings import Settings
from exchange.checkup.finding import Finding

_MOST_SKEW_S = 2.0


def revision(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.database)
    try:
        found, known = migrations.current(database.engine), migrations.head()
        yield Finding(found == known, f"database is of revision {found} (this program: {known})", "run `piaohao init`")
        if database.sqlite:
            with database.engine.connect() as connection:
                answer = connection.exec_driver_sql("PRAGMA quick_check").scalar()
            yield Finding(answer == "ok", f"database file checked by SQLite: {answer}", "restore the last backup")
    except Exception as error:  # whatever it is, it is the finding
        yield Finding(False, f"database cannot be read: {error}", "is it running, and PIAOHAO_DATABASE_URL right?")
    finally:
        database.engine.dispose()


def clocks(house: House) -> Iterator[Finding]:
    """The database's machine and this one should agree; and the exchange's clock with both."""
    if not house.db.sqlite:
        with house.db.engine.connect() as connection:
            before = Clock().now()
            theirs = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
            skew = abs((theirs - before).total_seconds())
        yield Finding(
            skew <= _MOST_SKEW_S, f"this machine's clock and the database's differ by {skew:.1f} s",
            "let NTP set both: deadlines and tokens hang on it",
        )  # fmt: skip
    ahead = house.clock.offset()
    if ahead:
        yield Finding(not house.settings.production, f"the exchange's clock was moved {ahead} ahead", told=True)


def books(house: House) -> Iterator[Finding]:
    from billing import queries

    yield from _asked(
        house, lambda uow: [f"{fault.where}: {fault.what}" for fault in queries.faults(uow)],
        well="the books are sound", mend="stop paying out, keep a backup, look at /money",
    )  # fmt: skip


def rules(house: House) -> Iterator[Finding]:
    from compliance.policy import versions

    yield from _asked(
        house, lambda uow: list(filter(None, [versions.fault(uow)])),
        well="the rules in force can be read", mend="until officers replace them, nothing is permitted",
    )  # fmt: skip


def exports(house: House) -> Iterator[Finding]:
    from compliance.exports import proof

    yield from _asked(
        house, proof.faults, well="persons abroad are counted as their files have them",
        mend="scan the file again, or restore its set from a backup",
    )  # fmt: skip


def _asked(house: House, ask: Callable[[Uow], Sequence[str]], *, well: str, mend: str) -> Iterator[Finding]:
    """A finding about what a question to the database answers, and one for each fault."""
    faults = house.db.read(ask)
    yield Finding(not faults, f"{well} ({len(faults)} faults)", mend)
    yield from (Finding(False, fault) for fault in faults)

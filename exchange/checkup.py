"""``piaohao doctor``: what can be wrong with an installation, looked at without changing it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import migrations
from core.db import Database, Uow
from core.settings import Settings

_LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Finding:
    well: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """Every finding, good and bad, in a fixed order; stops early where nothing further can be told."""
    if not settings.data.is_dir():
        return [Finding(False, f"no data folder at {settings.data}: run `piaohao init`")]
    return [finding for look in _LOOKS for finding in look(settings)]


def _folder(settings: Settings) -> Iterator[Finding]:
    mode = settings.data.stat().st_mode & 0o777
    yield Finding(
        mode & 0o077 == 0, f"data folder {settings.data} has mode {mode:03o} (others should not read it: 700)"
    )
    free = shutil.disk_usage(settings.data).free
    yield Finding(free >= _LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB of disk space are free (at least 1 GB)")


def _secrets(settings: Settings) -> Iterator[Finding]:
    for path in sorted((settings.data / "secrets").glob("*")):
        mode = path.stat().st_mode & 0o777
        yield Finding(mode & 0o077 == 0, f"secret {path.name} has mode {mode:03o} (600)")


def _database(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.database)
    try:
        found, known = migrations.current(database.engine), migrations.head()
        yield Finding(found == known, f"database is of revision {found} (this program: {known})")
        if database.sqlite:
            with database.engine.connect() as connection:
                answer = connection.exec_driver_sql("PRAGMA quick_check").scalar()
            yield Finding(answer == "ok", f"SQLite's own check of the file: {answer}")
    except Exception as error:  # whatever it is, it is the finding
        yield Finding(False, f"database cannot be read: {error}")
    finally:
        database.engine.dispose()


def _books(settings: Settings) -> Iterator[Finding]:
    from billing import queries as books

    yield from _asked(
        settings, lambda uow: [f"{fault.where}: {fault.what}" for fault in books.faults(uow)],
        well="the books are sound", unread="the books cannot be read",
    )  # fmt: skip


def _rules(settings: Settings) -> Iterator[Finding]:
    from compliance.policy import versions

    yield from _asked(
        settings, lambda uow: [f"{fault}: until officers replace them, nothing is permitted"
                               for fault in filter(None, [versions.fault(uow)])],
        well="the rules in force can be read", unread="the rules in force cannot be looked for",
    )  # fmt: skip


def _exports(settings: Settings) -> Iterator[Finding]:
    from compliance.exports import proof

    yield from _asked(
        settings, proof.faults, well="persons abroad are counted as their files have them",
        unread="persons abroad cannot be counted",
    )  # fmt: skip


def _asked(
    settings: Settings, ask: Callable[[Uow], Sequence[str]], *, well: str, unread: str
) -> Iterator[Finding]:  # fmt: skip
    """A finding about what a question to the database answers, and one for each fault."""
    from exchange.app import build_house

    house = build_house(settings)
    try:
        faults = house.db.read(ask)
    except Exception as error:  # whatever it is, it is the finding
        yield Finding(False, f"{unread}: {error}")
    else:
        yield Finding(not faults, f"{well} ({len(faults)} faults)")
        yield from (Finding(False, fault) for fault in faults)
    finally:
        house.db.engine.dispose()


def _profile(settings: Settings) -> Iterator[Finding]:
    if settings.production:
        yield Finding(settings.secure_cookies, "PIAOHAO_SECURE_COOKIES is set (production needs https)")
        yield Finding(
            not settings.database.startswith("sqlite"), "production runs on PostgreSQL (PIAOHAO_DATABASE_URL)"
        )


_LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _folder, _secrets, _database, _books, _rules, _exports, _profile,
)  # fmt: skip

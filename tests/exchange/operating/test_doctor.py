"""`piaohao doctor` and `ready`: a line for each thing, how to mend it, and an exit code."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time

from compliance.audit import checkpoints
from core import outbox
from core.house import House
from core.outbox import OutboxRow
from core.settings import Settings
from exchange import checkup
from exchange.installation import UNFINISHED
from exchange.metrics.files import folder_of
from exchange.readiness import problem_of
from tests import build
from tests.compliance.audit import story as stories

_NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"


def _bad(house: House) -> list[str]:
    return _bad_of(house.settings)


def _bad_of(settings: Settings) -> list[str]:
    return [each.line for each in checkup.examine(settings) if not each.well]


def _well(house: House) -> None:
    from catalog.search.service import rebuild

    stories.tell(house)
    stories.settle(house)
    rebuild(house)
    house.settings.data.chmod(0o700)


def test_an_exchange_that_is_well_has_no_bad_line(house: House) -> None:
    _well(house)
    found = checkup.examine(house.settings)
    assert _bad(house) == []
    lines = [each.line for each in found]
    assert any(line.startswith("ok   the books are sound") for line in lines)
    assert any(line.startswith("note off: ") for line in lines)
    assert all(len(line) < 400 for line in lines)


def test_what_is_wrong_is_named_with_how_to_mend_it(house: House) -> None:
    _well(house)
    secret = house.settings.data / "secrets" / "cursor"
    house.keyring.make("cursor")
    secret.chmod(0o644)
    (house.settings.data / UNFINISHED).touch()

    def dead(uow: object) -> None:
        now = house.clock.now()
        row = OutboxRow(subscriber="x", payload="{}", created_at=now, due_at=now, attempts=outbox.MOST_ATTEMPTS)
        uow.session.add(row)  # type: ignore[attr-defined]

    house.db.write(dead)
    bad = "\n".join(_bad(house))
    assert "secret cursor has mode 644: chmod 600" in bad
    assert "run `piaohao restore` again" in bad
    assert "1 events are undelivered: look at them on the page /undelivered" in bad


def test_a_signer_that_does_not_fit_the_database_is_found(house: House) -> None:
    _well(house)
    note = checkpoints.head_text(house)
    assert note is not None
    stories.tell(house)
    stories.settle(house)
    assert _bad(house) == []
    head = house.settings.data / "signer" / "head.txt"
    head.write_text(note.replace("\n8\n", "\n9\n"))
    assert any("the signer's head" in line for line in _bad(house))
    shutil.rmtree(head.parent)
    lines = [each.line for each in checkup.examine(house.settings)]
    word = "BAD " if house.db.sqlite else "note"
    assert any(line.startswith(f"{word} the audit log's signer has no head here") for line in lines)


def test_production_is_asked_for_what_it_needs(house: House) -> None:
    _well(house)
    strict = dataclasses.replace(house.settings, profile="production")
    bad = "\n".join(_bad_of(strict))
    for setting in ("PIAOHAO_SECURE_COOKIES", "PIAOHAO_PUBLIC_URL", "piaohao keys make"):
        assert setting in bad


def test_what_is_away_is_a_finding_with_how_to_mend_it(house: House) -> None:
    away = dataclasses.replace(house.settings, search_url="http://127.0.0.1:9")
    assert any("PIAOHAO_SEARCH_" in line for line in _bad_of(away))
    lines = _bad_of(dataclasses.replace(away, database_url=_NOWHERE))
    assert any("PIAOHAO_DATABASE_URL" in line for line in lines)
    assert not any("\n" in line for line in lines)


def test_an_old_revision_is_told_and_nothing_further_is_asked(house: House) -> None:
    with house.db.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()
    found = checkup.examine(house.settings)
    assert any("revision 0001" in each.line and "piaohao init" in each.line for each in found)
    assert not any("the books" in each.text for each in found)


def test_a_role_is_ready_while_it_writes_its_figures(house: House) -> None:
    assert "does not run" in str(problem_of(house.settings, "worker"))
    folder = folder_of(house.settings.data)
    folder.mkdir(parents=True, exist_ok=True)
    figures = folder / f"worker-{os.getpid()}.json"
    figures.write_text("[]")
    assert problem_of(house.settings, "worker") is None
    old = time.time() - 60
    os.utime(figures, (old, old))
    assert "no figures for 60 s" in str(problem_of(house.settings, "worker"))
    assert "nothing answers" in str(problem_of(dataclasses.replace(house.settings, port=1), "web"))


def test_web_says_whether_it_should_get_requests(house: House) -> None:
    from exchange.app import create_app_of
    from tests.client import ApiClient

    client = ApiClient(create_app_of(house))
    build.organisation(house)
    client.get("/readyz").expect(200)
    with house.db.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()
    client.get("/readyz").expect(503, "not_ready")
    client.get("/healthz").expect(200)

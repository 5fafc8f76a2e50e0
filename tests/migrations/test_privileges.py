"""PostgreSQL roles: each login can do its work, and is refused everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.errors import InsufficientPrivilege

import migrations
from compliance.audit import check, checkpoints, queries, rekeying, sequencer
from core.house import House
from core.settings import Settings
from exchange.app import build_house
from exchange.backup import restoring
from exchange.backup import service as backups
from exchange.backup.manifest import BackupImpossible
from exchange.cli import main
from migrations import privileges
from tests import build
from tests.compliance.audit import story as stories
from tests.servers import postgresql

KINDS = ("migrator", "application", "sequencer", "auditor")


@dataclass
class Parted:
    """A database of its own whose rights are parted; ``settings`` are those of one of the logins."""

    url: str
    prefix: str
    own: Settings

    def address(self, kind: str) -> str:
        return self.url.replace("postgres@", f"{self.prefix}_login_{kind}@")

    def settings(self, kind: str) -> Settings:
        return replace(self.own, database_url=self.address(kind))


@pytest.fixture(scope="module")
def parted(shared_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parted]:
    """Migrated by the migrator's login into an empty database, as an installation would."""
    if not shared_settings.database_url.startswith("postgresql"):
        pytest.skip("SQLite has no roles")
    server, prefix = shared_settings.database_url, f"t{uuid4().hex[:8]}"
    url = postgresql.create_database(server, f"{prefix}_db")
    data = tmp_path_factory.mktemp("roles") / "data"
    data.mkdir(mode=0o700)
    made = Parted(url, prefix, replace(shared_settings, data=data, database_url=url))
    first = build_house(made.own)
    migrations.upgrade(first.db.engine)
    first.db.administer(privileges.statements(prefix))
    first.db.administer(privileges.statements(prefix))
    first.db.engine.dispose()
    with postgresql.connect(url) as connection:
        for kind in KINDS:
            connection.execute(f"CREATE ROLE {prefix}_login_{kind} LOGIN IN ROLE {prefix}_{kind}".encode())
    yield made
    postgresql.drop_database(server, f"{prefix}_db")
    with postgresql.connect(server) as connection:
        for name in (*(f"{prefix}_login_{kind}" for kind in KINDS), *(f"{prefix}_{kind}" for kind in KINDS)):
            connection.execute(f"DROP ROLE {name}".encode())


def _opened(settings: Settings) -> Iterator[House]:
    house = build_house(settings)
    yield house
    house.db.engine.dispose()


@pytest.fixture
def application(parted: Parted) -> Iterator[House]:
    yield from _opened(parted.settings("application"))


@pytest.fixture
def keeper(parted: Parted) -> Iterator[House]:
    yield from _opened(parted.settings("sequencer"))


def test_application_and_sequencer_do_their_work_and_the_auditor_proves_it(
    parted: Parted, application: House, keeper: House
) -> None:
    build.listed(application, build.organisation(application, level=3))
    stories.tell(application)
    while sequencer.run(keeper):
        pass
    assert checkpoints.sign(keeper)
    assert application.db.read(queries.newest_checkpoint) is not None
    for auditor in _opened(parted.settings("auditor")):
        assert check.verify_log(auditor) == []


def test_what_is_forgotten_is_written_anew_by_the_application(parted: Parted, application: House) -> None:
    def places() -> list[int]:
        with postgresql.connect(parted.url) as connection:
            names = list(privileges.REWRITTEN)
            rows = connection.execute("SELECT relfilenode FROM pg_class WHERE relname = ANY(%s)", [names])
            return sorted(row[0] for row in rows)

    before = places()
    application.db.scrub(*privileges.REWRITTEN)
    assert set(before) & set(places()) == set()


def test_the_application_makes_a_backup(parted: Parted, application: House, tmp_path: Path) -> None:
    assert backups.back_up(application, tmp_path / "backup").sequences


def test_who_does_not_own_the_tables_puts_nothing_back(
    parted: Parted, application: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The migrator may; the application is told before a file is moved."""
    for owner in _opened(parted.own):
        backups.back_up(owner, tmp_path / "backup")
    monkeypatch.setattr(restoring, "_require_alone", lambda _: None)  # the fixtures' own connections
    before = sorted(parted.own.data.rglob("*"))
    with pytest.raises(BackupImpossible, match="belong to another login"):
        restoring.restore(application.settings, tmp_path / "backup", replace=True)
    assert [path for path in sorted(parted.own.data.rglob("*")) if ".lock." not in path.name] == before


def test_the_logs_key_is_rotated_with_the_help_of_the_sequencer(
    parted: Parted, application: House, keeper: House
) -> None:
    stories.tell(application)
    old, new = rekeying.rotate_key(application, keeper)
    assert old != new == checkpoints.public_key(application)
    for auditor in _opened(parted.settings("auditor")):
        assert check.verify_log(auditor) == []


FORBIDDEN = {
    "application": (
        "UPDATE audit_entry SET action = 'x:y'", "DELETE FROM audit_entry", "TRUNCATE audit_entry CASCADE",
        "INSERT INTO audit_leaf VALUES (0, 'a', '')", "INSERT INTO audit_node VALUES (1, 0, '')",
        "UPDATE audit_head SET size = 0", "INSERT INTO audit_checkpoint VALUES (1, '', '', now())",
        "DELETE FROM audit_pending", "DELETE FROM audit_counter", "DELETE FROM audit_concern",
        "UPDATE audit_stamp SET size = 1",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL", "DROP TABLE audit_entry", "CREATE TABLE mine (n int)",
        "UPDATE alembic_version SET version_num = '1'", "CREATE ROLE mine", "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ),
    "sequencer": (
        "INSERT INTO audit_entry VALUES ('a', 'b', 'c', now(), '')", "UPDATE audit_entry SET action = 'x:y'",
        "DELETE FROM audit_entry", "UPDATE audit_leaf SET leaf_hash = ''", "DELETE FROM audit_leaf",
        "DELETE FROM audit_checkpoint", "DELETE FROM audit_head", "SELECT * FROM account",
        "SELECT * FROM audit_concern",
        "DELETE FROM ledger_entry", "ALTER TABLE audit_leaf DISABLE TRIGGER ALL", "CREATE TABLE mine (n int)",
    ),
    "auditor": (
        "INSERT INTO audit_entry VALUES ('a', 'b', 'c', now(), '')", "DELETE FROM audit_pending",
        "UPDATE audit_head SET size = 0", "SELECT * FROM account", "SELECT * FROM personal_value",
        "CREATE TABLE mine (n int)", "TRUNCATE audit_leaf",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_what_each_may_not_do(parted: Parted, kind: str) -> None:
    address = parted.address(kind).replace("postgresql+psycopg://", "postgresql://")
    allowed = []
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in FORBIDDEN[kind]:
            try:
                connection.execute(statement.encode())
                allowed.append(statement)
            except InsufficientPrivilege:
                continue
    assert allowed == []


def test_the_migrator_makes_tables_that_the_application_uses_at_once(parted: Parted) -> None:
    with postgresql.connect(parted.address("migrator")) as connection:
        connection.execute(f"SET ROLE {privileges.role(parted.prefix, 'migrator')}".encode())
        connection.execute(b"CREATE TABLE newer (n int)")
        connection.execute(b"ALTER TABLE personal_value ADD COLUMN newer int")
    with postgresql.connect(parted.address("application")) as connection:
        connection.execute(b"INSERT INTO newer VALUES (1)")
    with postgresql.connect(parted.address("migrator")) as connection:
        connection.execute(b"DROP TABLE newer")
        connection.execute(b"ALTER TABLE personal_value DROP COLUMN newer")


def test_the_command_prints_or_refuses(tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), "--profile", "test", *words])
        return result.exit_code, result.output

    assert run("init")[0] == 0
    code, text = run("database", "roles", "--prefix", "house")
    assert code == 0
    assert "GRANT INSERT ON audit_leaf, audit_node, audit_head, audit_checkpoint TO house_sequencer;" in text
    assert run("database", "roles", "--prefix", "x; DROP")[0] == 2
    assert run("database", "roles", "--apply")[1].startswith("Error: SQLite has no roles")

"""What every test can ask for: a fresh house on SQLite or PostgreSQL, and a client of its HTTP API.

``--database=postgresql`` runs those that use a database on a real PostgreSQL, started once for the run. The database
is migrated once, into a template, of which each test has a copy of its own. Connections go to the loopback only.
"""

from __future__ import annotations

import dataclasses
import gc
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import flask
import hypothesis
import pytest

import migrations
from core.db import Database
from core.house import House
from core.settings import Settings
from exchange.app import build_house, create_app_of
from exchange.installation import init
from tests import scratch
from tests.client import ApiClient
from tests.compiled import keep_builders, keep_statements, keep_templates
from tests.servers import postgresql
from tests.servers.copies import Copies
from tests.servers.missing import strict
from tests.servers.upstream import Upstream, answering

_TEMPLATE = "piaohao_template"
_FIRST_CASE = "first_case_on_postgresql"
hypothesis.settings.register_profile(  # a busy machine is no fault
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")


@dataclass
class Template:
    """Where the migrated database lies that every test gets a copy of."""

    kind: str
    where: str  # a file's path, or the address of a PostgreSQL database beside which copies are made


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what the tests run on")


def pytest_configure(config: pytest.Config) -> None:
    """Make the template once: in the controller when there are workers, else here."""
    config.addinivalue_line("markers", f"{_FIRST_CASE}: its cases are refused before a database is asked")
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    scratch.use_memory()
    try:
        config.stash[_RESOURCES] = resources = _Resources(config.getoption("--database"))
    except postgresql.PostgresqlMissing as missing:
        pytest.exit(f"PostgreSQL not run: {missing}", returncode=1 if strict() else 0)
    config.add_cleanup(resources.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what a database can change: the others have run on SQLite and would say the same.

    Journeys take longest and come first, so that no worker is left alone with one at the end.
    """
    items.sort(key=lambda item: "journeys" not in item.path.parts)
    if config.getoption("--database") == "postgresql":
        kept = {item.nodeid: item for item in _changed_by_the_database(items)}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in kept])
        items[:] = kept.values()


def _changed_by_the_database(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    begun = set()
    for item in items:
        name = item.nodeid.partition("[")[0]
        with_database = "template" in getattr(item, "fixturenames", ())
        if with_database and (name not in begun or item.get_closest_marker(_FIRST_CASE) is None):
            begun.add(name)
            yield item


def pytest_collection_finish() -> None:
    """As the processes of the product do: what is loaded stays, and need not be looked at again for cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    template = node.config.stash[_RESOURCES].template
    node.workerinput["template"] = (template.kind, template.where)


class _Resources:
    """The template, and the server it lies on."""

    def __init__(self, kind: str) -> None:
        self._folder = Path(mkdtemp(prefix="piaohao-tests-"))
        self._server: postgresql.Server | None = None
        try:
            self.template = self._sqlite() if kind == "sqlite" else self._postgresql()
        except BaseException:
            self.close()
            raise

    def _sqlite(self) -> Template:
        path = self._folder / "template.db"
        _migrate(f"sqlite:///{path}")
        return Template("sqlite", str(path))

    def _postgresql(self) -> Template:
        self._server = postgresql.start()
        address = self._server.url("postgres")
        _migrate(postgresql.create_database(address, _TEMPLATE))
        return Template("postgresql", address)

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


_RESOURCES: pytest.StashKey[_Resources] = pytest.StashKey()


def _migrate(url: str) -> None:
    database = Database(url)
    migrations.upgrade(database.engine)
    if database.sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    database.engine.dispose()


@pytest.fixture(scope="session")
def template(pytestconfig: pytest.Config) -> Template:
    handed_over = getattr(pytestconfig, "workerinput", {}).get("template")
    if handed_over is not None:
        return Template(*handed_over)
    return pytestconfig.stash[_RESOURCES].template


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """A test that would reach out of this machine fails and says where to."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        inet = self.family in (socket.AF_INET, socket.AF_INET6)
        if inet and not (str(address[0]).startswith("127.") or address[0] in ("::1", "localhost")):
            raise RuntimeError(f"a test tried to connect to {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        keep_builders(patch)
        keep_statements(patch)
        yield


@pytest.fixture(scope="session")
def _copies(template: Template) -> Copies:
    return Copies(template.where, _TEMPLATE)


@contextmanager
def _fresh(template: Template, copies: Copies, folder: Path) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    if template.kind == "sqlite":
        path = folder / "exchange.db"
        shutil.copyfile(template.where, path)
        yield f"sqlite:///{path}"
        return
    taken = copies.take()
    yield taken
    copies.give_back(taken)


def _settings(url: str, folder: Path) -> Settings:
    return Settings(
        data=folder / "data", profile="test", database_url=url, gateway_workers=0, upstream_allow="127.0.0.1"
    )  # fmt: skip


@pytest.fixture
def database_url(template: Template, _copies: Copies, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database of this test alone."""
    with _fresh(template, _copies, tmp_path) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return _settings(database_url, tmp_path)


@pytest.fixture(scope="module")
def shared_settings(
    template: Template, _copies: Copies, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Those of an exchange that the tests of a module share: for what is dear to start."""
    folder = tmp_path_factory.mktemp("shared")
    with _fresh(template, _copies, folder) as url:
        yield _settings(url, folder)


@pytest.fixture(scope="session")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed") / "data"
    init(Settings(data=folder, profile="test"))
    return folder


@pytest.fixture
def data(_installed: Path, tmp_path: Path) -> Path:
    """A data folder as ``piaohao init`` leaves it, on SQLite whatever the other tests run on: for the command line."""
    return Path(shutil.copytree(_installed, tmp_path / "data"))


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """Everything one process of the exchange holds, over a fresh data folder and database."""
    settings.data.mkdir(mode=0o700, exist_ok=True)
    built = build_house(settings)
    yield built
    built.db.engine.dispose()


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """A supplier's service that really answers."""
    with answering() as running:
        yield running


@pytest.fixture
def calling_house(house: House, upstream: Upstream) -> House:
    """The same exchange, told that the upstream's address is allowed although it is the loopback."""
    return build_house(dataclasses.replace(house.settings, upstream_allow=upstream.address))


@pytest.fixture
def app(house: House) -> flask.Flask:
    made = create_app_of(house)
    keep_templates(made)
    made.testing = True
    return made


@pytest.fixture
def client(app: flask.Flask) -> ApiClient:
    """A stranger at the HTTP API; ``client.sign_in(email, password)`` answers the client of a person."""
    return ApiClient(app)

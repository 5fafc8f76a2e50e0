"""An exchange on three machines, each with a data folder of its own, and the servers that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.house import House
from core.settings import Settings, environment_with
from exchange import fake_processor
from exchange.app import build_house
from exchange.demo import aftermath, bootstrap, player
from exchange.demo.player.filling import World
from exchange.installation import init
from tests.servers import elasticsearch, nginx, postgresql, s3
from tests.servers.exchange import Running, eventually, free_port
from tests.servers.fast_upstream import FastUpstream

GATEWAYS = ("second", "third")
_ON_THE_FIRST = ("web", "worker", "jobs")


@dataclass
class Apart:
    """All that runs. ``house`` acts on the first machine's behalf; ``given`` are the settings of every process."""

    house: House
    given: Mapping[str, Any]
    upstream: FastUpstream
    database: postgresql.Server
    bucket: s3.S3
    search: elasticsearch.Node
    front: nginx.Nginx
    roles: dict[str, Running]

    def child(self, role: str, name: str) -> int:
        """The process of a role, by its supervisor's name for it."""
        return self.roles[role].children()[name]

    def serves(self) -> bool:
        """Whether web answers and every machine of gateways would take a call."""
        return self.roles["web"].answers() and all(self.roles[name].gateway_serves() for name in GATEWAYS)

    def houses(self) -> list[House]:
        """One for the data folder of each machine; all have the same database."""
        folders = [self.roles[name].data for name in ("web", *GATEWAYS)]
        return [replace(self.house, settings=replace(self.house.settings, data=folder)) for folder in folders]


@contextmanager
def machines(folder: Path, upstream: str) -> Iterator[Apart]:
    """Everything, serving, until it is left. ``upstream`` is one more address that calls may go to."""
    port = free_port()
    with ExitStack() as held:
        fast = held.enter_context(FastUpstream())
        bucket = held.enter_context(s3.answering())
        search = held.enter_context(elasticsearch.running())
        database = postgresql.start()
        held.callback(database.stop)
        (folder / "first").mkdir(mode=0o700)
        front = Settings(data=folder / "first", port=port, host="127.0.0.1")
        fake = held.enter_context(fake_processor.answering(front))
        assert fake is not None
        url = f"http://127.0.0.1:{port}"
        given: dict[str, Any] = {
            "database_url": postgresql.create_database(database.url("postgres"), "apart"), "profile": "demo",
            "public_url": url, "gateway_url": f"{url}/gateway", "gateway_workers": 1, "trusted_proxies": "127.0.0.1",
            "upstream_allow": f"{fast.address},{upstream.removeprefix('http://')}", "search_url": search.url,
            **fake.settings, **bucket.settings,
        }  # fmt: skip
        settings = Settings(data=folder / "first", **given)
        init(settings)
        house = build_house(settings)
        held.callback(house.db.engine.dispose)
        house.keyring.secret("delivery-tickets")
        roles = _roles(folder, given)
        for each in roles.values():
            held.callback(each.kill)
        gateways = [f"127.0.0.1:{roles[name].gateway_port}" for name in GATEWAYS]
        leads = held.enter_context(nginx.in_front([f"127.0.0.1:{roles['web'].port}"], gateways, port))
        on = Apart(house, given, fast, database, bucket, search, leads, roles)
        assert eventually(on.serves), "".join(each.log.read_text()[-2000:] for each in roles.values())
        yield on


def _roles(folder: Path, given: Mapping[str, Any]) -> dict[str, Running]:
    first = {role: Running(folder / "first", roles=[role], **given, web_workers=1) for role in _ON_THE_FIRST}
    return first | {name: Running(_another(folder, name), roles=["gateway"], **given) for name in GATEWAYS}


def _another(folder: Path, name: str) -> Path:
    """Another machine's folder: the same secrets and the same clock, and nothing else."""
    made, first = folder / name, folder / "first"
    made.mkdir(mode=0o700)
    for shared in ("secrets", "clock-offset"):
        (made / shared).symlink_to(first / shared)
    return made


def play(on: Apart, upstream: str, secret: str) -> list[str]:
    """The demonstration through nginx, and what its operator looks at afterwards."""
    data = on.house.settings.data
    bootstrap.main(on.house.settings)
    world = World(f"{on.front.url}/gateway", upstream, secret, data / "mail", on.given["stripe_url"])
    environment = environment_with(**{name: str(value) for name, value in on.given.items()})
    if player.main(on.front.url, world) or aftermath.main(data, "en", environment):
        return ["the story went otherwise"]
    return []

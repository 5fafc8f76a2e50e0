"""Who acts in the cases, at an exchange that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.badinput.sheet import Sheet
from bench.cast import Cast, assemble, open_house
from bench.client import Person
from core.http import Route
from tests.journeys import denials
from tests.servers.exchange import Running


@dataclass(frozen=True)
class Stage:
    """One running exchange, its people, its routes, and the sheet that its answers are printed on."""

    running: Running
    cast: Cast
    scene: denials.Scene
    routes: list[Route]
    sheet: Sheet
    folder: Path

    @property
    def supplier(self) -> Person:
        return Person(self.running.port, self.cast.supplier.token)

    @property
    def buyer(self) -> Person:
        return Person(self.running.port, self.cast.buyer.token)

    @property
    def outsider(self) -> Person:
        return Person(self.running.port, self.scene.outsider.token)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Fill a data folder, serve it, stop it."""
    house = open_house(folder / "data")
    cast, scene, routes = assemble(house), denials.scene(house), list(denials.routes(house))
    house.db.engine.dispose()
    running = Running(folder / "data", web_workers=2, profile="test", upstream_allow="127.0.0.1")
    try:
        running.wait()
        yield Stage(running, cast, scene, routes, Sheet(folder / "data"), folder)
        running.stop()
    finally:
        running.kill()

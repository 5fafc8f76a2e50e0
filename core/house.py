"""What one process of the exchange holds. Built once, at start, by ``exchange.app.build_house``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from core.clock import Clock
from core.db import Database, Uow
from core.events import Registry
from core.keyring import Keyring
from core.problems import Refused
from core.sealing import SealedColumn, SealedFiles
from core.settings import Settings

if TYPE_CHECKING:
    import flask

    from core.actor import Actor
    from core.http import Api, Authenticator

T = TypeVar("T")
R = TypeVar("R", bound=Refused)


@dataclass
class House:
    """Settings, database, keys, clock, handlers and adapters, each reachable by name."""

    settings: Settings
    db: Database
    keyring: Keyring
    clock: Clock
    registry: Registry = field(default_factory=Registry)
    adapters: dict[type, Any] = field(default_factory=dict)
    apis: list[Api] = field(default_factory=list)
    authenticator: Authenticator | None = None
    programs: Callable[[House, str], Actor] | None = None
    """Whom a gateway's credential stands for; it raises for one that is not good."""
    explainers: list[tuple[type[Refused], Callable[[Uow, Any], None]]] = field(default_factory=list)
    sealed: list[SealedColumn | SealedFiles] = field(default_factory=list)
    """What secrets of the keyring sealed, so that it can be sealed anew when one was rotated."""
    mounts: list[Callable[[flask.Flask, House], None]] = field(default_factory=list)
    """What is served beside the API, at addresses that a standard names."""

    @classmethod
    def open(cls, settings: Settings) -> House:
        """Open the data folder. It must have been made by ``piaohao init``; the database is not touched yet."""
        house = cls(
            settings=settings,
            db=Database(settings.database),
            keyring=Keyring(settings.data / "secrets", may_generate=not settings.production),
            clock=Clock(settings.data / "clock-offset", movable=not settings.production),
        )
        house.db.attach(house)
        return house

    def provide(self, kind: type[T], adapter: T) -> None:
        """Make ``adapter`` the one implementation of the protocol ``kind``."""
        self.adapters[kind] = adapter

    def adapter(self, kind: type[T]) -> T:
        """The implementation of ``kind``. Raises KeyError when no package provided one."""
        return cast(T, self.adapters[kind])

    def explain(self, kind: type[R], add: Callable[[Uow, R], None]) -> None:
        """Let ``add`` say more in refusals of that kind, before they are answered."""
        self.explainers.append((kind, add))

    def explained(self, refusal: Refused) -> Refused:
        """The refusal with all that is to be said of it. Call it outside of any unit."""
        adding = [add for kind, add in self.explainers if isinstance(refusal, kind)]
        if adding:
            self.db.read(lambda uow: [add(uow, refusal) for add in adding])
        return refusal

    def add_api(self, api: Api) -> None:
        self.apis.append(api)

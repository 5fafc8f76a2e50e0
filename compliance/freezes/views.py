"""HTTP routes of the register; things are stopped and let go by their own routes."""

from __future__ import annotations

from typing import Any

from compliance.freezes import queries
from compliance.freezes.schemas import ChainOut, FreezePageOut, FreezesQuery
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("freezes")


@api.get("/freezes", query=FreezesQuery, answer=FreezePageOut, summary="What officers have stopped, newest first")
def list_freezes(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.freezes(uow, actor, **query)


@api.get("/freezes/<freeze_id>", answer=ChainOut, summary="One freeze with the audit entries of what it stops")
def show(uow: Uow, actor: Actor, freeze_id: str) -> Any:
    return queries.chain(uow, actor, freeze_id)

"""HTTP route of notices."""

from __future__ import annotations

from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from exchange.notices import queries
from exchange.notices.schemas import TaskOut

api = http.Api("notices")


@api.get("/tasks", summary="What you must do next, the earliest deadline first")
def tasks(uow: Uow, actor: Actor) -> Any:
    return {"items": TaskOut(many=True).dump(queries.tasks(uow, actor))}

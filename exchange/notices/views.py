"""HTTP routes of notices."""

from __future__ import annotations

from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields
from exchange.notices import queries, service
from exchange.notices.schemas import NoticesOut, NoticesQuery, PreferencesIn, PreferencesOut, TaskOut

api = http.Api("notices")


@api.get("/tasks", summary="What you must do next, the earliest deadline first")
def tasks(uow: Uow, actor: Actor) -> Any:
    return {"items": TaskOut(many=True).dump(queries.tasks(uow, actor))}


@api.get("/notices", query=NoticesQuery, answer=NoticesOut, summary="What you were told, newest first")
def notices(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    page = queries.notices(
        uow, actor, unread_only=query["unread"], cursor=query["cursor"], limit=query["limit"]
    )  # fmt: skip
    return {"unread": queries.unread(uow, actor), "items": page.items, "next_cursor": page.next_cursor}


@api.post("/notices/<notice_id>/read", body=NoFields, status=204, summary="You have read a notice")
def read(uow: Uow, actor: Actor, notice_id: str, body: dict[str, Any]) -> None:
    service.read(uow, actor, notice_id)


@api.post("/notices/read", body=NoFields, summary="You have read all notices; answers how many were new")
def read_all(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return {"read": service.read_all(uow, actor)}


@api.get("/my/notifications", answer=PreferencesOut, summary="How you want to be told")
def preferences(uow: Uow, actor: Actor) -> Any:
    return queries.preferences(uow, actor.account_id or "")


@api.put("/my/notifications", body=PreferencesIn, answer=PreferencesOut, summary="Change how you want to be told")
def prefer(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.prefer(uow, actor, **body)

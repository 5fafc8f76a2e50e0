"""HTTP routes of announcements."""

from __future__ import annotations

from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from exchange.announcements import queries, service
from exchange.announcements.schemas import AnnouncementIn, AnnouncementOut, AnnouncementPageOut, AnnouncementsQuery

api = http.Api("announcements")


@api.get("/announcements", who=http.ANYONE, summary="What the platform tells everybody now")
def shown(uow: Uow, actor: Actor) -> Any:
    return {"items": AnnouncementOut(many=True).dump(queries.shown(uow))}


@api.get(
    "/announcements/all", query=AnnouncementsQuery, answer=AnnouncementPageOut,
    summary="Past, present and planned announcements, for operators",
)  # fmt: skip
def all_made(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.all_made(uow, actor, **query)


@api.post(
    "/announcements", body=AnnouncementIn, answer=AnnouncementOut, idempotent=True, status=201,
    summary="Tell everybody something, in both languages, from a time until a time",
)  # fmt: skip
def make(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.make(uow, actor, **body)


@api.post("/announcements/<announcement_id>/end", answer=AnnouncementOut, idempotent=True, summary="Show it no longer")
def end(uow: Uow, actor: Actor, announcement_id: str) -> Any:
    return service.end(uow, actor, announcement_id)

"""The API of imported references."""

from __future__ import annotations

from typing import Any

from catalog.references import queries, service
from catalog.references.schemas import QuarantineIn, ReferenceOut, ReferencePageOut, WaitingQuery
from core.actor import Actor
from core.db import Uow
from core.http import ANYONE, Api

api = Api("references")


@api.get("/references/<reference_id>", answer=ReferenceOut, who=ANYONE, summary="A listing of another exchange")
def show(uow: Uow, actor: Actor, reference_id: str) -> Any:
    return queries.get(uow, actor, reference_id)


@api.get("/references", query=WaitingQuery, answer=ReferencePageOut, summary="Imported listings that wait for review")
def list_waiting(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.waiting(uow, actor, **query)


@api.post("/references/<reference_id>/release", answer=ReferenceOut, summary="Let an imported listing be found")
def release(uow: Uow, actor: Actor, reference_id: str) -> Any:
    return service.release(uow, actor, reference_id)


@api.post(
    "/references/<reference_id>/quarantine", body=QuarantineIn, answer=ReferenceOut,
    summary="Keep an imported listing out",
)  # fmt: skip
def quarantine(uow: Uow, actor: Actor, reference_id: str, body: dict[str, Any]) -> Any:
    return service.quarantine(uow, actor, reference_id, **body)

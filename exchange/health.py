"""Liveness and readiness, for the supervisor and whatever stands in front.

``rules`` says whether the rules in force can be read; while they cannot, nobody is permitted anything.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from compliance.policy import versions
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House

api = http.Api("health")


@api.get("/healthz", who=http.ANYONE, summary="Whether this process answers and reaches its database")
def healthz(uow: Uow, actor: Actor) -> Any:
    uow.session.execute(text("SELECT 1"))
    rules = "unreadable" if versions.unreadable() else "in_force"
    return {"status": "ok", "rules": rules, "time": uow.now().isoformat().replace("+00:00", "Z")}


def include(house: House) -> None:
    house.add_api(api)

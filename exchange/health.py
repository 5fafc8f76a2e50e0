"""Liveness and readiness, for the supervisor and whatever stands in front.

``rules`` says whether the rules in force can be read; while they cannot, nobody is permitted anything.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

import migrations
from compliance.policy import versions
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.problems import Unavailable

api = http.Api("health")


class NotReady(Unavailable):
    code, title = "not_ready", "This process should get no requests now"


@api.get("/healthz", who=http.ANYONE, summary="Whether this process answers and reaches its database")
def healthz(uow: Uow, actor: Actor) -> Any:
    uow.session.execute(text("SELECT 1"))
    rules = "unreadable" if versions.unreadable() else "in_force"
    return {"status": "ok", "rules": rules, "time": uow.now().isoformat().replace("+00:00", "Z")}


@api.get("/readyz", who=http.ANYONE, summary="Whether this process should get requests: database and rules as it needs")
def readyz(uow: Uow, actor: Actor) -> Any:
    found = uow.session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found != migrations.head():
        raise NotReady("The database is of another revision than this program.", hint="Run `piaohao init`.")
    if versions.unreadable():
        raise NotReady("The rules in force cannot be read: nobody is permitted anything.")
    return {"status": "ready", "revision": found}


def include(house: House) -> None:
    house.add_api(api)

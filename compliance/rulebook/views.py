"""HTTP routes of the rulebook."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from compliance.rulebook import queries, service
from compliance.rulebook.schemas import (
    ActivationIn,
    ProposalIn,
    RejectionIn,
    SimulationIn,
    VersionOut,
    VersionPageOut,
)
from compliance.rulebook.types import ChangedCell, Changes
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import PageQuery

api = http.Api("policy")


@api.get("/policy", summary="The rules in force, their hash and the whole document")
def in_force(uow: Uow, actor: Actor) -> Any:
    found = queries.in_force(uow, actor)
    return {"hash": found.hash, "version": found.version, "document": json.loads(found.canonical)}


@api.get("/policy/versions", query=PageQuery, answer=VersionPageOut, summary="Versions of the rules, newest first")
def list_versions(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.list_versions(uow, actor, **query)


@api.post(
    "/policy/versions", body=ProposalIn, answer=VersionOut, status=201, idempotent=True,
    summary="Propose other rules; another officer activates them",
)  # fmt: skip
def propose(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.propose(uow, actor, **body)


@api.get("/policy/versions/<version_id>", summary="A version, and the cells of the matrix that it changes")
def show(uow: Uow, actor: Actor, version_id: str) -> Any:
    found = queries.proposal(uow, actor, version_id)
    return {"version": VersionOut().dump(found.version), "document": found.document, "changes": _changes(found.changes)}


@api.post("/policy/versions/<version_id>/activate", body=ActivationIn, answer=VersionOut, summary="Put it in force")
def activate(uow: Uow, actor: Actor, version_id: str, body: dict[str, Any]) -> Any:
    return service.activate(uow, actor, version_id, **body)


@api.post("/policy/versions/<version_id>/reject", body=RejectionIn, answer=VersionOut, summary="Let it come to nothing")
def reject(uow: Uow, actor: Actor, version_id: str, body: dict[str, Any]) -> Any:
    return service.reject(uow, actor, version_id, **body)


@api.post("/policy/simulate", body=SimulationIn, summary="What the rules would say to these facts, and why")
def simulate(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return queries.simulate(uow, actor, **body).as_dict()


@api.get("/decisions/<entry_id>", summary="The decision behind an entry of the log, explained by the rules of its time")
def decision(uow: Uow, actor: Actor, entry_id: str) -> Any:
    return asdict(queries.explained(uow, actor, entry_id))


def _changes(found: Changes) -> dict[str, Any]:
    return {
        "asked": found.asked, "opened": found.opened, "closed": found.closed,
        "summary": [
            {"action": action, "who": who, "tier": tier, "opened": opened, "closed": closed}
            for action, who, tier, opened, closed in found.summary
        ],
        "cells": [_cell(each) for each in found.cells],
    }  # fmt: skip


def _cell(changed: ChangedCell) -> dict[str, Any]:
    facts = {name: sorted(each) if isinstance(each, frozenset) else each for name, each in changed.cell.facts.items()}
    return {
        "action": changed.cell.action, "who": changed.cell.who, "tier": changed.cell.tier, "facts": facts,
        "before": changed.before, "after": changed.after, "rules_before": list(changed.rules_before),
        "rules_after": list(changed.rules_after),
    }  # fmt: skip

"""HTTP routes of the audit log."""

from __future__ import annotations

import base64
from typing import Any

from compliance.audit import checkpoints, queries, witnesses
from compliance.audit.schemas import (
    CheckpointOut,
    ConsistencyQuery,
    CosignaturesIn,
    CosignaturesOut,
    EntriesQuery,
    EntryOut,
    EntryPageOut,
    LogProofOut,
    ProofQuery,
)
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House

api = http.Api("audit")


@api.get("/audit/key", who=http.ANYONE, summary="The log's public key, as verifiers read it")
def key(uow: Uow, actor: Actor) -> Any:
    return {"key": checkpoints.public_key(uow.house).text()}


@api.get("/audit/checkpoint", who=http.ANYONE, answer=CheckpointOut, summary="The newest signed checkpoint")
def newest(uow: Uow, actor: Actor) -> Any:
    found = queries.newest_checkpoint(uow)
    if found is None:
        raise queries.CheckpointNotFound("The first checkpoint has not been signed yet.")
    return found


@api.get("/audit/checkpoints", who=http.ANYONE, summary="The newest fifty checkpoints")
def listed(uow: Uow, actor: Actor) -> Any:
    return {"items": CheckpointOut(many=True).dump(queries.checkpoints(uow))}


@api.get("/audit/checkpoints/<int:size>/cosignatures", who=http.ANYONE, answer=CosignaturesOut)
def cosignatures(uow: Uow, actor: Actor, size: int) -> Any:
    """Which witnesses cosigned a checkpoint"""
    return {"items": witnesses.of_checkpoint(uow, size) if size < 1 << 62 else []}


def _proven(house: House, body: dict[str, Any]) -> dict[str, Any]:
    """Strangers do not take the writer's turn for what is no cosignature."""
    house.db.read(lambda uow: witnesses.proven(uow, body["size"], body["cosignatures"]))
    return body


@api.post(
    "/audit/cosignatures",
    who=http.ANYONE,
    body=CosignaturesIn,
    answer=CosignaturesOut,
    prepare=_proven,
    summary="What a witness says of a checkpoint; its signature is its credential",
)
def cosign(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return {"items": witnesses.keep(uow, body["size"], body["cosignatures"])}


@api.get("/audit/entries", query=EntriesQuery, answer=EntryPageOut, summary="The entries that concern you")
def entries(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.entries(uow, actor, **query)


@api.get("/audit/entries/<int:number>", answer=EntryOut, summary="One entry, with its exact bytes")
def entry(uow: Uow, actor: Actor, number: int) -> Any:
    return queries.entry(uow, actor, number)


@api.get(
    "/audit/proof",
    who=http.ANYONE,
    query=ProofQuery,
    answer=LogProofOut,
    summary="An inclusion proof, by number or by leaf hash",
)
def proof(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    number = query["number"]
    if number is None:
        number = queries.number_of_leaf(uow, query["leaf"] or "")
    return queries.inclusion(uow, number, query["size"])


@api.get("/audit/consistency", who=http.ANYONE, query=ConsistencyQuery, summary="A consistency proof of two sizes")
def consistency(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    second, path = queries.consistency(uow, query["first"], query["second"])
    return {"first": query["first"], "second": second, "proof": [base64.b64encode(each).decode() for each in path]}

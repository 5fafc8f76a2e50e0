"""HTTP routes of files. Bodies of parts are raw bytes; nothing here runs inside a unit while it receives."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import flask

from catalog.files import queries, service
from catalog.files.schemas import FileOut, OwnFileOut, UploadIn, UploadOut
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.problems import Invalid

api = http.Api("files")


@api.post("/uploads", body=UploadIn, answer=UploadOut, status=201, idempotent=True, summary="Declare a file")
def declare(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.declare(uow, actor, **body)


@api.get("/uploads/<upload_id>", answer=UploadOut, summary="How far an upload has come")
def show(uow: Uow, actor: Actor, upload_id: str) -> Any:
    return queries.get_upload(uow, actor, upload_id)


@api.raw("PUT", "/uploads/<upload_id>/parts", answer=UploadOut, summary="Send raw bytes at ?offset=, 16 MiB at most")
def part(house: House, actor: Actor, request: flask.Request, upload_id: str) -> flask.Response:
    offset = _whole_number(request.args.get("offset", "0"), "offset")
    length = request.content_length
    if length is None:
        raise Invalid("A part needs its Content-Length.", field="Content-Length")
    upload = service.receive_part(
        house, actor, upload_id, offset=offset, length=length, source=cast(BinaryIO, request.stream)
    )
    return http.respond(200, UploadOut().dump(upload))


@api.raw("POST", "/uploads/<upload_id>/complete", answer=OwnFileOut, status=201, summary="Check and keep the file")
def complete(house: House, actor: Actor, request: flask.Request, upload_id: str) -> flask.Response:
    return http.respond(201, OwnFileOut().dump(service.complete(house, actor, upload_id)))


@api.get("/files/<file_id>", answer=FileOut, summary="An own file: how far its scan is, and what was found in it")
def show_file(uow: Uow, actor: Actor, file_id: str) -> Any:
    return {"file": queries.get_file(uow, actor, file_id), "persons": queries.persons_of(uow, file_id)}


@api.post("/files/<file_id>/scan", answer=OwnFileOut, status=202, summary="Scan a file again when its scan failed")
def scan_again(uow: Uow, actor: Actor, file_id: str) -> Any:
    return service.scan_again(uow, actor, file_id)


def _whole_number(text: str, field: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Invalid("Write a whole number.", field=field)
    return int(text)

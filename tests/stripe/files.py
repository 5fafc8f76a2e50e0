"""Files: documents that are given as evidence. Only their name, size and hash are kept."""

from __future__ import annotations

import hashlib
import json
from email import message_from_bytes
from email.policy import HTTP
from urllib.parse import urlencode

from tests.stripe.call import Call, route
from tests.stripe.errors import Refused, not_imitated
from tests.stripe.lists import PAGING, filtered, page
from tests.stripe.store import Object

_LARGEST = 5_000_000


def as_form(raw: bytes, content_type: str) -> str:
    """A multipart body as the form that the other endpoints take; the file's contents are hashed."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw, policy=HTTP)
    fields: dict[str, str] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", "", header="content-disposition"))
        content = part.get_payload(decode=True) or b""
        assert isinstance(content, bytes)
        told = {"name": part.get_filename(), "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        fields[name] = json.dumps(told) if part.get_filename() else content.decode(errors="replace")
    return urlencode(fields)


@route("POST", "/v1/files", "FileCreateParams", "file purpose")
def create(call: Call) -> Object:
    try:
        told = json.loads(call.params["file"])
        name, size, kind = str(told["name"]), int(told["size"]), str(told["name"]).rpartition(".")[2].lower()
    except (ValueError, TypeError, KeyError) as error:
        raise Refused("Invalid file: must be uploaded as multipart/form-data.", param="file") from error
    if call.params["purpose"] != "dispute_evidence":
        raise not_imitated(f"purpose={call.params['purpose']}", "purpose")
    if kind not in ("pdf", "jpg", "jpeg", "png") or not 0 < size <= _LARGEST:
        raise Refused("Dispute evidence is a PDF, JPEG or PNG of at most 5 MB.", param="file")
    file_id = call.store.new_id("file")
    return call.store.add(
        {
            "id": file_id, "object": "file", "created": call.store.now(), "filename": name, "size": size, "type": kind,
            "purpose": "dispute_evidence", "url": f"{call.base_url}/v1/files/{file_id}/contents",
            "_sha256": told["sha256"],
        },
        call.account,
    )  # fmt: skip


@route("GET", "/v1/files/{file}", "FileRetrieveParams")
def retrieve(call: Call, file: str) -> Object:
    return call.store.get("file", file, call.account, "file")


@route("GET", "/v1/files", "FileListParams", f"{PAGING} purpose")
def listing(call: Call) -> Object:
    return page(call, "/v1/files", call.store.find("file", call.account, **filtered(call, "purpose")))

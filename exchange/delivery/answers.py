"""HTTP answers of delivery that the API and the pages share: a file's bytes, an order's bundle."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Sequence

import flask
from werkzeug.http import dump_options_header

from billing.usage import queries as usage
from compliance.audit import bundles
from compliance.audit.verifier import MOST_CALLS
from core.actor import Actor
from core.house import House
from core.problems import Invalid, Sentence
from exchange.delivery import links, queries, rules, service
from exchange.delivery.errors import DownloadsBusy
from exchange.delivery.types import ByteRange, DeliveryFile
from exchange.trading import queries as trading
from exchange.trading.licensing import Claim

_slots: dict[int, threading.BoundedSemaphore] = {}
_BUNDLE_WAIT_S = 1.0


def file(house: House, actor: Actor, request: flask.Request, order_id: str, file_id: str) -> flask.Response:
    """Where the gateway has the file; without a gateway the file itself, or the range of it that was asked for."""
    if house.settings.gateway_workers > 0:
        code = request.headers.get("One-Time-Code", "")
        granted = house.db.write(lambda uow: service.grant(uow, actor, order_id, file_id, claim_of(request), otp=code))
        headers = {"Location": granted.url, "Cache-Control": "private, no-store"}
        return flask.Response(status=307, headers=headers)
    wanted = house.db.write(lambda uow: queries.file_to_deliver(uow, actor, order_id, file_id, claim_of(request)))
    links.require_plain(house, wanted.tier)
    etag = f'"{wanted.sha256}"'
    fresh = request.headers.get("If-Range") in (None, etag)
    part = rules.wanted_range(request.headers.get("Range") if fresh else None, wanted.size)
    response = flask.Response(status=206 if part else 200)
    part = part or ByteRange(0, wanted.size)
    _describe(response, wanted, part, etag)
    if request.method != "HEAD":
        _attach(house, actor, wanted, part, response)
    return response


def claim_of(request: flask.Request) -> Claim:
    """What the request's headers say of the use, as a gateway reads them."""
    return {name: request.headers.get(f"Data-{name.title()}") for name in ("purpose", "territory", "recipient")}


def _describe(response: flask.Response, file: DeliveryFile, part: ByteRange, etag: str) -> None:
    headers = response.headers
    headers["Content-Type"] = file.media_type
    headers["Content-Disposition"] = dump_options_header("attachment", {"filename": file.name})
    headers["Content-Length"] = str(part.size)
    headers["Accept-Ranges"] = "bytes"
    headers["ETag"] = etag
    headers["Repr-Digest"] = f"sha-256=:{_base64(file.sha256)}:"
    headers["Cache-Control"] = "private, no-store"
    if response.status_code == 206:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()


def _attach(house: House, actor: Actor, file: DeliveryFile, part: ByteRange, response: flask.Response) -> None:
    """Give the response its stream, and one of the process's download places until it is closed."""
    slot = _slots.setdefault(id(house), threading.BoundedSemaphore(house.settings.download_slots))
    if not slot.acquire(blocking=False):
        raise DownloadsBusy(hint="Try again in a moment.", retry_after=2)
    try:
        chunks = service.stream(house, actor, file, part)
    except BaseException:
        slot.release()
        raise
    response.response = chunks
    response.call_on_close(slot.release)


def bundle(house: House, actor: Actor, order_id: str, call_ids: Sequence[str] = ()) -> flask.Response:
    """The bundle, with proofs of the calls that were chosen, or 202 and when to ask again.

    Raises OrderNotFound, CallNotFound, and Invalid for too many calls.
    """
    made = wait_for_bundle(house, actor, order_id, call_ids)
    if made is None:
        body = json.dumps({"status": "pending", "retry_after": 2})
        return flask.Response(body, status=202, mimetype="application/json", headers={"Retry-After": "2"})
    disposition = dump_options_header("attachment", {"filename": f"{order_id}.zip"})
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
    return flask.Response(made, mimetype="application/zip", headers=headers)


def wait_for_bundle(house: House, actor: Actor, order_id: str, call_ids: Sequence[str] = ()) -> bytes | None:
    """The bundle, waiting briefly for the checkpoint that covers it; None when that has not come yet."""
    if len(call_ids) > MOST_CALLS:
        raise Invalid(Sentence("At most %(most)s calls in one bundle.", most=MOST_CALLS), field="call")
    related, documents, contracts = house.db.read(
        lambda uow: (
            trading.related_ids(uow, actor, order_id) + queries.copies_in_evidence(uow, actor, order_id),
            trading.documents(uow, actor, order_id), trading.contracts(uow, actor, order_id),
        )
    )  # fmt: skip
    proofs = house.db.read(lambda uow: usage.proofs(uow, actor, order_id, call_ids)) if call_ids else []
    calls = [proof.document() for proof in proofs]
    give_up = time.monotonic() + _BUNDLE_WAIT_S
    while True:
        made: bytes | None = bundles.build(
            house, order_id=order_id, object_ids=related, documents=documents, contracts=contracts, calls=calls
        )
        if made is not None or time.monotonic() > give_up:
            return made
        time.sleep(0.1)

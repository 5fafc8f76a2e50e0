"""What suppliers do with interfaces: have a document read, pick from it, seal the credential, try the operations."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from catalog.interfaces import calling, openapi, queries, rules
from catalog.interfaces.errors import CredentialMissing, OpenApiTooManyParts, TooBusy, TooManyTrials, TrialInvalid
from catalog.interfaces.events import UpstreamCredentialChanged
from catalog.interfaces.models import Interface, InterfaceCredential, InterfaceTrial, OpenApiImport
from catalog.interfaces.types import InterfaceSnapshot, OpenApiCheck, OwnInterface, Trial
from compliance.audit.service import record
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.problems import Sentence

_KEPT = timedelta(days=7)
_TRIALS_WINDOW = timedelta(hours=1)
MOST_TRIALS = 120
_CHECKS_KEPT = 20
_MOST_KEPT = 4 << 20
_READING, _CALLING = threading.BoundedSemaphore(2), threading.BoundedSemaphore(4)


def check(house: House, actor: Actor, raw: bytes) -> OpenApiCheck:
    """Read an OpenAPI document and keep what it offers for a week, for the own organisation to pick from.

    Opens its own units. Raises PolicyRefused, TooBusy and what ``openapi.read`` raises.
    """
    house.db.write(lambda uow: _may_create(actor))
    with _one_of(_READING):
        read = openapi.read(raw)
    return house.db.write(lambda uow: _keep(uow, actor, read))


@contextmanager
def _one_of(slots: threading.BoundedSemaphore) -> Iterator[None]:
    """One of few places in this process, for what takes long: a slow upstream must not take every thread of web."""
    if not slots.acquire(blocking=False):
        raise TooBusy("Others are at it at this moment.", retry_after=2)
    try:
        yield
    finally:
        slots.release()


def _may_create(actor: Actor) -> None:
    require(actor, "interface:create", Resource("interface", "new", {"owner": actor.organisation_id}))


def _keep(uow: Uow, actor: Actor, read: openapi.ReadDocument) -> OpenApiCheck:
    _may_create(actor)
    operations = json.dumps([each.as_dict() for each in read.operations], ensure_ascii=False)
    if len(operations) > _MOST_KEPT:
        raise OpenApiTooManyParts(
            "What it says of its operations is too long to keep.", hint="Leave out what you do not offer."
        )
    _drop_older(uow, actor)
    row = OpenApiImport(
        id=new_id("oas"), organisation_id=actor.organisation_id, title=read.title, openapi=read.openapi,
        sha256=read.sha256, servers=json.dumps(read.servers), credential=json.dumps(read.credential),
        operations=operations, expires_at=uow.now() + _KEPT,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return row.snapshot()


def _drop_older(uow: Uow, actor: Actor) -> None:
    """Make room for one more: what has expired goes, and all but the newest."""
    own = select(OpenApiImport.id).where(OpenApiImport.organisation_id == actor.organisation_id)
    newest = own.order_by(OpenApiImport.id.desc()).limit(_CHECKS_KEPT - 1)
    expired = own.where(OpenApiImport.expires_at <= uow.now())
    uow.session.execute(
        delete(OpenApiImport)
        .where(OpenApiImport.id.in_(own), or_(OpenApiImport.id.not_in(newest), OpenApiImport.id.in_(expired)))
        .execution_options(synchronize_session=False)
    )


def create(
    uow: Uow, actor: Actor, *, openapi_check_id: str, title: str | None, upstream: Mapping[str, Any],
    credential: Mapping[str, str], operations: Sequence[Mapping[str, Any]],
) -> OwnInterface:  # fmt: skip
    """An immutable interface document of picked operations.

    Raises PolicyRefused, OpenApiCheckNotFound, and what ``rules.build`` raises.
    """
    own = actor.organisation_id
    decision = require(actor, "interface:create", Resource("interface", "new", {"owner": own}))
    assert own is not None
    found = queries.openapi_check(uow, actor, openapi_check_id)
    document = rules.build(
        title=title or found.title, openapi_sha256=found.sha256, upstream=upstream, credential=credential,
        found=found.operations, picked=operations, allow=uow.house.settings.allowed_upstreams,
    )  # fmt: skip
    row = Interface(
        id=new_id("ifc"), organisation_id=own, document=rules.canonical(document).decode(),
        sha256=rules.digest(document), created_at=uow.now(),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    record(
        uow, actor, action="interface:create", object_id=row.id, decision=decision, concerns=[own],
        data={"sha256": row.sha256, "openapi_sha256": found.sha256, "upstream": rules.host_of(document)},
    )  # fmt: skip
    return queries.get(uow, actor, row.id)


def set_credential(uow: Uow, actor: Actor, interface_id: str, *, value: str) -> OwnInterface:
    """Seal the upstream's credential, in place of the one before; calls use it from the next on. It is never shown.

    Raises InterfaceNotFound, PolicyRefused, CredentialInvalid.
    """
    row = queries.load(uow, actor, interface_id)
    decision = require(actor, "interface:edit", queries.resource_of(row))
    injected = row.snapshot().document["credential"]
    rules.check_value(injected["kind"], value)
    sealed = uow.house.keyring.encrypt(queries.SECRET, value.encode(), interface_id.encode())
    present = uow.session.get(InterfaceCredential, interface_id, with_for_update=True)
    if present is None:
        uow.session.add(InterfaceCredential(interface_id=interface_id, sealed=sealed, set_at=uow.now()))
    else:
        present.sealed, present.set_at = sealed, uow.now()
    uow.session.flush()
    record(
        uow, actor, action="interface:credential", object_id=interface_id, decision=decision,
        data={"kind": injected["kind"], "name": injected["name"]}, concerns=[row.organisation_id],
    )  # fmt: skip
    uow.emit(UpstreamCredentialChanged(interface_id=interface_id))
    return queries.get(uow, actor, interface_id)


def try_operation(
    house: House, actor: Actor, interface_id: str, *, operation: str, values: Mapping[str, str], body: str | None
) -> Trial:
    """Call the upstream once, as a caller's call would, and keep what came as evidence for the review.

    Opens its own units, none while it calls. Raises InterfaceNotFound, PolicyRefused, TrialInvalid,
    CredentialMissing, TooManyTrials, TooBusy. That the upstream did not answer is a result, not an error.
    """
    interface, credential = house.db.write(lambda uow: _ready(uow, actor, interface_id))
    chosen = interface.operation(operation)
    if chosen is None:
        raise TrialInvalid("The interface has no such operation.", field="operation")
    call = calling.request(interface.document, chosen, credential, values, body)
    with _one_of(_CALLING):
        result = calling.send(call, chosen["outcome"], credential, house.settings.allowed_upstreams)
    return house.db.write(lambda uow: _note(uow, actor, interface, operation, result))


def _ready(uow: Uow, actor: Actor, interface_id: str) -> tuple[InterfaceSnapshot, str | None]:
    row = queries.load(uow, actor, interface_id)
    require(actor, "interface:try", queries.resource_of(row))
    found = queries.get(uow, actor, interface_id)
    if found.credential.missing:
        raise CredentialMissing(
            hint=Sentence("PUT it at interfaces/%(interface_id)s/credential first.", interface_id=interface_id)
        )
    if queries.trials_since(uow, row.organisation_id, uow.now() - _TRIALS_WINDOW) >= MOST_TRIALS:
        raise TooManyTrials(Sentence("At most %(most)s an hour.", most=MOST_TRIALS), retry_after=600)
    return found.interface, queries.credential(uow, interface_id)


def _note(uow: Uow, actor: Actor, interface: InterfaceSnapshot, operation: str, result: calling.CallResult) -> Trial:
    decision = require(actor, "interface:try", queries.resource_of(interface))
    row = InterfaceTrial(
        id=new_id("try"), interface_id=interface.id, operation=operation, at=uow.now(), status=result.status,
        outcome=result.outcome, problem=result.problem, detail=result.detail, latency_us=result.latency_us,
        size=result.size, excerpt=result.excerpt, scan=json.dumps(result.scan.as_dict(), ensure_ascii=False),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    data = {"trial": row.id, "operation": operation, "outcome": str(result.outcome), "status": str(result.status or "")}
    record(
        uow, actor, action="interface:trial", object_id=interface.id, decision=decision, data=data,
        concerns=[interface.organisation_id],
    )  # fmt: skip
    return row.snapshot()

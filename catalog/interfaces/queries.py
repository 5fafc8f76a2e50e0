"""Reads of interfaces: an organisation sees its own; reviewers and officers see what they judge."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from catalog.interfaces import rules, scanning
from catalog.interfaces.errors import InterfaceNotFound, OpenApiCheckNotFound
from catalog.interfaces.models import Interface, InterfaceCredential, InterfaceTrial, OpenApiImport, credential_state
from catalog.interfaces.types import CredentialState, InterfaceSnapshot, OpenApiCheck, Outcome, OwnInterface, Trial
from compliance.policy import Resource, decide
from compliance.recognisers import ScanSummary
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first

SECRET = "upstream-credentials"  # noqa: S105  (a secret's name)
_MOST_SCANS = 500
_JUDGED = ("id", "method", "path", "summary", "outcome")


def resource_of(interface: Interface | InterfaceSnapshot) -> Resource:
    """What policy may know of an interface."""
    return Resource("interface", interface.id, {"owner": interface.organisation_id})


def openapi_check(uow: Uow, actor: Actor, check_id: str) -> OpenApiCheck:
    """Raises OpenApiCheckNotFound, also for another organisation's and for one that has expired."""
    row = uow.session.get(OpenApiImport, check_id)
    if row is None or row.organisation_id != actor.organisation_id or row.expires_at <= uow.now():
        raise OpenApiCheckNotFound(hint="Send the document again.")
    return row.snapshot()


def load(uow: Uow, actor: Actor, interface_id: str) -> Interface:
    """The row. Raises InterfaceNotFound when there is none, or none that the actor may see."""
    row = uow.session.get(Interface, interface_id)
    if row is None or not decide(actor, "interface:see", resource_of(row)).permitted:
        raise InterfaceNotFound()
    return row


def get(uow: Uow, actor: Actor, interface_id: str) -> OwnInterface:
    """An interface with the state of its credential. Raises InterfaceNotFound."""
    return _own(uow, load(uow, actor, interface_id))


def _own(uow: Uow, row: Interface) -> OwnInterface:
    interface = row.snapshot()
    return OwnInterface(interface, get_credential_state(uow, interface))


def get_credential_state(uow: Uow, interface: InterfaceSnapshot) -> CredentialState:
    return credential_state(interface, uow.session.get(InterfaceCredential, interface.id))


def mine(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[OwnInterface]:
    """The own organisation's interfaces, newest first."""
    statement = select(Interface).where(Interface.organisation_id == (actor.organisation_id or ""))
    page = newest_first(uow, statement, key=Interface.id, purpose="interfaces", cursor=cursor, limit=limit)
    return convert(page, lambda row: _own(uow, row))


def own(uow: Uow, actor: Actor, interface_id: str) -> InterfaceSnapshot:
    """An interface of the own organisation. Raises InterfaceNotFound."""
    row = uow.session.get(Interface, interface_id)
    if row is None or row.organisation_id != actor.organisation_id:
        raise InterfaceNotFound("Make the interface first.", field="interface_id")
    return row.snapshot()


def many(uow: Uow, ids: Iterable[str]) -> dict[str, InterfaceSnapshot]:
    """Interfaces by id whoever owns them, for those who have decided already what may be told of them."""
    rows = uow.session.execute(select(Interface).where(Interface.id.in_(set(ids)))).scalars()
    return {row.id: row.snapshot() for row in rows}


def credential(uow: Uow, interface_id: str) -> str | None:
    """The credential itself, None while it is not set. For the machinery that injects it, and for nobody else."""
    row = uow.session.get(InterfaceCredential, interface_id)
    return None if row is None else uow.house.keyring.decrypt(SECRET, row.sealed, interface_id.encode()).decode()


def trials(uow: Uow, actor: Actor, interface_id: str, *, limit: int = 50) -> list[Trial]:
    """Trial calls of an interface that the actor may see, newest first. Raises InterfaceNotFound."""
    load(uow, actor, interface_id)
    return _trials(uow, interface_id, limit)


def _trials(uow: Uow, interface_id: str, limit: int) -> list[Trial]:
    statement = select(InterfaceTrial).where(InterfaceTrial.interface_id == interface_id)
    rows = uow.session.execute(statement.order_by(InterfaceTrial.id.desc()).limit(limit)).scalars()
    return [row.snapshot() for row in rows]


def proof(uow: Uow, interface: InterfaceSnapshot) -> dict[str, Trial]:
    """Of each operation its newest successful trial; operations without one are left out."""
    newest = (
        select(func.max(InterfaceTrial.id))
        .where(
            InterfaceTrial.interface_id == interface.id, InterfaceTrial.outcome.in_((Outcome.HIT, Outcome.MISS))
        )
        .group_by(InterfaceTrial.operation)
    )  # fmt: skip
    rows = uow.session.execute(select(InterfaceTrial).where(InterfaceTrial.id.in_(newest))).scalars()
    return {row.operation: row.snapshot() for row in rows}


def unproven(uow: Uow, interface: InterfaceSnapshot) -> list[str]:
    """Operations that no successful trial proved yet."""
    proven = proof(uow, interface)
    return [each["id"] for each in interface.operations if each["id"] not in proven]


def scans(uow: Uow, interface: InterfaceSnapshot) -> tuple[list[ScanSummary], list[ScanSummary]]:
    """What recognisers found in what is handed out (declared, and in every answer to a trial), and in what is taken."""
    statement = select(InterfaceTrial.scan).where(InterfaceTrial.interface_id == interface.id)
    rows = uow.session.execute(statement.order_by(InterfaceTrial.id.desc()).limit(_MOST_SCANS)).scalars()
    answers = [ScanSummary.from_dict(json.loads(row)) for row in rows]
    return [scanning.handed_out(interface.document), *answers], [scanning.taken_in(interface.document)]


def evidence(uow: Uow, interface: InterfaceSnapshot) -> dict[str, Any]:
    """What reviewers are shown: the operations, where the upstream is, and the trial that proved each."""
    proven = proof(uow, interface)
    own = get_credential_state(uow, interface)
    return {
        "upstream": rules.host_of(interface.document),
        "credential": {"kind": own.kind, "name": own.name, "set_at": own.set_at.isoformat() if own.set_at else None},
        "interface_sha256": interface.sha256,
        "operations": [{name: each[name] for name in _JUDGED} for each in interface.operations],
        "trials": [_told(each) for each in proven.values()],
    }


def _told(trial: Trial) -> dict[str, Any]:
    return {
        "operation": trial.operation, "at": trial.at.isoformat(), "status": trial.status, "outcome": trial.outcome,
        "latency_us": trial.latency_us, "excerpt": trial.excerpt,
    }  # fmt: skip


def trials_since(uow: Uow, organisation_id: str, moment: datetime) -> int:
    """How many trial calls an organisation made since then."""
    statement = (
        select(func.count())
        .select_from(InterfaceTrial)
        .join(Interface, Interface.id == InterfaceTrial.interface_id)
        .where(Interface.organisation_id == organisation_id, InterfaceTrial.at >= moment)
    )
    return int(uow.session.execute(statement).scalar_one())

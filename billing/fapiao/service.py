"""Asking for a fapiao, and recording what the tax authority's system issued."""

from __future__ import annotations

import json

from sqlalchemy.exc import IntegrityError

from billing.fapiao import queries
from billing.fapiao.errors import (
    FapiaoAsked,
    FapiaoDecided,
    FapiaoFieldsMissing,
    FapiaoKindUnknown,
    FapiaoNotFound,
    FapiaoNumberTaken,
    NoFapiaoHere,
)
from billing.fapiao.events import FapiaoConcluded
from billing.fapiao.models import FapiaoRow
from billing.fapiao.rules import numbers
from billing.fapiao.types import FapiaoRequest, FapiaoState
from billing.invoices import queries as invoices
from billing.invoices import service as invoicing
from billing.invoices.errors import InvoiceNotFound
from billing.taxes import queries as taxes
from compliance.audit.service import record
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.money import format_amount
from core.problems import Sentence
from core.rows import insert_missing


def request(uow: Uow, actor: Actor, invoice_id: str, *, kind: str) -> FapiaoRequest:
    """Ask for a fapiao over what credit notes left of an own invoice; the tax details are kept as they are now.

    Raises InvoiceNotFound, PolicyRefused, NoFapiaoHere, FapiaoKindUnknown, FapiaoFieldsMissing, which names what is
    missing, and FapiaoAsked.
    """
    invoice = invoices.get(uow, actor, invoice_id)
    if invoice.buyer_id != actor.organisation_id:
        raise InvoiceNotFound()
    decision = require(actor, "fapiao:request", Resource("fapiao", invoice.id, {"owner": invoice.buyer_id}))
    invoicing.take_turn(uow, invoice)
    rests = invoices.rests_of(uow, invoice)
    net, tax = sum(rest.net for rest in rests), sum(rest.tax for rest in rests)
    kinds = queries.kinds(uow, invoice.currency)
    if invoice.corrects or net + tax <= 0 or not kinds:
        raise NoFapiaoHere("They are issued for what is left of an invoice in CNY, in China.")
    if kind not in kinds:
        raise FapiaoKindUnknown(Sentence("Choose one of %(names)s.", names=", ".join(kinds)), field="kind")
    details = taxes.details(uow, invoice.buyer_id)
    missing = details.missing(kinds[kind])
    if missing:
        raise FapiaoFieldsMissing(
            Sentence("Missing: %(names)s.", names=", ".join(missing)), hint="Complete the tax details first.",
            missing=missing,
        )  # fmt: skip
    row = {
        "id": new_id("fpo"), "invoice_id": invoice.id, "invoice_number": invoice.number, "buyer_id": invoice.buyer_id,
        "kind": kind, "buyer": json.dumps(details.fapiao(), ensure_ascii=False), "currency": invoice.currency,
        "net": net, "tax": tax, "gross": net + tax, "state": str(FapiaoState.REQUESTED), "number": "", "code": "",
        "reason": "", "requested_by": actor.account_id or "", "requested_at": uow.now(), "version": 1,
    }  # fmt: skip
    if not insert_missing(uow, FapiaoRow, [row]):
        raise FapiaoAsked(Sentence("For %(number)s.", number=invoice.number))
    made = uow.session.get_one(FapiaoRow, row["id"]).snapshot()
    _note(uow, actor, "fapiao:request", made, decision)
    return made


def issue(uow: Uow, actor: Actor, request_id: str, *, number: str, code: str = "") -> FapiaoRequest:
    """Finance of the platform records what was issued.

    Raises FapiaoNotFound, PolicyRefused, FapiaoDecided, FapiaoNumberInvalid, FapiaoNumberTaken.
    """
    row, decision = _to_decide(uow, actor, request_id)
    row.number, row.code = numbers(number, code)
    return _conclude(uow, actor, row, FapiaoState.ISSUED, decision)


def refuse(uow: Uow, actor: Actor, request_id: str, *, reason: str) -> FapiaoRequest:
    """Finance of the platform says why none is issued; another one may be asked for.

    Raises FapiaoNotFound, PolicyRefused, FapiaoDecided.
    """
    row, decision = _to_decide(uow, actor, request_id)
    row.reason = reason
    return _conclude(uow, actor, row, FapiaoState.REFUSED, decision)


def _to_decide(uow: Uow, actor: Actor, request_id: str) -> tuple[FapiaoRow, Decision]:
    found = queries.get(uow, actor, request_id)
    decision = require(actor, "fapiao:issue", Resource("fapiao", found.id, {"owner": found.buyer_id}))
    row = uow.session.get(FapiaoRow, request_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise FapiaoNotFound()
    if row.state != FapiaoState.REQUESTED:
        raise FapiaoDecided(Sentence("It is %(state)s.", state=row.state), state=row.state)
    return row, decision


def _conclude(uow: Uow, actor: Actor, row: FapiaoRow, state: FapiaoState, decision: Decision) -> FapiaoRequest:
    row.state, row.decided_by, row.decided_at = str(state), actor.account_id, uow.now()
    row.version += 1
    try:
        uow.session.flush()
    except IntegrityError as error:
        raise FapiaoNumberTaken(field="number") from error
    found = row.snapshot()
    _note(uow, actor, f"fapiao:{'issue' if state is FapiaoState.ISSUED else 'refuse'}", found, decision)
    uow.emit(FapiaoConcluded(found.id, found.invoice_id, found.buyer_id, str(state), found.number, found.reason))
    return found


def _note(uow: Uow, actor: Actor, action: str, found: FapiaoRequest, decision: Decision) -> None:
    record(
        uow, actor, action=action, object_id=found.id, object_version=found.version, decision=decision,
        data={
            "invoice": found.invoice_id, "kind": str(found.kind), "currency": found.currency,
            "gross": format_amount(found.gross, found.currency), "number": found.number, "code": found.code,
        },
        concerns=[found.buyer_id],
    )  # fmt: skip

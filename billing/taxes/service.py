"""Saying how one is taxed, and confirming what makes a tax less."""

from __future__ import annotations

from datetime import datetime

from billing.taxes import queries, rules
from billing.taxes.errors import NoVatNumber, TaxDetailsNotFound
from billing.taxes.models import TaxDetailsRow
from billing.taxes.types import TaxDetails
from compliance.audit.service import record
from compliance.identity.queries import organisations
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.problems import Conflict, Invalid
from core.rows import insert_missing


def change(
    uow: Uow, actor: Actor, *, version: int, title: str, taxpayer_number: str, address: str, phone: str, bank: str,
    account: str, vat_number: str,
) -> TaxDetails:  # fmt: skip
    """What stands on the own organisation's invoices and fapiao from now on; documents that exist stay as they are.

    Another VAT number is not confirmed any more. Raises PolicyRefused, TaxpayerNumberInvalid, VatNumberInvalid, and
    Conflict when somebody else changed them after ``version``.
    """
    own = actor.organisation_id or ""
    decision = require(actor, "tax:edit", Resource("tax", own, {"owner": actor.organisation_id}))
    country = organisations(uow, {own})[own].country
    number = rules.taxpayer_number(taxpayer_number, country)
    vat = rules.vat_number(queries.profile_now(uow), vat_number, country)
    row = _locked(uow, own)
    if row.version != version:
        raise Conflict("Somebody changed them meanwhile.", hint="Look at them again.", version=row.version)
    if row.vat_number != vat:
        row.vat_number, row.vat_confirmed_at = vat, None
    row.title, row.taxpayer_number, row.address, row.phone = title, number, address, phone
    row.bank, row.account = bank, "".join(account.split())
    return _changed(uow, actor, row, "tax:change", decision)


def confirm_vat_number(uow: Uow, actor: Actor, organisation_id: str, *, vat_number: str) -> TaxDetails:
    """Finance of the platform looked the number up in its country's register: from now on the buyer owes the tax.

    The number is named, so that another one is not confirmed by mistake. Raises PolicyRefused, TaxDetailsNotFound,
    NoVatNumber.
    """
    row, decision = _for_finance(uow, actor, organisation_id)
    if not row.vat_number or row.vat_number != "".join(vat_number.split()).upper():
        raise NoVatNumber(hint="Look at the details again.", field="vat_number")
    row.vat_confirmed_at = row.vat_confirmed_at or uow.now()
    return _changed(uow, actor, row, "tax:confirm", decision)


def exempt(
    uow: Uow, actor: Actor, organisation_id: str, *, document: str, until: datetime | None
) -> TaxDetails:  # fmt: skip
    """Finance of the platform has seen the document by which a buyer is exempt until a moment, or ends that: no moment.

    Raises PolicyRefused, TaxDetailsNotFound, Invalid.
    """
    row, decision = _for_finance(uow, actor, organisation_id)
    if until is not None and (not document or until <= uow.now()):
        raise Invalid("Name the document, and a moment that is to come.", field="until")
    row.exemption, row.exempt_until = (document, until) if until is not None else ("", None)
    return _changed(uow, actor, row, "tax:exempt", decision)


def _for_finance(uow: Uow, actor: Actor, organisation_id: str) -> tuple[TaxDetailsRow, Decision]:
    decision = require(actor, "tax:confirm", Resource("tax", organisation_id, {"owner": organisation_id}))
    if not organisations(uow, {organisation_id}):
        raise TaxDetailsNotFound()
    return _locked(uow, organisation_id), decision


def _locked(uow: Uow, organisation_id: str) -> TaxDetailsRow:
    empty = dict.fromkeys(
        ("title", "taxpayer_number", "address", "phone", "bank", "account", "vat_number", "exemption"), ""
    )
    insert_missing(uow, TaxDetailsRow, [{"organisation_id": organisation_id, "version": 0, **empty}])
    return uow.session.get_one(TaxDetailsRow, organisation_id, with_for_update=True, populate_existing=True)


def _changed(uow: Uow, actor: Actor, row: TaxDetailsRow, action: str, decision: Decision) -> TaxDetails:
    row.version += 1
    uow.session.flush()
    found = row.snapshot()
    record(
        uow, actor, action=action, object_id=found.organisation_id, object_version=found.version, decision=decision,
        data={
            "taxpayer_number": found.taxpayer_number, "vat_number": found.vat_number,
            "confirmed": "yes" if found.vat_confirmed_at else "no", "exemption": found.exemption,
            "exempt_until": found.exempt_until.isoformat() if found.exempt_until else "",
        },
        concerns=[found.organisation_id],
    )  # fmt: skip
    return found

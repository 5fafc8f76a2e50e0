"""A supplier's bank account: given by its owner alone, told to everybody concerned, used only days later."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from billing.payouts.events import BankAccountChanged
from billing.payouts.models import BankAccountRow
from billing.payouts.rules import normal_bank_code, normal_number
from billing.payouts.types import BankAccount
from compliance.audit.service import record
from compliance.identity import factors
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id

SEALED_BY = "bank-accounts"


def change(
    uow: Uow, actor: Actor, *, holder: str, bank: str, bank_code: str, number: str, otp: str
) -> BankAccount:  # fmt: skip
    """The own organisation's money shall go to this account, when some days have gone by in which one can object.

    What is on its way goes where it was sent. Raises PolicyRefused for everybody but an owner, SecondFactorNeeded,
    SecondFactorWrong, BankNumberInvalid.
    """
    own = actor.organisation_id or ""
    decision = require(actor, "payout:set_bank", Resource("payout", own, {"owner": actor.organisation_id}))
    kept, code = normal_number(number), normal_bank_code(bank_code)
    factors.confirm(uow, actor, otp)
    before = _in_force(uow, own)
    if before is not None:
        before.replaced_at = uow.now()
        uow.session.flush()
    row_id = new_id("pba")
    row = BankAccountRow(
        id=row_id, organisation_id=own, holder=holder, bank=bank, bank_code=code,
        sealed=uow.house.keyring.encrypt(SEALED_BY, kept.encode(), row_id.encode()), last4=kept[-4:],
        changed_by=actor.account_id or "", changed_at=uow.now(),
        usable_from=uow.now() + timedelta(days=uow.house.settings.bank_account_cooling_days),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    found = row.snapshot()
    record(
        uow, actor, action="bank_account:change", object_id=own, decision=decision,
        data={
            "bank_account": found.id, "ends_in": row.last4, "usable_from": found.usable_from.isoformat(),
            "before": before.id if before else "",
        },
        concerns=[own],
    )  # fmt: skip
    uow.emit(BankAccountChanged(found.id, own, found.masked, f"{found.usable_from:%Y-%m-%d %H:%M} UTC"))
    return found


def number_of(uow: Uow, bank_account_id: str) -> str:
    """In clear, for a payment file. Asks no policy."""
    row = uow.session.get_one(BankAccountRow, bank_account_id)
    return uow.house.keyring.decrypt(SEALED_BY, row.sealed, row.id.encode()).decode()


def _in_force(uow: Uow, organisation_id: str) -> BankAccountRow | None:
    mine = BankAccountRow.organisation_id == organisation_id, BankAccountRow.replaced_at.is_(None)
    chosen = select(BankAccountRow).where(*mine).with_for_update().execution_options(populate_existing=True)
    return uow.session.execute(chosen).scalars().first()

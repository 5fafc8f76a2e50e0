"""A person is forgotten: name, address, devices, private keys. What was done stays, under the pseudonym alone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from compliance.audit.service import record
from compliance.identity import factors, signers, signing_keys, standing
from compliance.identity.errors import AccountNotFound, LastOwner
from compliance.identity.events import AccountForgotten
from compliance.identity.models import (
    Account,
    Membership,
    Organisation,
    PasswordReset,
    PlatformRoleGrant,
    SignInSession,
)
from compliance.identity.signers import KeptRecord
from compliance.identity.types import QualificationState, Role
from compliance.retention import service as retention
from compliance.subjects import service as subjects
from core import mail
from core.actor import Actor
from core.db import Uow


def forget_account(uow: Uow, actor: Actor, account_id: str, *, otp: str = "") -> list[KeptRecord]:
    """Erase what is personal of an account: its own person asks for it, or an officer who was asked.

    Answers what is kept all the same: the name beside signatures whose records the law keeps, see ``signers``. Legal
    holds and terms of keeping win. Confirmed by the second factor of who has one. Again, it changes nothing.
    Raises AccountNotFound for somebody else's, LastOwner, MustBeKept, SecondFactorNeeded, SecondFactorWrong.
    """
    account = uow.session.get(Account, account_id, with_for_update=True)
    if account is None or not (actor.account_id == account_id or actor.platform("officer")):
        raise AccountNotFound()
    if factors.of(uow, actor.account_id or "").enrolled:
        factors.confirm(uow, actor, otp)
    if _owns_alone(uow, account_id):
        raise LastOwner()
    retention.refuse_erasure(uow, actor, [account_id, account.subject_id, *_memberships(uow, account_id)])
    standing.disable(uow, account, actor)
    kept = signers.outlive(uow, account)
    _erase(uow, account)
    record(uow, actor, action="account:forget", object_id=account.pseudonym, data=signers.described(kept))
    uow.emit(AccountForgotten(account_id=account_id))
    return kept


def _memberships(uow: Uow, account_id: str) -> Sequence[str]:
    """The organisations whose people it is one of: a hold on one of them is a hold on what they did for it."""
    theirs = select(Membership.organisation_id).where(Membership.account_id == account_id).distinct()
    return uow.session.execute(theirs.order_by(Membership.organisation_id)).scalars().all()


def _erase(uow: Uow, account: Account) -> None:
    for table in (Membership, PlatformRoleGrant, PasswordReset):
        uow.session.execute(delete(table).where(table.account_id == account.id))
    uow.session.execute(update(SignInSession).where(SignInSession.account_id == account.id).values(client=None))
    factors.forget(uow, account.id)
    signing_keys.forget(uow, account.id)
    mail.forget(uow, account.id)
    account.address_mark, account.password_hash = None, ""
    uow.session.flush()
    subjects.forget(uow, account.subject_id)


def _owns_alone(uow: Uow, account_id: str) -> bool:
    """Whether an organisation that is not closed has no other owner."""
    owned = (
        select(Membership.organisation_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            Membership.account_id == account_id,
            Membership.role == Role.OWNER,
            Organisation.state != QualificationState.CLOSED,
        )
    )
    for organisation_id in uow.session.execute(owned).scalars().all():
        others = select(Membership.account_id).where(
            Membership.organisation_id == organisation_id,
            Membership.role == Role.OWNER,
            Membership.account_id != account_id,
        )
        if uow.session.execute(others.limit(1)).first() is None:
            return True
    return False

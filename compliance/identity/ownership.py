"""An organisation changes hands, or closes: confirmed by whoever it concerns, each with the second factor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from compliance.audit.service import record
from compliance.identity import factors, invitations, letters, queries, standing
from compliance.identity.errors import AccountNotFound, OrganisationStopped, TransferNotFound
from compliance.identity.events import OrganisationClosing, OwnerChanged
from compliance.identity.members import given_roles, owned
from compliance.identity.models import Account, Membership, OwnershipTransfer
from compliance.identity.service import set_qualification
from compliance.identity.types import AccountKind, QualificationState, Role, TransferSnapshot
from compliance.retention import queries as retention
from core import mail
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Invalid

_OPEN_FOR = timedelta(days=7)


def offer(
    uow: Uow, actor: Actor, *, account_id: str, otp: str, roles_after: Sequence[str] = (Role.BUYER,)
) -> TransferSnapshot:
    """An owner offers the organisation to a member; afterwards the owner has ``roles_after``.

    Another offer takes the place of one that waits. Raises Forbidden, AccountNotFound, OwnerIsTransferred,
    SecondFactorNeeded, SecondFactorWrong.
    """
    organisation_id, kept = owned(actor), given_roles(roles_after)
    factors.confirm(uow, actor, otp)
    heir = _heir(uow, organisation_id, account_id)
    if heir.id == actor.account_id:
        raise Invalid("It is yours already.", field="account_id")
    waiting = open_transfer(uow, organisation_id)
    if waiting is not None:
        _end(uow, waiting, "replaced")
    row = OwnershipTransfer(
        id=new_id("otr"), organisation_id=organisation_id, from_account=actor.account_id or "", to_account=heir.id,
        roles_after=",".join(kept), offered_at=uow.now(), expires_at=uow.now() + _OPEN_FOR, outcome="",
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    name = queries.organisation(uow, organisation_id).name
    link = f"{uow.house.settings.web_address}/settings/organisation"
    mail.send(uow, heir.id, *letters.ownership_offered(heir.language, name, link))
    _record(uow, actor, "organisation:offer_ownership", organisation_id, to=heir.pseudonym)
    return _snapshot(row)


def accept(uow: Uow, actor: Actor, transfer_id: str, otp: str) -> None:
    """The member becomes the owner; what the organisation had proven is asked again.

    Raises TransferNotFound for whoever it was not offered to, SecondFactorNeeded, SecondFactorWrong.
    """
    row = _waiting(uow, transfer_id)
    if row.to_account != actor.account_id:
        raise TransferNotFound()
    factors.confirm(uow, actor, otp)
    _give(uow, row)
    _end(uow, row, "accepted")
    standing.state_held(uow, row.organisation_id)
    organisation = queries.organisation(uow, row.organisation_id)
    stopped = organisation.state == QualificationState.SUSPENDED
    set_qualification(
        uow, organisation.id, state=organisation.state if stopped else QualificationState.REGISTERED, level=1,
        until=None, reason=organisation.reason if stopped else "",
    )  # fmt: skip
    uow.emit(OwnerChanged(organisation_id=organisation.id, owner=row.to_account))
    _record(uow, actor, "organisation:accept_ownership", organisation.id, to=actor.pseudonym)


def withdraw(uow: Uow, actor: Actor, transfer_id: str) -> None:
    """The owner takes the offer back, or the member declines it. Raises TransferNotFound."""
    row = _waiting(uow, transfer_id)
    if actor.account_id not in (row.from_account, row.to_account):
        raise TransferNotFound()
    _end(uow, row, "withdrawn")
    _record(uow, actor, "organisation:withdraw_ownership", row.organisation_id)


def waiting_transfer(uow: Uow, actor: Actor) -> TransferSnapshot | None:
    """The offer that waits in the actor's organisation, if the actor gave it or got it."""
    row = open_transfer(uow, actor.organisation_id or "")
    concerned = row is not None and actor.account_id in (row.from_account, row.to_account)
    return _snapshot(row) if row is not None and concerned and row.expires_at > uow.now() else None


def open_transfer(uow: Uow, organisation_id: str) -> OwnershipTransfer | None:
    chosen = select(OwnershipTransfer).where(
        OwnershipTransfer.organisation_id == organisation_id, OwnershipTransfer.ended_at.is_(None)
    )
    return uow.session.execute(chosen).scalar_one_or_none()


def close(uow: Uow, actor: Actor, otp: str) -> None:
    """The organisation acts no more: its members' sessions end, their credentials stop, nobody signs in.

    Refused by whoever has something open with it: orders under way, money that is held or owed.
    Raises Forbidden, SecondFactorNeeded, SecondFactorWrong, OrganisationStopped while an officer has suspended it or a
    legal hold stands on it, and what they raise.
    """
    organisation_id = owned(actor)
    factors.confirm(uow, actor, otp)
    suspended = standing.state_held(uow, organisation_id) == QualificationState.SUSPENDED
    if suspended or retention.standing(uow, organisation_id) is not None:
        raise OrganisationStopped()
    uow.emit(OrganisationClosing(organisation_id=organisation_id))
    _record(uow, actor, "organisation:close", organisation_id)
    set_qualification(uow, organisation_id, state=QualificationState.CLOSED, level=1, until=None)
    theirs = select(Membership.account_id).where(Membership.organisation_id == organisation_id)
    invitations.end_all(uow, organisation_id)
    for account in uow.session.execute(select(Account).where(Account.id.in_(theirs)).order_by(Account.id)).scalars():
        standing.disable(uow, account, actor)


def _heir(uow: Uow, organisation_id: str, account_id: str) -> Account:
    chosen = (
        select(Account)
        .join(Membership, Membership.account_id == Account.id)
        .where(Account.id == account_id, Membership.organisation_id == organisation_id)
    )
    account = uow.session.execute(chosen.distinct()).scalar_one_or_none()
    if account is None or account.kind != AccountKind.PERSON or account.disabled_at is not None:
        raise AccountNotFound(field="account_id")
    return account


def _waiting(uow: Uow, transfer_id: str) -> OwnershipTransfer:
    row = uow.session.get(OwnershipTransfer, transfer_id, with_for_update=True)
    if row is None or row.ended_at is not None or row.expires_at <= uow.now():
        raise TransferNotFound()
    return row


def _give(uow: Uow, row: OwnershipTransfer) -> None:
    """Raises TransferNotFound when who offered it is no owner any more."""
    theirs = (Membership.account_id == row.from_account, Membership.organisation_id == row.organisation_id)
    given = delete(Membership).where(*theirs, Membership.role == Role.OWNER).returning(Membership.role)
    if not uow.session.execute(given).all():
        raise TransferNotFound()
    kept = set(uow.session.execute(select(Membership.role).where(*theirs)).scalars())
    for role in set(row.roles_after.split(",")) - kept:
        uow.session.add(Membership(account_id=row.from_account, organisation_id=row.organisation_id, role=role))
    uow.session.merge(Membership(account_id=row.to_account, organisation_id=row.organisation_id, role=Role.OWNER))
    uow.session.flush()


def _end(uow: Uow, row: OwnershipTransfer, outcome: str) -> None:
    row.ended_at, row.outcome = uow.now(), outcome
    uow.session.flush()


def _snapshot(row: OwnershipTransfer) -> TransferSnapshot:
    return TransferSnapshot(
        row.id, row.organisation_id, row.from_account, row.to_account, tuple(row.roles_after.split(",")),
        row.offered_at, row.expires_at,
    )  # fmt: skip


def _record(uow: Uow, actor: Actor, action: str, organisation_id: str, **data: str) -> None:
    record(uow, actor, action=action, object_id=organisation_id, data=data, concerns=[organisation_id])

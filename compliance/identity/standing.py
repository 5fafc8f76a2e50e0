"""Whether an organisation and an account may act: what stops with them asks here."""

from __future__ import annotations

from sqlalchemy import select

from compliance.audit.service import record
from compliance.identity import factors, queries
from compliance.identity.errors import AccountNotFound
from compliance.identity.events import AccountDisabled
from compliance.identity.models import Account, Organisation, SignInSession
from compliance.identity.rules import normal_email
from core.actor import SYSTEM, Actor
from core.db import Uow


def state_held(uow: Uow, organisation_id: str) -> str | None:
    """The organisation's state, held until the unit ends, so that what it has can be counted; None for no such one."""
    statement = select(Organisation.state).where(Organisation.id == organisation_id).with_for_update()
    return uow.session.execute(statement).scalar_one_or_none()


def disable_account(uow: Uow, *, email: str) -> str:
    """Nobody signs in to it any more, its sessions end, and the credentials it made stop; answers its id.

    Only the command line calls this. Raises AccountNotFound.
    """
    account = queries.account_by_address(uow, normal_email(email))
    if account is None:
        raise AccountNotFound("There is no account with this address.", field="email")
    disable(uow, account, SYSTEM)
    return account.id


def reset_factor(uow: Uow, *, email: str) -> None:
    """The device and the recovery codes are lost: the account sets up a second factor anew when it signs in.

    Only the command line calls this, for whoever runs the exchange has seen the person. Raises AccountNotFound.
    """
    account = queries.account_by_address(uow, normal_email(email))
    if account is None:
        raise AccountNotFound("There is no account with this address.", field="email")
    factors.forget(uow, account.id)
    end_sessions(uow, account.id)
    record(uow, SYSTEM, action="account:reset_factor", object_id=account.pseudonym)


def disable(uow: Uow, account: Account, actor: Actor) -> None:
    """The same for an account that is known; again, it changes nothing."""
    if account.disabled_at is None:
        account.disabled_at = uow.now()
        end_sessions(uow, account.id)
        record(uow, actor, action="account:disable", object_id=account.pseudonym)
        uow.emit(AccountDisabled(account_id=account.id))


def end_sessions(uow: Uow, account_id: str) -> None:
    """Whoever is signed in to the account is not any more."""
    open_sessions = select(SignInSession).where(
        SignInSession.account_id == account_id, SignInSession.ended_at.is_(None)
    )
    for row in uow.session.execute(open_sessions).scalars():
        row.ended_at = uow.now()
    uow.session.flush()

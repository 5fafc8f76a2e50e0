"""What an owner does with members: other roles, leaving; and accounts that are no people."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from compliance.audit.service import record
from compliance.identity import standing
from compliance.identity.errors import AccountNotFound, OwnerIsTransferred
from compliance.identity.models import Account, Membership
from compliance.identity.types import AccountKind, Role
from compliance.subjects import service as subjects
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Forbidden, Invalid


def set_roles(uow: Uow, actor: Actor, account_id: str, roles: Sequence[str]) -> None:
    """A member has exactly these roles from now on. Raises Forbidden, AccountNotFound, OwnerIsTransferred."""
    organisation_id = owned(actor)
    chosen = given_roles(roles)
    account = _member(uow, organisation_id, account_id)
    if account.kind == AccountKind.SERVICE:
        raise Invalid("A service account holds keys, no roles.", field="roles")
    _replace(uow, account.id, organisation_id, chosen)
    _record(uow, actor, "organisation:set_roles", account, roles=",".join(chosen))


def remove(uow: Uow, actor: Actor, account_id: str) -> None:
    """A member leaves: its sessions end, the credentials that it made stop, nobody signs in to it any more.

    Raises Forbidden, AccountNotFound, OwnerIsTransferred.
    """
    organisation_id = owned(actor)
    account = _member(uow, organisation_id, account_id)
    _replace(uow, account.id, organisation_id, ())
    standing.disable(uow, account, actor)
    _record(uow, actor, "organisation:remove_member", account)


def create_service_account(uow: Uow, actor: Actor, *, name: str) -> str:
    """An account for a program: nobody signs in to it, keys are made for it, and all stop together.

    Answers its id. Raises Forbidden.
    """
    if not actor.has(Role.DEVELOPER) or actor.organisation_id is None:
        raise Forbidden("Only a developer or an owner makes service accounts.")
    account = Account(
        id=new_id("acc"), subject_id=subjects.create(uow, name=name), kind=AccountKind.SERVICE, password_hash="",
        pseudonym=new_id("psn"), language=actor.language, created_at=uow.now(),
    )  # fmt: skip
    uow.session.add(account)
    uow.session.flush()
    uow.session.add(
        Membership(account_id=account.id, organisation_id=actor.organisation_id, role=AccountKind.SERVICE)
    )  # fmt: skip
    _record(uow, actor, "organisation:add_service_account", account)
    return account.id


def service_account(uow: Uow, organisation_id: str, account_id: str) -> str:
    """The id of an organisation's service account that is in force. Raises AccountNotFound."""
    account = _member(uow, organisation_id, account_id)
    if account.kind != AccountKind.SERVICE or account.disabled_at is not None:
        raise AccountNotFound(field="service_account_id")
    return account.id


def is_service_account(uow: Uow, account_id: str) -> bool:
    account = uow.session.get(Account, account_id)
    return account is not None and account.kind == AccountKind.SERVICE


def owned(actor: Actor) -> str:
    """The organisation whose owner the actor is. Raises Forbidden."""
    if Role.OWNER not in actor.roles or actor.organisation_id is None:
        raise Forbidden("Only an owner does this.")
    return actor.organisation_id


def given_roles(roles: Sequence[str]) -> tuple[Role, ...]:
    """Raises OwnerIsTransferred for an owner's, Invalid for none."""
    chosen = tuple(sorted({Role(role) for role in roles}))
    if Role.OWNER in chosen:
        raise OwnerIsTransferred("Offer the organisation to a member instead.", field="roles")
    if not chosen:
        raise Invalid("Choose at least one role.", field="roles")
    return chosen


def _member(uow: Uow, organisation_id: str, account_id: str) -> Account:
    """A member who is no owner. Somebody else's is not found."""
    chosen = select(Membership.role).where(
        Membership.account_id == account_id, Membership.organisation_id == organisation_id
    )
    roles = set(uow.session.execute(chosen).scalars())
    if not roles:
        raise AccountNotFound()
    if Role.OWNER in roles:
        raise OwnerIsTransferred("Offer the organisation to a member instead.")
    return uow.session.get_one(Account, account_id, with_for_update=True)


def _replace(uow: Uow, account_id: str, organisation_id: str, roles: Sequence[str]) -> None:
    uow.session.execute(
        delete(Membership).where(Membership.account_id == account_id, Membership.organisation_id == organisation_id)
    )
    for role in roles:
        uow.session.add(Membership(account_id=account_id, organisation_id=organisation_id, role=role))
    uow.session.flush()


def _record(uow: Uow, actor: Actor, action: str, account: Account, **data: str) -> None:
    organisation_id = actor.organisation_id or ""
    record(
        uow, actor, action=action, object_id=organisation_id, data={"account": account.pseudonym} | data,
        concerns=[organisation_id],
    )  # fmt: skip

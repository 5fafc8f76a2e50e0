"""Whom letters can be written to, and in which roles."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from compliance.identity.models import Account, Membership, PlatformRoleGrant
from compliance.identity.types import AccountKind
from core.db import Uow


@dataclass(frozen=True)
class Reach:
    """A person's account, its language, and the roles it holds: (organisation, role), "" for the platform's own."""

    account_id: str
    language: str
    roles: tuple[tuple[str, str], ...]


def people(uow: Uow, *, after: str = "", limit: int = 200) -> list[Reach]:
    """Accounts of people that are not disabled, by id, those after ``after``. Asks no policy: for letters."""
    chosen = (
        select(Account.id, Account.language)
        .where(Account.id > after, Account.disabled_at.is_(None), Account.kind == AccountKind.PERSON)
        .order_by(Account.id)
        .limit(limit)
    )
    found = {row.id: row.language for row in uow.session.execute(chosen)}
    roles: dict[str, list[tuple[str, str]]] = {account_id: [] for account_id in found}
    members = select(Membership.account_id, Membership.organisation_id, Membership.role)
    for account_id, own, role in uow.session.execute(members.where(Membership.account_id.in_(found))):
        roles[account_id].append((own, role))
    grants = select(PlatformRoleGrant.account_id, PlatformRoleGrant.role)
    for account_id, role in uow.session.execute(grants.where(PlatformRoleGrant.account_id.in_(found))):
        roles[account_id].append(("", role))
    return [Reach(account_id, language, tuple(roles[account_id])) for account_id, language in found.items()]

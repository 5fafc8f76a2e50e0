"""A forgotten password: a link by mail, once, for an hour; who has a second factor gives a code too."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from compliance.audit.service import record
from compliance.identity import factors, letters, queries, standing, throttle
from compliance.identity.errors import ResetInvalid
from compliance.identity.models import Account, PasswordReset
from compliance.identity.rules import normal_email
from compliance.subjects import service as subjects
from core import mail
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.keyring import hash_token, new_token

_OPEN_FOR = timedelta(hours=1)
_FREE_ASKS = 4


def ask(house: House, *, email: str, peer: str = "") -> None:
    """Send a link to the account of this address, if there is one: the answer is the same either way.

    Raises EmailInvalid, and TooManyAttempts when it is asked for again and again.
    """
    address, token = normal_email(email), new_token()
    keys = [f"reset:{queries.address_mark(house.keyring, address)[:40]}"]
    if peer:
        keys.append(f"reset-peer:{subjects.mark(house.keyring, 'peer', peer)[:40]}")
    house.db.write(lambda uow: _ask(uow, address, token, keys))


def _ask(uow: Uow, address: str, token: str, keys: list[str]) -> None:
    throttle.check(uow, keys)
    for key in keys:
        throttle.count_failure(uow, key, allowed=_FREE_ASKS * (1 if key.startswith("reset:") else 10))
    account = queries.account_by_address(uow, address)
    if account is None or account.disabled_at is not None:
        return
    uow.session.add(
        PasswordReset(token_hash=hash_token(token), account_id=account.id, expires_at=uow.now() + _OPEN_FOR)
    )  # fmt: skip
    link = f"{uow.house.settings.web_address}/reset?token={token}"
    mail.send(uow, account.id, *letters.reset(account.language, link))


def account_of(uow: Uow, token: str) -> Account:
    """Whose password a link changes. Raises ResetInvalid for whatever is no link in force."""
    row = uow.session.get(PasswordReset, hash_token(token), with_for_update=uow.writes)
    account = uow.session.get(Account, row.account_id) if row else None
    if row is None or account is None or row.expires_at <= uow.now() or account.disabled_at is not None:
        raise ResetInvalid("Ask for another one.", field="token")
    return account


def confirm(uow: Uow, *, token: str, password_hash: str, otp: str = "") -> None:
    """The account has this password; its sessions have ended, its other links are void, its owner is told.

    Raises ResetInvalid; of who has a second factor also SecondFactorNeeded, SecondFactorWrong, TooManyAttempts.
    """
    account = account_of(uow, token)
    if factors.of(uow, account.id).enrolled:
        factors.confirm_account(uow, account.id, otp)
    account.password_hash = password_hash
    uow.session.execute(delete(PasswordReset).where(PasswordReset.account_id == account.id))
    standing.end_sessions(uow, account.id)
    mail.send(uow, account.id, *letters.password_changed(account.language))
    who = Actor(account_id=account.id, pseudonym=account.pseudonym)
    record(uow, who, action="account:reset_password", object_id=account.pseudonym)


def forget_expired(uow: Uow) -> int:
    """Links that are too old; answers how many."""
    old = delete(PasswordReset).where(PasswordReset.expires_at <= uow.now()).returning(PasswordReset.token_hash)
    return len(uow.session.execute(old).all())

"""One-time codes (RFC 6238) as a second factor, and recovery codes for whoever lost the device.

Every code counts once. A wrong one undoes the unit in which it was given; it is counted after that, before another
guess at the account is judged, and after some in a row the account waits.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import CursorResult, delete, func, select, update

from compliance.audit.service import record
from compliance.identity import signing_keys, throttle
from compliance.identity.errors import FactorNotOffered, SecondFactorNeeded, SecondFactorWrong
from compliance.identity.models import RecoveryCode, SecondFactor, SignInSession
from compliance.identity.types import Enrolment, FactorSnapshot
from core.actor import ANONYMOUS, Actor
from core.db import Uow
from core.keyring import hash_token
from core.problems import Refused, Unauthenticated

STEP_S = 30
_DIGITS = 6
SEALED_BY = "second-factors"
_SECRET_BYTES = 20
_RECOVERY_CODES = 10
_FREE_FAILURES = 5


def of(uow: Uow, account_id: str) -> FactorSnapshot:
    """What stands behind an account. Asks no policy: for services and the account's own pages."""
    row = uow.session.get(SecondFactor, account_id)
    unused = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    left = uow.session.execute(unused).scalar_one() if row else 0
    confirmed_at = row.confirmed_at if row else None
    return FactorSnapshot(confirmed_at is not None, confirmed_at, left)


def enrol(uow: Uow, actor: Actor, otp: str = "") -> Enrolment:
    """A new secret for the actor's device; it counts once ``finish`` was given its first code.

    Raises SecondFactorNeeded or SecondFactorWrong when one is in force already and ``otp`` is not of it.
    """
    account_id = _account(actor)
    row = uow.session.get(SecondFactor, account_id, with_for_update=True)
    if row is None:
        row = SecondFactor(account_id=account_id, last_step=-1)
        uow.session.add(row)
        uow.session.flush()
    if row.sealed is not None:
        confirm(uow, actor, otp)
    secret = secrets.token_bytes(_SECRET_BYTES)
    row.offered = uow.house.keyring.encrypt(SEALED_BY, secret, account_id.encode())
    shown = base64.b32encode(secret).decode()
    label = quote(f"Piaohao:{actor.pseudonym[-8:]}")
    return Enrolment(shown, f"otpauth://totp/{label}?secret={shown}&issuer=Piaohao&digits={_DIGITS}&period={STEP_S}")


def finish(uow: Uow, actor: Actor, otp: str) -> list[str]:
    """The offered secret is in force from its first code on; answers the recovery codes, shown once.

    The actor's session counts as opened with it, and the account has a signing key from now on.
    Raises FactorNotOffered, SecondFactorWrong, TooManyAttempts.
    """
    account_id = _account(actor)
    _guess(uow, account_id)
    row = uow.session.get(SecondFactor, account_id, with_for_update=True)
    if row is None or row.offered is None:
        raise FactorNotOffered(hint="Ask for a new secret first.")
    step = _step_of(_opened(uow, account_id, row.offered), otp, uow.now().timestamp())
    if step is None:
        raise _wrong(actor, account_id)
    row.sealed, row.offered, row.last_step, row.confirmed_at = row.offered, None, step, uow.now()
    throttle.forget(uow, _throttle_key(account_id))
    if actor.session_id and (session := uow.session.get(SignInSession, actor.session_id)):
        session.factor_at = uow.now()
    signing_keys.ensure(uow, account_id)
    record(uow, actor, action="account:enrol_factor", object_id=actor.pseudonym)
    return _new_recovery_codes(uow, account_id)


def confirm(uow: Uow, actor: Actor, otp: str) -> None:
    """The actor's act is confirmed by a one-time code, or a recovery code, which is then used up.

    Raises SecondFactorNeeded without code or without a second factor, SecondFactorWrong, TooManyAttempts.
    """
    confirm_account(uow, _account(actor), otp, actor)


def confirm_account(uow: Uow, account_id: str, otp: str, actor: Actor = ANONYMOUS) -> None:
    """The same for an account that is just signing in."""
    row = uow.session.get(SecondFactor, account_id)
    if row is None or row.sealed is None:
        raise SecondFactorNeeded("This account has no second factor yet.", hint="Set one up under Security.")
    code = "".join(otp.split())
    if not code:
        raise SecondFactorNeeded("Give the code that your device shows.", field="otp")
    _guess(uow, account_id)
    used = _use_code(uow, account_id, row.sealed, code) if code.isdecimal() else _use_recovery(uow, account_id, code)
    if not used:
        raise _wrong(actor, account_id)
    throttle.forget(uow, _throttle_key(account_id))


def give(uow: Uow, account_id: str, secret: str) -> None:
    """Put a secret (base32) in force that both sides know already; only what sets an exchange up calls this."""
    sealed = uow.house.keyring.encrypt(SEALED_BY, base64.b32decode(secret), account_id.encode())
    uow.session.add(SecondFactor(account_id=account_id, sealed=sealed, last_step=-1, confirmed_at=uow.now()))
    uow.session.flush()
    signing_keys.ensure(uow, account_id)


def count_wrong(uow: Uow, refusal: Refused) -> None:
    """Count a wrong code once what it was to confirm is undone."""
    if isinstance(refusal, SecondFactorWrong):
        throttle.count_failure(uow, _throttle_key(refusal.object_id), allowed=_FREE_FAILURES)


def forget(uow: Uow, account_id: str) -> None:
    """Nothing stands behind the account any more: when the device is lost, or the account is given up."""
    uow.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    uow.session.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))
    sessions = update(SignInSession).where(SignInSession.account_id == account_id).values(factor_at=None)
    uow.session.execute(sessions)


def code_at(secret: str, step: int) -> str:
    """What a device with this secret (base32) shows in a step of thirty seconds since 1970."""
    return _code(base64.b32decode(secret), step)


def _account(actor: Actor) -> str:
    if actor.account_id is None:
        raise Unauthenticated()
    return actor.account_id


def _guess(uow: Uow, account_id: str) -> None:
    """From here on one guess at an account's code is judged, and counted, after the other. Raises TooManyAttempts."""
    uow.alone(_throttle_key(account_id))
    throttle.check(uow, [_throttle_key(account_id)])


def _throttle_key(account_id: str) -> str:
    return f"factor:{account_id}"


def _wrong(actor: Actor, account_id: str) -> SecondFactorWrong:
    return SecondFactorWrong(
        hint="Wait for the next code of your device.", field="otp", actor=actor, action="second_factor",
        object_id=account_id,
    )  # fmt: skip


def _opened(uow: Uow, account_id: str, sealed: bytes) -> bytes:
    return uow.house.keyring.decrypt(SEALED_BY, sealed, account_id.encode())


def _code(secret: bytes, step: int) -> str:
    totp = TOTP(secret, _DIGITS, SHA1(), STEP_S)  # noqa: S303 - what every device speaks; HMAC is sound with it
    return totp.generate(step * STEP_S).decode()


def _step_of(secret: bytes, code: str, moment: float) -> int | None:
    """The step whose code this is: the present one, or one beside it, for clocks that differ."""
    present = int(moment) // STEP_S
    code = "".join(code.split())
    found = [
        s for s in (present - 1, present, present + 1) if hmac.compare_digest(_code(secret, s).encode(), code.encode())
    ]
    return max(found, default=None)


def _use_code(uow: Uow, account_id: str, sealed: bytes, code: str) -> bool:
    step = _step_of(_opened(uow, account_id, sealed), code, uow.now().timestamp())
    if step is None:
        return False
    unused = (SecondFactor.account_id == account_id, SecondFactor.last_step < step)
    return _changed(uow, update(SecondFactor).where(*unused).values(last_step=step))


def _use_recovery(uow: Uow, account_id: str, code: str) -> bool:
    unused = (
        RecoveryCode.account_id == account_id,
        RecoveryCode.code_hash == hash_token(code.lower().replace("-", "")),
        RecoveryCode.used_at.is_(None),
    )
    return _changed(uow, update(RecoveryCode).where(*unused).values(used_at=uow.now()))


def _changed(uow: Uow, statement: object) -> bool:
    result = uow.session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def _new_recovery_codes(uow: Uow, account_id: str) -> list[str]:
    uow.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(_RECOVERY_CODES)]
    for code in codes:
        uow.session.add(RecoveryCode(account_id=account_id, code_hash=hash_token(code)))
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]

"""What identity refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, DomainError, Invalid, NotFound, TooMany, Unauthenticated


class OrganisationNotFound(NotFound):
    code, title = "organisation_not_found", "There is no such organisation"


class AccountNotFound(NotFound):
    code, title = "account_not_found", "There is no such account"


class SessionNotFound(NotFound):
    code, title = "session_not_found", "There is no such session"


class CreditCodeInvalid(Invalid):
    code, title = "credit_code_invalid", "The unified social credit code is not valid"


class CreditCodeTaken(Conflict):
    code, title = "credit_code_taken", "An organisation with this credit code is registered already"


class EmailTaken(Conflict):
    code, title = "email_taken", "This e-mail address has an account already"


class EmailInvalid(Invalid):
    code, title = "email_invalid", "This is not an e-mail address"


class PasswordTooWeak(Invalid):
    code, title = "password_too_weak", "The password is too weak"


class SignInFailed(Unauthenticated):
    code, title = "sign_in_failed", "E-mail address or password is wrong"


class TooManyAttempts(TooMany):
    code, title = "too_many_attempts", "Too many failed attempts"


__all__ = ["DomainError"]

"""What identity refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, DomainError, Forbidden, Invalid, NotFound, Refused, TooMany, Unauthenticated


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


class CountryInvalid(Invalid):
    code, title = "country_invalid", "This is not a country's code"


class RegistrationNumberInvalid(Invalid):
    code, title = "registration_number_invalid", "The registration number is not valid"


class RegistrationNumberTaken(Conflict):
    code, title = "registration_number_taken", "An organisation with this number is registered already"


class AffiliationInvalid(Invalid):
    code, title = "affiliation_invalid", "These organisations cannot stand so to each other"


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


class SecondFactorNeeded(Forbidden):
    code, title = "second_factor_needed", "This needs a code of your second factor"


class SecondFactorWrong(Refused):
    """The refused unit is undone; the failure is counted, and recorded for who is signed in, after it."""

    code, title = "second_factor_wrong", "The code of your second factor is wrong, or was used already"


class FactorNotOffered(Conflict):
    code, title = "second_factor_not_offered", "No new second factor waits for its first code"


class SigningKeyInvalid(Invalid):
    code, title = "signing_key_invalid", "This is not an Ed25519 public key with a proof by its private half"


class SignatureInvalid(Invalid):
    code, title = "signature_invalid", "The signature does not fit the document and the account's key"


class OwnKeySigns(Conflict):
    code, title = "own_key_signs", "This account keeps its signing key itself: send the signature"


class OwnerIsTransferred(Conflict):
    code, title = "owner_is_transferred", "An owner's role is handed over, not given or taken"


class InvitationNotFound(NotFound):
    code, title = "invitation_not_found", "There is no such invitation, or it has ended"


class ResetInvalid(Invalid):
    code, title = "reset_invalid", "This link was used already, or is too old"


class TransferNotFound(NotFound):
    code, title = "transfer_not_found", "No ownership is offered here"


class LastOwner(Conflict):
    code, title = "last_owner", "Nobody else owns the organisation: hand it over or close it first"


class OrganisationStopped(Conflict):
    code, title = (
        "organisation_stopped",
        "A compliance officer has stopped the organisation: it is not closed meanwhile",
    )


__all__ = ["DomainError"]

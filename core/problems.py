"""Errors of the domain, and the RFC 9457 problem documents that they become.

Every error has a stable ``code``. ``title`` is an English message id that pages and the API
translate; ``detail`` says what happened here, ``field`` which input it concerns, ``hint`` how to
mend it. Details and hints with values in them are ``Sentence`` objects, so that they can be translated too.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self


class Sentence(str):
    """An English sentence with values in it, ``Sentence("At most %(most)s bytes.", most=9)``.

    A string like any other; who speaks to a person of another language translates the template and puts the
    values into that (``core.speech``).
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Self:
        made = super().__new__(cls, template % values)
        made.template, made.values = template, values
        return made


class Bilingual(str):
    """A text that is known in both languages; as a string it is the English one."""

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, *, zh: str, en: str) -> Self:
        made = super().__new__(cls, en)
        made.zh = zh
        return made


class DomainError(Exception):
    """Base of everything a caller may be told."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request could not be carried out"

    def __init__(self, detail: str = "", *, field: str | None = None, hint: str | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.field = field
        self.hint = hint
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """The body of the problem document, without translation."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        optional = {"detail": self.detail, "field": self.field, "hint": self.hint}
        body.update({key: value for key, value in optional.items() if value})
        return body | self.extra


class NotFound(DomainError):
    """Nothing here that the caller may know of."""

    code, status, title = "not_found", 404, "Not found"


class Conflict(DomainError):
    """The thing is not in a state that allows this."""

    code, status, title = "conflict", 409, "This is not possible in the present state"


class Invalid(DomainError):
    """The input cannot be accepted."""

    code, status, title = "invalid", 422, "The input is not valid"


class Unauthenticated(DomainError):
    code, status, title = "sign_in_required", 401, "Please sign in"


class Forbidden(DomainError):
    code, status, title = "forbidden", 403, "You may not do this"


class Refused(Forbidden):
    """A refusal of policy to a signed-in actor; it is written to the audit log although the command is undone."""

    code, title = "refused", "Policy refuses this"
    kept_of_reads = False
    """Whether it is written down also when nothing was to be changed."""

    def __init__(
        self,
        detail: str = "",
        *,
        actor: Any = None,
        action: str = "",
        object_id: str = "",
        decision: Any = None,
        field: str | None = None,
        hint: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail, field=field, hint=hint, **extra)
        self.actor = actor
        self.action = action
        self.object_id = object_id
        self.decision = decision


class StaleVersion(DomainError):
    code, status, title = "stale_version", 412, "Somebody changed this meanwhile"


class PreconditionRequired(DomainError):
    code, status, title = "if_match_required", 428, "Say which version you edit, in If-Match"


class TooLarge(DomainError):
    code, status, title = "too_large", 413, "This is larger than allowed"


class TooMany(DomainError):
    code, status, title = "too_many_requests", 429, "Too many attempts, please wait"


class Unavailable(DomainError):
    code, status, title = "unavailable", 503, "This part is not available at the moment"


class StorageFull(DomainError):
    code, status, title = "storage_full", 507, "There is no room to store this"

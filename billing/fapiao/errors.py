"""What fapiao refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class FapiaoNotFound(NotFound):
    code, title = "fapiao_not_found", "There is no such request for a fapiao"


class NoFapiaoHere(Conflict):
    code, title = "no_fapiao_here", "No fapiao are issued for this"


class FapiaoKindUnknown(Invalid):
    code, title = "fapiao_kind_unknown", "This is not a kind of fapiao"


class FapiaoFieldsMissing(Conflict):
    """``missing`` names the tax details without which it cannot be issued."""

    code, title = "fapiao_fields_missing", "Tax details are missing that a fapiao of this kind needs"


class FapiaoAsked(Conflict):
    code, title = "fapiao_asked", "A fapiao was asked for already"


class FapiaoDecided(Conflict):
    code, title = "fapiao_decided", "This request was decided already"


class FapiaoNumberInvalid(Invalid):
    code, title = "fapiao_number_invalid", "This is not the number of a fapiao"


class FapiaoNumberTaken(Conflict):
    code, title = "fapiao_number_taken", "This fapiao is recorded for another invoice"

"""How a request moves, what a code is, and which particulars can be right: pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence

from compliance.identity.rules import normal_email
from compliance.identity.signers import KeptRecord
from compliance.recognisers import valid_resident_id
from compliance.requests.errors import ParticularsInvalid, RequestStateConflict
from compliance.requests.types import RequestState, words
from core.problems import Sentence

_MOST_NAMED = 20
TRANSITIONS: dict[str, tuple[frozenset[RequestState], RequestState]] = {
    "confirm": (frozenset({RequestState.UNCONFIRMED}), RequestState.OPEN),
    "answer": (frozenset({RequestState.OPEN}), RequestState.ANSWERED),
    "close": (frozenset({RequestState.OPEN, RequestState.ANSWERED}), RequestState.CLOSED),
    "lapse": (frozenset({RequestState.UNCONFIRMED}), RequestState.LAPSED),
}
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 12
_PHONE = re.compile(r"\A(?:(?:\+|00)?86)?1[3-9]\d{9}\Z", re.ASCII)
IDENTIFYING = ("email", "phone", "resident_id")


def follow(state: str, step: str) -> RequestState:
    """The state after ``step``. Raises RequestStateConflict."""
    allowed, target = TRANSITIONS[step]
    if state not in allowed:
        raise RequestStateConflict(Sentence("The request is %(state)s.", state=state), state=state)
    return target


def new_code() -> str:
    """Twelve characters that nobody confuses: 58 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))


def typed_code(text: str) -> str:
    """A code as it was meant, however it was typed."""
    return re.sub(r"[\s-]", "", text).upper()


def particulars(given: Mapping[str, str]) -> dict[str, str]:
    """What was told, trimmed, without what is empty. Raises EmailInvalid, ParticularsInvalid naming the field."""
    told = {name: text.strip() for name, text in given.items() if text and text.strip()}
    told["email"] = normal_email(told.get("email", ""))
    phone = re.sub(r"[\s()-]", "", told.get("phone", ""))
    if phone and not _PHONE.match(phone):
        raise ParticularsInvalid("A mobile number of mainland China.", field="phone")
    if "resident_id" in told and not valid_resident_id(told["resident_id"].upper()):
        raise ParticularsInvalid("Its check character does not fit.", field="resident_id")
    return told


def said_of_kept(kept: Sequence[KeptRecord], language: str) -> str:
    """What stays of an erased account, for its person: which things, until when, and by which law."""
    things = [each.object_id + (f", {each.until:%Y-%m-%d}" if each.until else "") for each in kept[:_MOST_NAMED]]
    basis = "; ".join(dict.fromkeys(each.basis for each in kept))
    said = words().kept[language if language in words().kept else "zh"]
    return said.format(things="; ".join([*things, *["…"][: len(kept) > _MOST_NAMED]]), basis=basis)

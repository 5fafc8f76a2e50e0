"""What a licence allows: pure, and anything in it that is not understood allows nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from exchange.licences.policy import CONTEXT, PROFILE, urn
from exchange.licences.types import PURPOSE_NEEDED, UNREADABLE, Limits, Use, Verdict

Check = Callable[[Any, Use], Verdict]
_ANY = "isAnyOf"


class _Unreadable(ValueError):
    """Not a term that this evaluator knows."""


def evaluate(policy: Mapping[str, Any], use: Use) -> Verdict:
    """Whether the agreement permits the use: every constraint of its one permission has to hold."""
    try:
        found = [(_RANK[name], _verdict(name, each, use)) for each in _constraints(policy) for name in [_name(each)]]
    except (_Unreadable, KeyError, TypeError, ValueError):
        return Verdict(UNREADABLE)
    refused = [(rank, verdict) for rank, verdict in found if not verdict.permitted]
    return min(refused, key=lambda each: each[0])[1] if refused else Verdict()


def limits(policy: Mapping[str, Any]) -> Limits:
    """What the agreement names, for those who cannot ask about each use. Raises ValueError if it is not understood."""
    try:
        constraints = _constraints(policy)
        named = {_name(each): each["rightOperand"] for each in constraints}
        if len(named) < len(constraints) or not named.keys() <= _CHECKS.keys():
            raise _Unreadable
        recipients = [each.removeprefix(urn("")) for each in _list(named["recipient", _ANY])]
        purposes, territories, deliveries = (
            _list(named.get((operand, _ANY), [])) for operand in ("purpose", "spatial", "deliveryChannel")
        )
    except (KeyError, TypeError) as error:
        raise _Unreadable from error
    return Limits(
        tuple(purposes), tuple(territories), tuple(recipients), tuple(deliveries), named.get(("count", "lteq"))
    )  # fmt: skip


def _constraints(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if policy["@context"] != CONTEXT or policy["profile"] != PROFILE or policy["@type"] != "Agreement":
        raise _Unreadable
    (permission,) = policy["permission"]
    if permission["action"] != "use" or permission.keys() & {"duty", "refinement"}:
        raise _Unreadable
    return list(permission["constraint"])


def _name(constraint: Mapping[str, Any]) -> tuple[str, str]:
    if constraint.keys() != {"leftOperand", "operator", "rightOperand"}:
        raise _Unreadable
    return constraint["leftOperand"], constraint["operator"]


def _verdict(name: tuple[str, str], constraint: Mapping[str, Any], use: Use) -> Verdict:
    return _CHECKS[name](constraint["rightOperand"], use)


def _starts(value: Any, use: Use) -> Verdict:
    return _refuse_if(use.at < _moment(value), "licence_not_started", value["@value"], use.at.isoformat())


def _ends(value: Any, use: Use) -> Verdict:
    return _refuse_if(use.at >= _moment(value), "licence_expired", value["@value"], use.at.isoformat())


def _purpose(value: Any, use: Use) -> Verdict:
    if use.purpose is None:
        return _refuse_if(len(_list(value)) > 1, PURPOSE_NEEDED, ", ".join(value), "")
    return _refuse_if(use.purpose not in _list(value), "purpose_not_declared", ", ".join(value), use.purpose)


def _territory(value: Any, use: Use) -> Verdict:
    return _refuse_if(use.territory not in _list(value), "territory_not_permitted", ", ".join(value), use.territory)


def _recipient(value: Any, use: Use) -> Verdict:
    asked = urn(use.recipient)
    return _refuse_if(asked not in _list(value), "recipient_not_permitted", ", ".join(value), asked)


def _channel(value: Any, use: Use) -> Verdict:
    return _refuse_if(use.channel not in _list(value), "delivery_not_permitted", ", ".join(value), use.channel)


def _count(value: Any, use: Use) -> Verdict:
    if type(value) is not int:
        raise _Unreadable
    return _refuse_if(use.before >= value, "quota_exhausted", str(value), str(use.before + 1))


def _refuse_if(refused: bool, code: str, needed: str, actual: str) -> Verdict:
    return Verdict(code, needed, actual) if refused else Verdict()


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value["@value"])
    if value["@type"] != "xsd:dateTime" or found.tzinfo is None:
        raise _Unreadable
    return found


def _list(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _Unreadable
    return value


_CHECKS: Mapping[tuple[str, str], Check] = {
    ("dateTime", "lt"): _ends,
    ("dateTime", "gteq"): _starts,
    ("purpose", _ANY): _purpose,
    ("spatial", _ANY): _territory,
    ("recipient", _ANY): _recipient,
    ("deliveryChannel", _ANY): _channel,
    ("count", "lteq"): _count,
}
_RANK = {name: place for place, name in enumerate(_CHECKS)}
"""Of several terms that refuse, the first here is told."""

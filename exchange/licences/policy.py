"""The agreement: terms that two parties settled on, as ODRL 2.2. ``docs/formats/licence.md`` is the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
PROFILE = "urn:piaohao:odrl:1"
_XSD_TIME = "xsd:dateTime"


@dataclass(frozen=True)
class Parties:
    """Who licenses what to whom, and from when until when (half-open; None: without end)."""

    licence_id: str
    supplier_id: str
    holder_id: str
    listing_id: str
    revision_id: str
    starts_at: datetime
    ends_at: datetime | None


def odrl(terms: Mapping[str, Any], parties: Parties) -> dict[str, Any]:
    """The agreement of these terms.

    Read of the terms: ``purposes``, ``territories``, ``recipients``, ``count``, ``deliveries`` and ``watermark``. What
    is absent or empty does not limit, but for the recipients: the holder alone, and those that are named.
    """
    target = urn(parties.revision_id)
    recipients = [parties.holder_id, *(terms.get("recipients") or ())]
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Agreement",
        "uid": urn(parties.licence_id),
        "profile": PROFILE,
        "permission": [
            {
                "target": target,
                "assigner": urn(parties.supplier_id),
                "assignee": urn(parties.holder_id),
                "action": "use",
                "constraint": [*_period(parties), *_limits(terms, recipients)],
            }
        ],
        "prohibition": [
            {
                "target": target,
                "assignee": urn(parties.holder_id),
                "action": "distribute",
                "constraint": [_constraint("recipient", "isNoneOf", _urns(recipients))],
            }
        ],
        "dct:isPartOf": urn(parties.listing_id),
    }
    if terms.get("watermark"):
        document["obligation"] = [{"target": target, "assignee": urn(parties.supplier_id), "action": "watermark"}]
    return document


def urn(id: str) -> str:
    """How ids of the exchange are written in a policy."""
    return f"urn:piaohao:{id}"


def _period(parties: Parties) -> list[dict[str, Any]]:
    found = [_constraint("dateTime", "gteq", _moment(parties.starts_at))]
    return found if parties.ends_at is None else [*found, _constraint("dateTime", "lt", _moment(parties.ends_at))]


def _limits(terms: Mapping[str, Any], recipients: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for operand, name in (("purpose", "purposes"), ("spatial", "territories"), ("deliveryChannel", "deliveries")):
        if terms.get(name):
            found.append(_constraint(operand, "isAnyOf", sorted(set(terms[name]))))
    found.append(_constraint("recipient", "isAnyOf", _urns(recipients)))
    if terms.get("count") is not None:
        found.append(_constraint("count", "lteq", terms["count"]))
    return found


def _constraint(operand: str, operator: str, value: Any) -> dict[str, Any]:
    return {"leftOperand": operand, "operator": operator, "rightOperand": value}


def _moment(moment: datetime) -> dict[str, str]:
    return {"@value": moment.astimezone(UTC).isoformat(timespec="microseconds"), "@type": _XSD_TIME}


def _urns(ids: Sequence[str]) -> list[str]:
    return [urn(each) for each in dict.fromkeys(ids)]

"""An interface as its supplier makes it: what a form says of picked operations, and the trials that prove them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.interfaces import queries
from catalog.interfaces.types import FoundOperation, OpenApiCheck, OwnInterface, Trial
from core.actor import Actor
from core.db import Uow
from core.problems import Invalid

_SEPARATORS = re.compile(r"[,，、\n]+")


@dataclass(frozen=True)
class OperationForm:
    """One operation of a document that was read: what the form shows of it, as typed or as proposed."""

    operation: FoundOperation
    position: int
    picked: bool
    summary: str
    hit: str
    miss: str
    pointer: str
    hit_values: str
    miss_values: str


@dataclass(frozen=True)
class OwnOperation:
    """An operation of the interface in the draft, with its newest trial."""

    operation: Mapping[str, Any]
    trial: Trial | None

    @property
    def proven(self) -> bool:
        return self.trial is not None and self.trial.succeeded


@dataclass(frozen=True)
class OwnPage:
    """The interface of a draft as its supplier sees it."""

    own: OwnInterface
    operations: list[OwnOperation]

    @property
    def unproven(self) -> list[str]:
        return [each.operation["id"] for each in self.operations if not each.proven]


def own(uow: Uow, actor: Actor, interface_id: str) -> OwnPage:
    """Raises InterfaceNotFound."""
    found = queries.get(uow, actor, interface_id)
    proven = queries.proof(uow, found.interface)
    newest: dict[str, Trial] = {}
    for trial in queries.trials(uow, actor, interface_id):
        newest.setdefault(trial.operation, trial)
    shown = newest | proven
    return OwnPage(found, [OwnOperation(each, shown.get(each["id"])) for each in found.interface.operations])


def forms_of(check: OpenApiCheck, form: Mapping[str, str]) -> list[OperationForm]:
    """The operations as the page that picks them shows them."""
    sent, position, shown = "check" in form, 0, []
    for each in check.operations:
        picked = not each.problem and (f"pick-{each.id}" in form if sent else True)
        shown.append(_form_of(each, form if sent else {}, position, picked=picked))
        position += picked
    return shown


def _form_of(each: FoundOperation, form: Mapping[str, str], position: int, *, picked: bool) -> OperationForm:
    statuses = each.proposed_outcome["statuses"]
    proposed = {
        "hit": ", ".join(status for status, means in statuses.items() if means == "hit"),
        "miss": ", ".join(status for status, means in statuses.items() if means == "miss"),
        "pointer": "", "hit_values": "", "miss_values": "", "summary": each.summary,
    }  # fmt: skip
    typed = {name: form.get(f"{name}-{each.id}", value) for name, value in proposed.items()}
    return OperationForm(each, position, picked, **typed)


def picked(check: OpenApiCheck, form: Mapping[str, str]) -> list[dict[str, Any]]:
    """The service's argument: the ticked operations with their outcome rules."""
    return [_picked(each) for each in forms_of(check, form) if each.picked]


def _picked(each: OperationForm) -> dict[str, Any]:
    said: dict[str, Any] = {"operation": each.operation.id, "outcome": outcome_of(each)}
    return said | ({"summary": each.summary.strip()[:300]} if each.summary.strip() else {})


def outcome_of(each: OperationForm) -> dict[str, Any]:
    """The rule as the interface document has it; what was left empty is left out."""
    statuses = dict.fromkeys(_parts(each.hit), "hit") | dict.fromkeys(_parts(each.miss), "miss")
    rule: dict[str, Any] = {"statuses": statuses}
    if each.pointer.strip():
        rule["pointer"] = each.pointer.strip()
        rule["hit"] = [_value(part) for part in _parts(each.hit_values)]
        if each.miss_values.strip():
            rule["miss"] = [_value(part) for part in _parts(each.miss_values)]
    return rule


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def _value(text: str) -> Any:
    """``true``, ``7`` and ``null`` are meant; anything else, and what stands in quotes, is a text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if value is None or isinstance(value, (bool, int, str)) else text


def upstream_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Address and times of the upstream. Raises Invalid naming the field."""
    return {
        "base_url": form.get("base_url", "").strip(),
        "timeout_ms": _whole(form, "timeout_ms", 10_000),
        "connect_timeout_ms": _whole(form, "connect_timeout_ms", 2_000),
    }  # fmt: skip


def _whole(form: Mapping[str, str], name: str, default: int) -> int:
    text = form.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Invalid("Write a whole number.", field=f"upstream.{name}")
    return int(text)


def credential_of(form: Mapping[str, str]) -> dict[str, str]:
    """How the upstream knows us: kind, and name where the kind has one."""
    kind = form.get("credential_kind", "none")
    if kind not in ("none", "header", "query", "basic"):
        raise Invalid("Choose how the upstream knows the exchange.", field="credential.kind")
    named = kind in ("header", "query")
    return {"kind": kind, "name": form.get("credential_name", "").strip() if named else ""}

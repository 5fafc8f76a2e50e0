"""What qualification does when owners change, and what it adds to refusals for want of a level."""

from __future__ import annotations

from compliance.identity.events import OwnerChanged
from compliance.policy import PolicyRefused
from compliance.qualification import queries, service
from core.actor import Actor
from core.db import Uow

_CODE = "qualification_needed"


def owner_changed(uow: Uow, event: OwnerChanged) -> None:
    service.ask_again(uow, event.organisation_id)


def name_documents(uow: Uow, refusal: PolicyRefused) -> None:
    """To a refusal for want of a level: the level, the documents that it lacks, and where they are handed in."""
    need = next((each for each in refusal.decision.needs if each.code == _CODE), None)
    actor = refusal.actor
    if need is None or not isinstance(actor, Actor) or actor.organisation_id is None or not need.needed.isdecimal():
        return
    level = int(need.needed)
    missing = queries.missing(uow, actor.organisation_id, level)
    refusal.extra["qualification"] = {
        "level": level, "yours": actor.qualification,
        "documents_missing": [{"kind": each.kind, "zh": each.zh, "en": each.en} for each in missing],
    }  # fmt: skip
    if missing:
        refusal.hint = service.lacking(missing, level)

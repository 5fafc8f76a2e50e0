"""Organisations that belong together: one stands under another, as an officer has seen in their papers."""

from __future__ import annotations

from compliance.audit.service import record
from compliance.identity import queries
from compliance.identity.errors import AffiliationInvalid, OrganisationNotFound
from compliance.identity.models import Organisation
from compliance.identity.types import OrganisationSnapshot
from core.actor import Actor
from core.db import Uow
from core.problems import Forbidden


def set_parent(uow: Uow, actor: Actor, organisation_id: str, parent_id: str | None) -> OrganisationSnapshot:
    """An officer records under which organisation this one stands, or that it stands alone again.

    Raises Forbidden, OrganisationNotFound, AffiliationInvalid for a circle.
    """
    if not actor.platform("officer"):
        raise Forbidden("Only a compliance officer records who belongs to whom.")
    organisation = uow.session.get(Organisation, organisation_id, with_for_update=True)
    if organisation is None or (parent_id is not None and uow.session.get(Organisation, parent_id) is None):
        raise OrganisationNotFound()
    if parent_id is not None and organisation_id in queries.line_of(uow, parent_id):
        raise AffiliationInvalid("The parent stands under this organisation already.", field="parent_id")
    organisation.parent_id = parent_id
    organisation.version += 1
    uow.session.flush()
    record(
        uow, actor, action="organisation:set_parent", object_id=organisation_id, object_version=organisation.version,
        data={"parent": parent_id or "none"}, concerns=[organisation_id, parent_id or ""],
    )  # fmt: skip
    return organisation.snapshot(uow.now())

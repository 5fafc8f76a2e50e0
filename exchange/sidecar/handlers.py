"""Reactions that run in the unit of the change itself: what gateways know of it is out of date when it commits."""

from __future__ import annotations

from catalog.interfaces.events import UpstreamCredentialChanged
from catalog.listings.events import ListingChanged, ListingNarrowed
from compliance.identity.events import QualificationChanged
from compliance.keys.events import KeyChanged
from compliance.oauth.events import ClientChanged, SigningKeysChanged, TokenRevoked
from compliance.policy.events import PolicyActivated, RelationChanged
from compliance.policy.relations import RelationKind
from core.db import Uow
from exchange.sidecar.changes import note
from exchange.sidecar.types import Kind, Ref
from exchange.trading import queries as trading
from exchange.trading.events import EntitlementChanged


def key_changed(uow: Uow, event: KeyChanged) -> None:
    note(uow, Ref(Kind.KEY, event.key_id))


def client_changed(uow: Uow, event: ClientChanged) -> None:
    note(uow, Ref(Kind.CLIENT, event.client_id))


def token_revoked(uow: Uow, event: TokenRevoked) -> None:
    note(uow, Ref(Kind.REVOKED, event.jti))


def signing_keys_changed(uow: Uow, event: SigningKeysChanged) -> None:
    note(uow, Ref(Kind.JWK, ""))


def organisation_changed(uow: Uow, event: QualificationChanged) -> None:
    """Its members' rights depend on it: what it holds is compiled again too."""
    note(uow, Ref(Kind.ORG, event.organisation_id))


def entitlement_changed(uow: Uow, event: EntitlementChanged) -> None:
    note(uow, Ref(Kind.ENTITLEMENT, event.entitlement_id))


def policy_activated(uow: Uow, event: PolicyActivated) -> None:
    note(uow, Ref(Kind.POLICY, event.hash))


def relation_changed(uow: Uow, event: RelationChanged) -> None:
    """A contract was signed or ended: the right of its order is compiled again."""
    if event.kind == RelationKind.CONTRACT:
        for entitlement_id in trading.entitlement_ids(uow, order_id=event.object_id):
            note(uow, Ref(Kind.ENTITLEMENT, entitlement_id))


def listing_changed(uow: Uow, event: ListingChanged | ListingNarrowed) -> None:
    note(uow, Ref(Kind.INTERFACE, event.listing_id))


def credential_changed(uow: Uow, event: UpstreamCredentialChanged) -> None:
    note(uow, Ref(Kind.CREDENTIAL, event.interface_id))

"""The sidecar's place in the house: what gateways know is noted as changed in the change's own unit."""

from __future__ import annotations

from catalog.interfaces.events import UpstreamCredentialChanged
from catalog.listings.events import ListingChanged, ListingNarrowed
from compliance.identity.events import QualificationChanged
from compliance.keys.events import KeyChanged
from compliance.oauth.events import ClientChanged, SigningKeysChanged, TokenRevoked
from compliance.policy.events import PolicyActivated, RelationChanged
from core.house import House
from exchange.sidecar import handlers
from exchange.trading.events import EntitlementChanged


def include(house: House) -> None:
    inline = house.registry.inline
    inline(QualificationChanged, handlers.organisation_changed)
    inline(KeyChanged, handlers.key_changed)
    inline(ClientChanged, handlers.client_changed)
    inline(TokenRevoked, handlers.token_revoked)
    inline(SigningKeysChanged, handlers.signing_keys_changed)
    inline(PolicyActivated, handlers.policy_activated)
    inline(RelationChanged, handlers.relation_changed)
    inline(ListingChanged, handlers.listing_changed)
    inline(ListingNarrowed, handlers.listing_changed)
    inline(UpstreamCredentialChanged, handlers.credential_changed)
    inline(EntitlementChanged, handlers.entitlement_changed)

"""Who may call what, in memory, as the sidecar tells it. Changed item by item; a fresh one is built beside the old."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from exchange.gateway.allowance import Allowance
from exchange.gateway.outcome import PointerMalformed, Rule
from exchange.gateway.record import Address, Outcome
from exchange.gateway.refusals import REFUSALS
from exchange.gateway.routes import Operation, Router
from exchange.gateway.tokens import Verifier
from exchange.gateway.upstreams import Injection, Origin, Target

Item = Mapping[str, Any]
_OUTCOMES = {outcome.text: outcome for outcome in Outcome}
_versions = count()
_INFINITY = float("inf")


@dataclass(slots=True)
class Credential:
    """An API key, or an OAuth client (then each of its tokens has one of these, with the token's times)."""

    id: str
    organisation_id: str
    live: bool
    listing_ids: frozenset[str] | None
    active: bool
    starts_at: float = 0.0
    expires_at: float = _INFINITY
    jti: str = ""


@dataclass(slots=True)
class Revision:
    """An interface as one revision of its listing describes it."""

    target: Target
    router: Router


@dataclass(slots=True)
class Interface:
    """A listing of an interface."""

    on_sale: bool
    suspended: bool
    revisions: dict[str, Revision]


@dataclass(slots=True, eq=False)
class Grant:
    """Everything that is the same for all calls of one operation by one credential under one entitlement."""

    entitlement: Entitlement
    credential: Credential
    operation: Operation
    target: Target
    live: bool
    address: bytes
    log: bytes
    billed: tuple[bool, ...]
    allowance: Allowance
    plan_hash: bytes
    policy: bytes


@dataclass(slots=True, eq=False)
class Entitlement:
    """A licence to call, with what it allows.

    No ``territories``: everywhere; ``country`` is the holder's. ``declares``: its purpose has to be said.
    ``lacking`` is the code of what the listing's tier asks for and is not there.
    """

    id: str
    order_id: str
    organisation_id: str
    supplier_id: str
    listing_id: str
    revision_id: str
    purposes: frozenset[bytes]
    territories: frozenset[bytes]
    recipients: frozenset[bytes]
    country: bytes
    declares: bool
    tier: int
    active: bool
    frozen: bool
    lacking: str
    starts_at: float
    ends_at: float
    plan_hash: bytes
    billable: frozenset[int]
    policy: bytes
    allowance: Allowance
    grants: dict[tuple[int, int], Grant] = field(default_factory=dict)

    def grant(self, credential: Credential, operation: Operation, target: Target) -> Grant:
        """The grant for this pair, made at its first call."""
        key = (id(credential), id(operation))
        found = self.grants.get(key)
        if found is None or found.credential is not credential or found.operation is not operation:
            if len(self.grants) > 1_000:
                self.grants.clear()
            found = self.grants[key] = self._grant(credential, operation, target)
        return found

    def _grant(self, credential: Credential, operation: Operation, target: Target) -> Grant:
        address = Address(
            self.id, self.order_id, self.organisation_id, self.supplier_id, self.listing_id, operation.id, credential.id
        )
        log = b'","entitlement":"%b","listing":"%b","operation":"%b","credential":"%b"' % tuple(
            part.encode("ascii", "replace").replace(b'"', b"?").replace(b"\\", b"?")
            for part in (self.id, self.listing_id, operation.id, credential.id)
        )
        billed = tuple(credential.live and outcome in self.billable for outcome in range(max(Outcome) + 1))
        return Grant(
            self, credential, operation, target, credential.live, address.pack(), log, billed, self.allowance,
            self.plan_hash, self.policy,
        )  # fmt: skip


class Snapshot:
    """All of it. Empty until filled."""

    def __init__(self, allowance: Callable[[str], Allowance]) -> None:
        self._allowance = allowance
        self.version = next(_versions)
        self.keys: dict[bytes, Credential] = {}
        self.key_fingerprints: dict[str, bytes] = {}
        self.clients: dict[str, Credential] = {}
        self.tokens: dict[bytes, Credential] = {}
        self.revoked: set[str] = set()
        self.organisations: dict[str, bool] = {}
        self.interfaces: dict[str, Interface] = {}
        self.entitlements: dict[str, Entitlement] = {}
        self.held: dict[tuple[str, str], list[Entitlement]] = {}
        self.settings: Item = {}
        self._jwks: dict[str, Item] = {}
        self._verifier: Verifier | None = None
        self._origins: dict[Origin, Origin] = {}

    @property
    def verifier(self) -> Verifier:
        if self._verifier is None:
            settings = self.settings
            self._verifier = Verifier(str(settings.get("issuer", "")), str(settings.get("audience", "")), self._jwks)
        return self._verifier

    def put(self, item: Item) -> None:
        """Take over one item, new or changed. An item of an unknown kind is passed over."""
        self.version = next(_versions)
        act = _PUT.get(item["k"])
        if act is not None:
            act(self, item)

    def drop(self, kind: str, id: str) -> None:
        """Forget one item. One that is not known is passed over."""
        self.version = next(_versions)
        act = _DROP.get(kind)
        if act is not None:
            act(self, id)

    def _put_key(self, item: Item) -> None:
        fingerprint = bytes.fromhex(item["sha256"])
        self._drop_key(item["id"])
        self.key_fingerprints[item["id"]] = fingerprint
        self.keys[fingerprint] = _credential(item)

    def _drop_key(self, id: str) -> None:
        fingerprint = self.key_fingerprints.pop(id, None)
        if fingerprint is not None:
            self.keys.pop(fingerprint, None)

    def _put_client(self, item: Item) -> None:
        self.clients[item["id"]] = _credential(item)
        self.tokens.clear()

    def _drop_client(self, id: str) -> None:
        self.clients.pop(id, None)
        self.tokens.clear()

    def _put_jwk(self, item: Item) -> None:
        self._jwks[item["id"]] = item["jwk"]
        self._verifier = None
        self.tokens.clear()

    def _drop_jwk(self, id: str) -> None:
        self._jwks.pop(id, None)
        self._verifier = None
        self.tokens.clear()

    def _put_revoked(self, item: Item) -> None:
        self.revoked.add(item["id"])

    def _drop_revoked(self, id: str) -> None:
        self.revoked.discard(id)

    def _put_org(self, item: Item) -> None:
        self.organisations[item["id"]] = bool(item["active"])

    def _drop_org(self, id: str) -> None:
        self.organisations.pop(id, None)

    def _put_settings(self, item: Item) -> None:
        self.settings = item
        self._verifier = None
        self.tokens.clear()

    def _put_interface(self, item: Item) -> None:
        revisions = {id: self._revision(document) for id, document in item["revisions"].items()}
        self.interfaces[item["id"]] = Interface(bool(item["on_sale"]), bool(item.get("suspended")), revisions)
        for entitlement in self.entitlements.values():
            if entitlement.listing_id == item["id"]:
                entitlement.grants.clear()

    def _drop_interface(self, id: str) -> None:
        self.interfaces.pop(id, None)

    def _revision(self, document: Item) -> Revision:
        upstream = document["upstream"]
        parts = urlsplit(upstream["base_url"])
        tls = parts.scheme == "https"
        origin = Origin(parts.hostname or "", parts.port or (443 if tls else 80), tls)
        origin = self._origins.setdefault(origin, origin)
        target = Target(
            origin,
            parts.path.rstrip("/").encode(),
            float(upstream.get("timeout_ms") or 30_000) / 1000,
            float(upstream.get("connect_timeout_ms") or 5_000) / 1000,
            Injection.of(document.get("credential") or {}),
        )
        return Revision(target, Router(_operations(document["operations"])))

    def _put_entitlement(self, item: Item) -> None:
        allowance = self._allowance(item["id"])
        allowance.configure(item.get("limits") or {}, funding=bool(item.get("funding")))
        entitlement = Entitlement(
            item["id"], item["order_id"], item["organisation_id"], item["supplier_id"], item["listing_id"],
            item["revision_id"], _texts(item["purposes"]), _texts(item["territories"]), _texts(item["recipients"]),
            item["country"].encode(), bool(item["declares"]), int(item["tier"]), item["state"] == "active",
            bool(item["frozen"]), _lacking(item), _time(item.get("starts_at"), 0.0),
            _time(item.get("ends_at"), _INFINITY), bytes.fromhex(item["plan_hash"]),
            frozenset(int(_OUTCOMES[name]) for name in item.get("billable", ())), _policy(allowance, item), allowance,
        )  # fmt: skip
        self._drop_entitlement(entitlement.id)
        self.entitlements[entitlement.id] = entitlement
        place = (entitlement.organisation_id, entitlement.listing_id)
        self.held[place] = sorted([*self.held.get(place, ()), entitlement], key=lambda each: (each.ends_at, each.id))

    def _drop_entitlement(self, id: str) -> None:
        former = self.entitlements.pop(id, None)
        if former is None:
            return
        former.grants.clear()
        place = (former.organisation_id, former.listing_id)
        left = [each for each in self.held[place] if each is not former]
        if left:
            self.held[place] = left
        else:
            del self.held[place]


_PUT: dict[str, Callable[[Snapshot, Item], None]] = {
    "key": Snapshot._put_key,
    "client": Snapshot._put_client,
    "jwk": Snapshot._put_jwk,
    "revoked": Snapshot._put_revoked,
    "org": Snapshot._put_org,
    "interface": Snapshot._put_interface,
    "entitlement": Snapshot._put_entitlement,
    "settings": Snapshot._put_settings,
}
_DROP: dict[str, Callable[[Snapshot, str], None]] = {
    "key": Snapshot._drop_key,
    "client": Snapshot._drop_client,
    "jwk": Snapshot._drop_jwk,
    "revoked": Snapshot._drop_revoked,
    "org": Snapshot._drop_org,
    "interface": Snapshot._drop_interface,
    "entitlement": Snapshot._drop_entitlement,
}


def _credential(item: Item) -> Credential:
    listings = item.get("listing_ids")
    return Credential(
        item["id"],
        item["organisation_id"],
        item["mode"] == "live",
        None if listings is None else frozenset(listings),
        item["state"] == "active",
        _time(item.get("starts_at"), 0.0),
        _time(item.get("expires_at"), _INFINITY),
    )


def _texts(texts: Iterable[str]) -> frozenset[bytes]:
    return frozenset(text.encode() for text in texts)


def _lacking(item: Item) -> str:
    if item["permitted"]:
        return ""
    return item["lacking"] if item["lacking"] in REFUSALS else "tier_not_permitted"


def _time(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else float(value)


def _operations(documents: list[Item]) -> list[tuple[str, str, Operation]]:
    """An operation whose rule cannot be read is left out: it is refused, never guessed at."""
    found = []
    for document in documents:
        try:
            rule = Rule(document.get("outcome") or {})
        except (PointerMalformed, KeyError, ValueError):
            continue
        found.append((document["method"], document["path"], Operation(document["id"], rule)))
    return found


def _policy(allowance: Allowance, item: Item) -> bytes:
    """The header that tells the limits: the rate's bucket with its window, then the quota."""
    limits = item.get("limits") or {}
    window = max(1, -(-allowance.burst // allowance.rate))
    text = f'"rate";q={allowance.burst};w={window}'
    if limits.get("quota") is not None:
        text += f', "quota";q={limits["quota"]};w={86_400 * (31 if limits.get("quota_period") == "month" else 1)}'
    return f"RateLimit-Policy: {text}\r\nRateLimit-Limit: {allowance.burst}\r\n".encode()

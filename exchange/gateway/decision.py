"""May this credential call this? Pure: the snapshot and the moment decide, nothing is read or written elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.gateway.heads import NOTHING_CLAIMED, Claim, fingerprint
from exchange.gateway.refusals import Refusal, Refused
from exchange.gateway.routes import Route, well_spelled
from exchange.gateway.snapshot import Credential, Entitlement, Grant, Interface, Revision, Snapshot
from exchange.gateway.tokens import TokenInvalid

_TOKENS_KEPT = 20_000


@dataclass(slots=True)
class Admission:
    """Who calls a listing's interface, under which right. Good from ``since`` until ``until``, while nothing changes.

    ``alone`` when there was no other right to choose.
    """

    who: Credential
    revision: Revision
    entitlement: Entitlement
    since: float
    until: float
    version: int
    alone: bool


def decide(
    snapshot: Snapshot,
    credential: bytes | None,
    method: bytes,
    path: bytes,
    now: float,
    claim: Claim = NOTHING_CLAIMED,
) -> Grant | Refusal:
    """The grant for a call of ``/{listing}{operation path}``, or why not.

    ``now`` is unix time. A caller without a good credential learns nothing of what there is.
    """
    try:
        listing_id, rest = split(path)
        return operate(admit(snapshot, credential, listing_id, now, claim), method, rest)
    except Refused as refused:
        return refused.refusal


def split(path: bytes) -> tuple[bytes, bytes]:
    """The listing's id, and the path of the operation."""
    cut = path.find(b"/", 1)
    return (path[1:cut], path[cut:]) if cut > 0 else (path[1:], b"/")


def admit(
    snapshot: Snapshot,
    credential: bytes | None,
    listing_id: bytes,
    now: float,
    claim: Claim = NOTHING_CLAIMED,
    mark: bytes | None = None,
) -> Admission:
    """Which right the caller has to the listing; ``mark`` is the credential's fingerprint, if known. Raises Refused."""
    who = identify(snapshot, credential, now, mark)
    try:
        return _admit(snapshot, who, listing_id.decode("latin-1"), now, claim)
    except Refused as refused:
        refused.whom = (who.organisation_id, listing_id.decode("latin-1"))
        raise


def _admit(snapshot: Snapshot, who: Credential, listing_id: str, now: float, claim: Claim) -> Admission:
    if not snapshot.organisations.get(who.organisation_id, False):
        raise Refused("organisation_suspended")
    interface, held = _interface(snapshot, who, listing_id)
    entitlement = choose(held, claim, now)
    revision = interface.revisions.get(entitlement.revision_id)
    if revision is None:
        raise Refused("interface_withdrawn")
    since, until = max(who.starts_at, entitlement.starts_at), min(who.expires_at, entitlement.ends_at)
    return Admission(who, revision, entitlement, since, until, snapshot.version, len(held) == 1)


def operate(admission: Admission, method: bytes, path: bytes) -> Grant:
    """The operation of that path and method. Raises Refused."""
    revision = admission.revision
    route = revision.router.literal(path) or _templated(revision, path)
    operation = route.operation(method)
    if operation is None:
        raise Refused("method_not_allowed", b"Allow: " + route.allow + b"\r\n")
    return admission.entitlement.grant(admission.who, operation, revision.target)


def _interface(snapshot: Snapshot, who: Credential, listing_id: str) -> tuple[Interface, list[Entitlement]]:
    if who.listing_ids is not None and listing_id not in who.listing_ids:
        raise Refused("scope_missing")
    interface = snapshot.interfaces.get(listing_id)
    held = snapshot.held.get((who.organisation_id, listing_id))
    if interface is None:
        raise Refused("interface_withdrawn" if held else "interface_not_found")
    if held is None:
        raise Refused("no_entitlement" if interface.on_sale else "interface_not_found")
    if interface.suspended:
        raise Refused("interface_withdrawn")
    return interface, held


def identify(snapshot: Snapshot, credential: bytes | None, now: float, mark: bytes | None = None) -> Credential:
    """Whose credential it is, while it is good. Raises Refused."""
    if credential is None:
        raise Refused("credential_missing")
    mark = mark or fingerprint(credential)
    found = snapshot.keys.get(mark) or snapshot.tokens.get(mark) or _verified(snapshot, credential, mark, now)
    if not found.active or (found.jti and found.jti in snapshot.revoked):
        raise Refused("credential_revoked")
    if now >= found.expires_at:
        raise Refused("credential_expired")
    if now < found.starts_at:
        raise Refused("credential_unknown")
    return found


def _verified(snapshot: Snapshot, token: bytes, mark: bytes, now: float) -> Credential:
    """A token that was not seen before. Its client has to be known, and of the organisation that the token names."""
    if b"." not in token:
        raise Refused("credential_unknown")
    try:
        claims = snapshot.verifier.claims(token, now)
    except TokenInvalid:
        raise Refused("token_invalid") from None
    client = snapshot.clients.get(claims["sub"])
    if client is None or client.organisation_id != claims["org"]:
        raise Refused("token_invalid")
    found = Credential(
        client.id, client.organisation_id, client.live, client.listing_ids, client.active,
        expires_at=float(claims["exp"]), jti=claims["jti"],
    )  # fmt: skip
    if len(snapshot.tokens) >= _TOKENS_KEPT:
        snapshot.tokens.clear()
    snapshot.tokens[mark] = found
    return found


def choose(held: list[Entitlement], claim: Claim, now: float) -> Entitlement:
    """Which of an organisation's entitlements the call goes by: the one that ends first. Raises Refused.

    Without a purpose the entitlements that may be used must all have the same one, which need not be said.
    """
    purpose = claim.purpose
    if purpose is not None:
        held = [each for each in held if purpose in each.purposes]
        if not held:
            raise Refused("purpose_not_declared")
    usable = [each for each in held if why_not(each, now) is None]
    if not usable:
        latest = max(held, key=lambda each: (each.starts_at, each.id))
        raise Refused(why_not(latest, now) or "no_entitlement")
    if purpose is None and _must_choose(usable):
        raise Refused("purpose_needed")
    fitting = [each for each in usable if outside(each, claim) is None]
    if not fitting:
        raise Refused(outside(usable[0], claim) or "no_entitlement")
    return next((each for each in fitting if not each.allowance.spent), fitting[0])


def _must_choose(usable: list[Entitlement]) -> bool:
    return any(each.declares for each in usable) or len(frozenset().union(*(each.purposes for each in usable))) > 1


def outside(entitlement: Entitlement, claim: Claim) -> str | None:
    """The code for why the licence does not cover what is claimed; who does not say is the holder, at home."""
    if claim.purpose is not None and claim.purpose not in entitlement.purposes:
        return "purpose_not_declared"
    territories = entitlement.territories
    if territories and (claim.territory or entitlement.country) not in territories:
        return "territory_not_permitted"
    if claim.recipient is not None and claim.recipient not in entitlement.recipients:
        return "recipient_not_permitted"
    return None


def why_not(entitlement: Entitlement, now: float) -> str | None:
    """The code for why an entitlement cannot be used at that moment."""
    if not entitlement.active:
        return "licence_revoked"
    if entitlement.frozen:
        return "order_frozen"
    if now >= entitlement.ends_at:
        return "licence_expired"
    if now < entitlement.starts_at:
        return "licence_not_started"
    return entitlement.lacking or None


def _templated(revision: Revision, path: bytes) -> Route:
    if not well_spelled(path):
        raise Refused("path_malformed")
    route = revision.router.find(path)
    if route is None:
        raise Refused("operation_not_found")
    return route

"""What gateways are told of each thing: read from its feature, spelled as the wire has it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from billing import rating
from compliance.identity import queries as identity
from compliance.keys import queries as keys
from compliance.oauth import queries as oauth
from compliance.oauth.types import AUDIENCE
from core import plans
from core.db import Uow
from core.house import House
from core.settings import Settings
from exchange.sidecar.interfaces import interfaces, listings_of
from exchange.sidecar.types import Kind, Ref
from exchange.trading import queries as trading
from exchange.trading.types import CompiledEntitlement

Item = dict[str, Any]
Compiled = Mapping[Ref, Item | None]
"""By thing: what gateways are to know of it, None for nothing any more."""
Ids = Collection[str] | None
PAGE = 500
"""So many rights are read in one unit."""
TICKETS = "delivery-tickets"


def ref_of(item: Item) -> Ref:
    return Ref(item["k"], item["id"])


def everything(house: House) -> Iterator[Item]:
    """All items; each kind from a unit of its own, rights from a unit for each page, so that none is open for long."""
    for kind, read in _READERS.items():
        if kind is not Kind.ENTITLEMENT:
            yield from ({"k": str(kind), **item} for item in house.db.read(lambda uow, read=read: read(uow, None)))  # type: ignore[misc]
    after = ""
    while page := house.db.read(lambda uow, after=after: trading.compiled(uow, after=after, most=PAGE)):  # type: ignore[misc]
        yield from ({"k": str(Kind.ENTITLEMENT), **_entitlement(each)} for each in page)
        after = page[-1].id


def of(uow: Uow, refs: Iterable[Ref]) -> Compiled:
    """The present state of these things, and of what depends on them."""
    wanted: dict[str, set[str]] = {}
    for each in _with_dependents(uow, refs):
        wanted.setdefault(each.kind, set()).add(each.id)
    found: dict[Ref, Item | None] = {}
    for kind, ids in wanted.items():
        found |= dict.fromkeys(Ref(kind, each) for each in ids if each)
        found |= {Ref(kind, item["id"]): {"k": str(kind), **item} for item in _READERS[Kind(kind)](uow, ids)}
    return found


def _with_dependents(uow: Uow, refs: Iterable[Ref]) -> Iterator[Ref]:
    for ref in refs:
        if ref.kind == Kind.CREDENTIAL:
            yield from (Ref(Kind.INTERFACE, each) for each in listings_of(uow, ref.id))
            continue
        yield ref
        if ref.kind == Kind.ORG:
            yield from (Ref(Kind.ENTITLEMENT, each) for each in trading.entitlement_ids(uow, organisation_id=ref.id))


def _settings(uow: Uow, _ids: Ids) -> list[Item]:
    settings = uow.house.settings
    return [
        {
            "id": "settings", "ticket_keys": [key.hex() for key in uow.house.keyring.secrets(TICKETS)],
            "files": str(settings.data / "files" / "delivery"),
            "upstream_allow": list(settings.allowed_upstreams), "stale_s": settings.gateway_stale_s,
            "issuer": settings.web_address, "audience": AUDIENCE, "objects": _objects(settings),
        }
    ]  # fmt: skip


def _objects(settings: Settings) -> Item | None:
    """The bucket that files are fetched from, with the key for reading when there is one of its own."""
    if not settings.s3_bucket:
        return None
    key = (settings.s3_access_key, settings.s3_secret_key)
    if settings.s3_read_access_key:
        key = (settings.s3_read_access_key, settings.s3_read_secret_key)
    return {
        "url": settings.s3_url, "bucket": settings.s3_bucket, "prefix": "delivery/", "region": settings.s3_region,
        "access_key": key[0], "secret_key": key[1],
    }  # fmt: skip


def _organisations(uow: Uow, ids: Ids) -> list[Item]:
    return [{"id": each, "active": active} for each, active in identity.activity(uow, ids).items()]


def _keys(uow: Uow, ids: Ids) -> list[Item]:
    return [_plain(each) for each in keys.compiled(uow, ids)]


def _clients(uow: Uow, ids: Ids) -> list[Item]:
    return [_plain(each) for each in oauth.compiled_clients(uow, ids)]


def _signing_keys(uow: Uow, _ids: Ids) -> list[Item]:
    return [{"id": jwk["kid"], "jwk": jwk} for jwk in oauth.public_keys(uow)]


def _revoked(uow: Uow, ids: Ids) -> list[Item]:
    found = oauth.revoked(uow)
    return [{"id": jti, "expires_at": at.timestamp()} for jti, at in found if ids is None or jti in ids]


def _entitlements(uow: Uow, ids: Ids) -> list[Item]:
    return [_entitlement(each) for each in trading.compiled(uow, ids)]


def _entitlement(found: CompiledEntitlement) -> Item:
    plan = plans.parse(found.plan)
    return _plain(found, without=("plan",)) | {
        "billable": [str(outcome) for outcome in rating.billable_outcomes(plan)],
        "funding": rating.needs_funding(plan),
    }


def _plain(found: Any, without: Collection[str] = ()) -> Item:
    """A snapshot's fields, its times as Unix seconds."""
    return {each.name: _seconds(getattr(found, each.name)) for each in fields(found) if each.name not in without}


def _seconds(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value


_READERS: Mapping[Kind, Callable[[Uow, Ids], list[Item]]] = {
    Kind.SETTINGS: _settings,
    Kind.ORG: _organisations,
    Kind.JWK: _signing_keys,
    Kind.REVOKED: _revoked,
    Kind.KEY: _keys,
    Kind.CLIENT: _clients,
    Kind.INTERFACE: interfaces,
    Kind.ENTITLEMENT: _entitlements,
}
"""Of which kinds there are items, in the order in which gateways get them; None asks for all."""

"""Items of one buyer, one supplier and one interface, as the sidecar would send them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

Item = dict[str, Any]

BUYER = "org_01jc9x2m5t7rqk8v4e6b0wz3np"
SUPPLIER = "org_01jc9x2m5t7rqk8v4e6b0wz3nq"
LISTING = "lst_01jc9x2m5t7rqk8v4e6b0wz3np"
REVISION = "rev_01jc9x2m5t7rqk8v4e6b0wz3np"
ENTITLEMENT = "ent_01jc9x2m5t7rqk8v4e6b0wz3np"
ORDER = "ord_01jc9x2m5t7rqk8v4e6b0wz3np"
KEY = "ph_live_abcd2345_0123456789012345678901234567890123456789012"
TEST_KEY = "ph_test_abcd2345_0123456789012345678901234567890123456789012"
KEY_ID = "key_01jc9x2m5t7rqk8v4e6b0wz3np"
TEST_KEY_ID = "key_01jc9x2m5t7rqk8v4e6b0wz3nq"
PLAN_HASH = hashlib.sha256(b"plan").hexdigest()
PURPOSE = "credit assessment"
TICKET_KEY = b"t" * 32

BY_STATUS: Item = {"statuses": {"200": "hit", "404": "miss"}}
BY_POINTER: Item = {"statuses": {"200": "hit"}, "pointer": "/result/found", "hit": [True], "miss": [False]}
OPERATIONS: list[Item] = [
    {"id": "echo", "method": "GET", "path": "/echo", "outcome": BY_STATUS},
    {"id": "post", "method": "POST", "path": "/echo", "outcome": BY_STATUS},
    {"id": "put", "method": "PUT", "path": "/echo", "outcome": BY_STATUS},
    {"id": "found", "method": "GET", "path": "/found", "outcome": BY_POINTER},
    {
        "id": "read",
        "method": "GET",
        "path": "/read",
        "outcome": BY_POINTER | {"statuses": {"200": "hit", "204": "hit"}},
    },
    {"id": "mirror", "method": "POST", "path": "/read", "outcome": BY_POINTER},
    {"id": "person", "method": "GET", "path": "/people/{id}", "outcome": BY_STATUS},
]


def key(text: str = KEY, id: str = KEY_ID, **changes: Any) -> Item:
    return {
        "k": "key", "id": id, "prefix": text[8:16], "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "organisation_id": BUYER, "mode": text[3:7], "listing_ids": None, "starts_at": None, "expires_at": None,
        "state": "active",
    } | changes  # fmt: skip


def entitlement(**changes: Any) -> Item:
    limits = {
        "rate_per_second": 100_000, "burst": 100_000, "concurrency": 10_000, "quota": None, "quota_period": None,
        "trial_calls": 100,
    }  # fmt: skip
    limits |= changes.pop("limits", {})
    return {
        "k": "entitlement", "id": ENTITLEMENT, "order_id": ORDER, "organisation_id": BUYER, "supplier_id": SUPPLIER,
        "listing_id": LISTING, "revision_id": REVISION, "interface_id": "ifc_01jc9x2m5t7rqk8v4e6b0wz3np",
        "purpose": PURPOSE, "tier": 1, "state": "active", "frozen": False, "permitted": True, "lacking": "",
        "purposes": [PURPOSE], "territories": [], "recipients": [BUYER], "country": "CN", "declares": False,
        "starts_at": 0.0,
        "ends_at": None, "plan": {}, "plan_hash": PLAN_HASH, "currency": "CNY", "limits": limits,
        "billable": ["hit"], "funding": True,
    } | changes  # fmt: skip


def interface(base_url: str, operations: list[Item] | None = None, **changes: Any) -> Item:
    credential = changes.pop("credential", {"kind": "header", "name": "X-Supplier-Key", "value": "s3cret-of-supplier"})
    upstream = {"base_url": base_url, "timeout_ms": 5_000, "connect_timeout_ms": 1_000} | changes.pop("upstream", {})
    revision = {"upstream": upstream, "credential": credential, "operations": operations or OPERATIONS}
    return {"k": "interface", "id": LISTING, "on_sale": True, "revisions": {REVISION: revision}} | changes


def settings(files: Path | None = None, allow: tuple[str, ...] = ("127.0.0.1/32",), **changes: Any) -> Item:
    return {
        "k": "settings", "id": "settings", "ticket_keys": [TICKET_KEY.hex()], "files": str(files or ""),
        "upstream_allow": list(allow), "stale_s": 5, "issuer": "http://web.test", "audience": "piaohao-gateway",
    } | changes  # fmt: skip


def organisations(*, active: bool = True) -> list[Item]:
    return [{"k": "org", "id": id, "active": active} for id in (BUYER, SUPPLIER)]


def everything(port: int, *, files: Path | None = None, limits: Item | None = None, **changes: Any) -> list[Item]:
    """One buyer with a live and a test key, entitled to call the interface of an upstream on this port."""
    return [
        settings(files),
        *organisations(),
        key(),
        key(TEST_KEY, TEST_KEY_ID),
        interface(f"http://127.0.0.1:{port}/v1"),
        entitlement(limits=limits or {}, **changes),
    ]

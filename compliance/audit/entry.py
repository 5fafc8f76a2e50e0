"""The audit entry, version 1: its fields and its exact bytes (RFC 8785). These bytes never change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785

from compliance.audit.verifier import MOST_ENTRY_BYTES, parse_entry

VERSION = 1


def encode(
    *,
    origin: str,
    entry_id: str,
    at: datetime,
    actor: str,
    action: str,
    object_id: str,
    object_seq: int,
    object_version: int | None = None,
    tier: int | None = None,
    decision: Mapping[str, Any] | None = None,
    data: Mapping[str, str] | None = None,
) -> bytes:
    """The canonical bytes. Raises ValueError for more than 16 KiB or data that is not text."""
    entry: dict[str, Any] = {
        "v": VERSION, "origin": origin, "id": entry_id, "at": timestamp(at), "actor": actor, "action": action,
        "object": object_id, "object_seq": object_seq,
    }  # fmt: skip
    optional = {"object_version": object_version, "tier": tier, "decision": decision}
    entry |= {name: value for name, value in optional.items() if value is not None}
    if data:
        if not all(isinstance(value, str) for value in data.values()):
            raise ValueError("amounts, ids and times of an audit entry are texts")
        entry["data"] = dict(data)
    raw = rfc8785.dumps(entry)
    if len(raw) > MOST_ENTRY_BYTES:
        raise ValueError(f"an audit entry has at most {MOST_ENTRY_BYTES} bytes")
    parse_entry(raw)  # what the verifier would not read must not enter the log
    return raw


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

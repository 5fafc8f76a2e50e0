"""Tickets for the gateway's file route; ``docs/formats/delivery-ticket.md`` is the reference."""

from __future__ import annotations

import base64
import json
from datetime import datetime

from core.ids import new_id
from core.keyring import Keyring
from exchange.delivery.links import Link
from exchange.delivery.types import DeliveryFile

KEY_NAME = "delivery-tickets"


def seal(
    keyring: Keyring,
    file: DeliveryFile,
    link: Link,
    *,
    entitlement_id: str,
    organisation_id: str,
    account: str,
    tier: int,
    expires_at: datetime,
) -> str:
    """The ticket's text: of version 1, or 2 when it opens only so many times or only with the holder's own key."""
    document: dict[str, object] = {
        "v": 1, "o": file.order_id, "e": entitlement_id, "f": file.file_id, "a": account, "s": file.size,
        "h": file.sha256, "n": file.name, "m": file.media_type, "g": tier, "x": int(expires_at.timestamp()),
    }  # fmt: skip
    if link.tries or link.own_key:
        holder = organisation_id if link.own_key else ""
        document |= {"v": 2, "k": holder, "t": link.tries, "l": new_id("lnk")}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    payload = _base64url(text.encode())
    return f"{payload}.{_base64url(keyring.mac(KEY_NAME, payload.encode()))}"


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")

"""Delivery tickets: their bytes, held by a golden text that was put together by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.keyring import Keyring
from exchange.delivery import tickets
from exchange.delivery.links import Link
from exchange.delivery.types import DeliveryFile
from exchange.gateway.tickets import TicketUnknown, open_ticket

FILE = DeliveryFile("ord_1", "fil_1", '数据 "1".csv', "text/csv", 5_000_000_000, "ab" * 32)
PAYLOAD = (
    '{"a":"psn_1","e":"ent_1","f":"fil_1","g":1,"h":"' + "ab" * 32 + '","m":"text/csv",'
    '"n":"数据 \\"1\\".csv","o":"ord_1","s":5000000000,"v":1,"x":1785542400}'
)  # fmt: skip
WHEN = datetime(2026, 8, 1, tzinfo=UTC)


def _sealed(keyring: Keyring) -> bytes:
    return tickets.seal(
        keyring, FILE, Link(timedelta(minutes=10)), entitlement_id="ent_1", organisation_id="org_1", account="psn_1",
        tier=1, expires_at=WHEN,
    ).encode()  # fmt: skip


def test_a_ticket_is_its_payload_sealed(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path, may_generate=True)
    ticket = _sealed(keyring).decode()
    payload, seal = ticket.split(".")
    assert base64.urlsafe_b64decode(payload + "==").decode() == PAYLOAD
    expected = hmac.new(keyring.secret("delivery-tickets"), payload.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(seal + "=") == expected
    assert json.loads(PAYLOAD)["x"] == int(WHEN.timestamp())
    assert "=" not in ticket
    assert open_ticket(ticket.encode(), keyring.secrets(tickets.KEY_NAME)).file_id == "fil_1"


def test_a_ticket_of_an_older_secret_opens_until_that_is_retired(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path, may_generate=True)
    given = [_sealed(keyring)]
    keyring.rotate(tickets.KEY_NAME)
    given.append(_sealed(keyring))
    for each in given:
        assert open_ticket(each, keyring.secrets(tickets.KEY_NAME)).size == FILE.size
    keyring.retire(tickets.KEY_NAME)
    assert open_ticket(given[1], keyring.secrets(tickets.KEY_NAME)).size == FILE.size
    for known in (keyring.secrets(tickets.KEY_NAME), []):
        with pytest.raises(TicketUnknown):
            open_ticket(given[0], known)


def test_a_link_for_the_own_key_is_of_version_2(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path, may_generate=True)
    ticket = tickets.seal(
        keyring, FILE, Link(timedelta(hours=24), tries=3, own_key=True), entitlement_id="ent_1",
        organisation_id="org_1", account="psn_1", tier=1, expires_at=WHEN,
    )  # fmt: skip
    document = json.loads(base64.urlsafe_b64decode(ticket.split(".")[0] + "=="))
    link = document.pop("l")
    assert document == json.loads(PAYLOAD) | {"v": 2, "k": "org_1", "t": 3}
    assert link.startswith("lnk_")

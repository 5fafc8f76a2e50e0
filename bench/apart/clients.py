"""Who uses the exchange through nginx all the time, and notes what was acknowledged."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.build import Built

_PART = 20_000
_OUTAGES = (0, 500, 502, 503, 504)


@dataclass
class Client:
    """Asks again and again until it is told something."""

    port: int
    who: Built
    stop: threading.Event
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def once(self, method: str, path: str, body: bytes | None = None, heads: dict[str, str] | None = None) -> Any:
        """Status and body; (0, b"") when the connection broke."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, heads or {"Authorization": f"Bearer {self.who.token}"})
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            status, content = 0, b""
        finally:
            connection.close()
        self.answers[status] += 1
        return status, content

    def until(self, expected: tuple[int, ...], method: str, path: str, body: bytes | None = None) -> Any:
        """The JSON of the first answer with such a status; None at what no outage explains, and at the end of all."""
        while True:
            status, raw = self.once(method, f"/api/v1{path}", body)
            if status in expected:
                return json.loads(raw or b"null")
            if status not in _OUTAGES:
                self.faults.append(f"{method} {path}: {status} {raw[:200]!r}")
                return None
            if self.stop.wait(0.5):
                return None


def upload(client: Client, kept: dict[str, int]) -> None:
    """File after file in parts; ``kept`` are the sizes of those whose completion was acknowledged."""
    chosen = random.Random(3)
    while not client.stop.is_set():
        content = chosen.randbytes(chosen.randrange(_PART, 5 * _PART))
        digest = hashlib.sha256(content).hexdigest()
        declared = json.dumps({"name": "x.bin", "size": len(content), "sha256": digest}).encode()
        begun = client.until((201,), "POST", "/uploads", declared)
        whole = begun is not None and _sent(client, begun["id"], content)
        if whole and client.until((201,), "POST", f"/uploads/{begun['id']}/complete"):
            kept[digest] = len(content)


def _sent(client: Client, upload_id: str, content: bytes) -> bool:
    """Whether all of it was received. What was acknowledged may not be asked for again."""
    at = 0
    while at < len(content):
        told = client.until(
            (200, 409), "PUT", f"/uploads/{upload_id}/parts?offset={at}", content[at : at + _PART]
        )  # fmt: skip
        if told is None:
            return False
        reached = told.get("received", told.get("expected_offset", -1))
        if reached < at:
            client.faults.append(f"{upload_id}: {reached} bytes are here, {at} were acknowledged: {told}")
            return False
        at = reached
    return True


def download(client: Client, order_id: str, file_id: str, digest: str, whole: list[int]) -> None:
    """The same file again and again; what came whole must be the file."""
    while not client.stop.wait(0.2):
        grant = client.until((201,), "POST", f"/orders/{order_id}/files/{file_id}/grant", b"{}")
        if grant is None:
            continue
        status, body = client.once("GET", "/" + grant["url"].split("/", 3)[3], heads={"Accept": "*/*"})
        if status == 200 and hashlib.sha256(body).hexdigest() == digest:
            whole.append(len(body))
        elif status == 200 and body:
            client.faults.append(f"{len(body)} bytes came as a whole file that are another")


def look_for(client: Client, listing_id: str, words: str, found: list[float]) -> None:
    """Search again and again; an answer without the listing is a fault, a refusal none."""
    while not client.stop.wait(0.2):
        began = time.monotonic()
        status, raw = client.once("GET", f"/api/v1/search?q={words}")
        if status == 200 and listing_id in {item["id"] for item in json.loads(raw)["items"]}:
            found.append(time.monotonic() - began)
        elif status not in _OUTAGES or status == 500:
            client.faults.append(f"search: {status} {raw[:200]!r}")

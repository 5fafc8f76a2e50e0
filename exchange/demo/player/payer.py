"""Somebody who pays in a browser, and the banks: they know the fake payment processor alone.

The payer opens the page that the exchange leads to and sends its form, as a browser would. The banks take money back
and decide; for that the fake has addresses of its own.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from exchange.demo.player.client import Difference

_PATIENCE_S = 30.0
_FAKE = "FAKE Stripe"


@dataclass(frozen=True)
class Page:
    """What was answered: a page, or the address where it goes on."""

    status: int
    text: str
    location: str


def opened(url: str) -> Page:
    """The page that the exchange leads a payer to. Raises Difference unless it says that it is a fake."""
    page = _asked("GET", url)
    if page.status == 200 and _FAKE not in page.text:
        raise Difference(f"{url} does not say that it is a fake")
    return page


def sent(url: str, action: str, method: str = "") -> Page:
    """Press a button of the page: ``pay``, ``fail``, ``cancel``; ``complete`` where a supplier fills in its account."""
    opened(url)
    return _asked("POST", url, urlencode({"action": action} | ({"method": method} if method else {})))


class Bank:
    """What payers' banks do, and time: the fake's clock follows the exchange's."""

    def __init__(self, url: str) -> None:
        self._url = url

    def contest(self, intent_or_charge: str) -> Any:
        return self._do("dispute", charge=intent_or_charge, reason="product_not_received")

    def decide(self, dispute: str, *, won: bool) -> Any:
        return self._do("decide", dispute=dispute, won=won)

    def charges(self) -> list[dict[str, Any]]:
        """What payers were charged, the oldest first."""
        return list(self._do("objects", kind="charge", account=""))

    def evidence(self, dispute: str) -> str:
        """The text that the bank got to read."""
        found = next(each for each in self._do("objects", kind="dispute", account="") if each["id"] == dispute)
        return str(found["evidence"].get("uncategorized_text") or "")

    def follow(self, now: datetime) -> None:
        self._do("set_clock", at=int(now.timestamp()), stopped=False)

    def wait(self, days: int) -> None:
        """What payers paid becomes available."""
        self._do("advance", seconds=days * 86_400)

    def _do(self, name: str, **given: Any) -> Any:
        page = _asked("POST", f"{self._url}/control/{name}", json.dumps(given))
        if page.status != 200:
            raise Difference(f"the bank's {name}: {page.text[:300]}")
        return json.loads(page.text)


def _asked(method: str, url: str, body: str = "") -> Page:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_S)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, parts.path, body.encode(), headers)
        answer = connection.getresponse()
        return Page(answer.status, answer.read().decode(), answer.getheader("Location") or "")
    finally:
        connection.close()

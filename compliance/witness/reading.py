"""Reading a tiled transparency log over HTTP, as any witness or monitor of such logs does."""

from __future__ import annotations

import json
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from compliance.audit.tiles import HASH_BYTES, WIDTH, Tile
from compliance.witness.errors import LogAway

_MOST_BYTES = 1 << 20
_LONGEST_PROBLEM = 10_000
_TIMEOUT_S = 20


class Log(Protocol):
    """A log's public files. Its methods raise LogAway."""

    def checkpoint(self) -> str: ...

    def tile(self, tile: Tile) -> bytes: ...


class WebLog:
    """The log at an address, such as ``https://exchange.example/log``."""

    def __init__(self, prefix: str) -> None:
        if urlsplit(prefix).scheme not in ("http", "https"):
            raise LogAway(f"{prefix} is not an address of the web")
        self._prefix = prefix.rstrip("/")

    def checkpoint(self) -> str:
        try:
            return self._get("checkpoint").decode("utf-8")
        except UnicodeDecodeError:
            raise LogAway("the checkpoint is not text") from None

    def tile(self, tile: Tile) -> bytes:
        """A partial tile may have made way for the full one, which begins with it."""
        try:
            found = self._get(tile.path)
        except LogAway:
            if tile.width == WIDTH:
                raise
            found = self._get(Tile(tile.level, tile.number).path)
        return found[: tile.width * HASH_BYTES]

    def _get(self, name: str) -> bytes:
        address = f"{self._prefix}/{name}"
        request = Request(address, headers={"User-Agent": "piaohao-witness"})  # noqa: S310
        try:
            with build_opener(_NoRedirect).open(request, timeout=_TIMEOUT_S) as answer:
                content: bytes = answer.read(_MOST_BYTES + 1)
        except HTTPError as error:
            raise LogAway(f"{address} answers {error.code}") from None
        except (URLError, OSError, ValueError) as error:
            raise LogAway(f"{address} cannot be read: {error}") from None
        if len(content) > _MOST_BYTES:
            raise LogAway(f"{address} is too large")
        return content


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A log is where it was said to be."""


def submitted(exchange: str, size: int, cosignature: str) -> str:
    """Send a cosignature to the exchange's API; says how that went. An exchange that is away loses nothing of it:

    the next look sends the next one.
    """
    address = f"{exchange.rstrip('/')}/api/v1/audit/cosignatures"
    body = json.dumps({"size": size, "cosignatures": cosignature}).encode()
    request = Request(address, body, {"Content-Type": "application/json", "User-Agent": "piaohao-witness"})  # noqa: S310
    try:
        with build_opener(_NoRedirect).open(request, timeout=_TIMEOUT_S):
            return ", taken by the exchange"
    except HTTPError as error:
        return f", NOT taken by the exchange: it answers {error.code}{_detail(error)}"
    except (URLError, OSError, ValueError) as error:
        return f", NOT taken by the exchange: {error}"


def _detail(error: HTTPError) -> str:
    """What the problem document says, which names the setting or the field; nothing when it is none."""
    try:
        detail = json.loads(error.read(_LONGEST_PROBLEM))["detail"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f", {detail}"

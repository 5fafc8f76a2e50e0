"""Whom a request comes from when proxies stand in front: X-Forwarded-For is believed of listed addresses only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from core.addresses import allow_entry

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class BehindProxies:
    """Gives the application the address of the last one in the chain that is no proxy of ours, and its scheme.

    What anybody else says of whom it speaks for is not believed: its own address counts.
    """

    def __init__(self, app: Wsgi, proxies: Sequence[str]) -> None:
        self._app = app
        self._networks = [allow_entry(each).network for each in proxies]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        peer = str(environ.get("REMOTE_ADDR", ""))
        if self._is_ours(peer):
            environ["REMOTE_ADDR"] = self._client(str(environ.get("HTTP_X_FORWARDED_FOR", "")), peer)
            scheme = str(environ.get("HTTP_X_FORWARDED_PROTO", "")).strip().lower()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self._app(environ, start_response)

    def _client(self, chain: str, peer: str) -> str:
        for hop in reversed([each.strip() for each in chain.split(",") if each.strip()]):
            if not _is_address(hop):
                return peer
            peer = hop
            if not self._is_ours(hop):
                return hop
        return peer

    def _is_ours(self, text: str) -> bool:
        return _is_address(text) and any(ip_address(text) in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

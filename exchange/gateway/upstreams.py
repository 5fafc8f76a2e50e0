"""Where calls are sent on to: the origin, the path before the operation's, and the supplier's credential."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from exchange.gateway.heads import Head

if TYPE_CHECKING:
    from exchange.gateway.pool import Lane

_VIA = b"Via: 1.1 piaohao\r\n"


@dataclass(frozen=True, slots=True)
class Origin:
    """A host that is connected to."""

    host: str
    port: int
    tls: bool

    @property
    def header(self) -> bytes:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}").encode()


@dataclass(frozen=True, slots=True)
class Injection:
    """The supplier's credential: a header's line, or a parameter of the query. The caller never sees either."""

    header: bytes = b""
    line: bytes = b""
    parameter: bytes = b""
    query: bytes = b""
    secrets: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Injection:
        """From the interface's document. A value that cannot stand in a header is left out."""
        kind, name, value = (str(document.get(part) or "") for part in ("kind", "name", "value"))
        if kind == "none" or not value or "\r" in value or "\n" in value or "\0" in value:
            return cls()
        secret = value.encode()
        if kind == "query":
            parameter, quoted = quote(name, safe="").encode(), quote(value, safe="").encode()
            return cls(b"", b"", parameter, parameter + b"=" + quoted, (secret, quoted))
        if kind == "basic":
            encoded = base64.b64encode(secret)
            return cls(b"authorization", b"Authorization: Basic " + encoded + b"\r\n", b"", b"", (secret, encoded))
        return cls(name.lower().encode(), name.encode() + b": " + secret + b"\r\n", b"", b"", (secret,))


@dataclass(slots=True, eq=False)
class Target:
    """An interface's upstream, compiled."""

    origin: Origin
    prefix: bytes
    timeout_s: float
    connect_timeout_s: float
    injection: Injection
    fixed: bytes = field(init=False)
    lane: Lane | None = None

    def __post_init__(self) -> None:
        self.fixed = b"Host: " + self.origin.header + b"\r\n" + self.injection.line + _VIA

    def fields(self, head: Head, plain: bool) -> bytes:
        """The header lines that the upstream gets: the caller's that may be sent on, then ours. Kept with the head."""
        injected = self.injection.header
        if plain:
            own = [line for name, line in head.fields if name != injected and name != b"accept-encoding"]
            own.append(b"Accept-Encoding: identity\r\n")
        else:
            own = [line for name, line in head.fields if name != injected]
        own.append(self.fixed)
        lines = b"".join(own)
        if len(head.forwards) > 8:
            head.forwards.clear()
        head.forwards[self, plain] = lines
        return lines

    def path(self, path: bytes, query: bytes) -> bytes:
        """The target of the request to the upstream."""
        if self.injection.query:
            query = b"&".join([*_without(query, self.injection.parameter), self.injection.query])
        return self.prefix + path + b"?" + query if query else self.prefix + path


def _without(query: bytes, parameter: bytes) -> list[bytes]:
    """The caller's parameters but those of the credential's name, however they are spelled."""
    name = unquote_to_bytes(parameter)
    pairs = [pair for pair in query.split(b"&") if pair]
    return [pair for pair in pairs if unquote_to_bytes(pair.partition(b"=")[0].replace(b"+", b" ")) != name]

"""From an OpenAPI document's bytes to what a supplier picks from. Pure, and nothing is ever fetched."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from catalog.interfaces import reading
from catalog.interfaces.describing import text_of
from catalog.interfaces.document import Document
from catalog.interfaces.errors import OpenApiInvalid
from catalog.interfaces.operations import Operations
from catalog.interfaces.types import CredentialKind, FoundOperation

MOST_BYTES = reading.MOST_BYTES
_MOST_SERVERS = 20


@dataclass(frozen=True)
class ReadDocument:
    """What the document says: the credential is a proposal of kind and name."""

    title: str
    openapi: str
    sha256: str
    servers: tuple[str, ...]
    credential: dict[str, str]
    operations: tuple[FoundOperation, ...]


def read(raw: bytes) -> ReadDocument:
    """Read and check an OpenAPI 3.0 or 3.1 document, JSON or YAML.

    Raises OpenApiTooLarge, OpenApiUnreadable, OpenApiTooDeep, OpenApiTooManyParts, OpenApiVersionUnknown,
    OpenApiInvalid, RemoteReference or ReferenceBroken; each says where and how to mend it.
    """
    text, content = reading.read(raw)
    document = Document(text, content)
    operations = Operations(document).all()
    if not operations:
        raise OpenApiInvalid("It has no operation.", field="#/paths", hint="Describe at least one path with a method.")
    return ReadDocument(
        text_of(content["info"]["title"]), document.version, hashlib.sha256(raw).hexdigest(), _servers(content),
        _credential(document), tuple(operations),
    )  # fmt: skip


def _servers(content: dict[str, Any]) -> tuple[str, ...]:
    """Addresses that could be the upstream as they stand."""
    urls = [str(server["url"]) for server in content.get("servers", [])[:_MOST_SERVERS]]
    return tuple(url.rstrip("/") for url in urls if url.startswith(("https://", "http://")) and "{" not in url)


def _credential(document: Document) -> dict[str, str]:
    """The first way of its security schemes that we can inject."""
    schemes = document.content.get("components", {})
    schemes = schemes.get("securitySchemes", {}) if isinstance(schemes, dict) else {}
    for name, each in schemes.items() if isinstance(schemes, dict) else ():
        scheme, _ = document.resolve(each, ("components", "securitySchemes", name))
        found = _injected(scheme) if isinstance(scheme, dict) else None
        if found is not None:
            return found
    return {"kind": CredentialKind.NONE, "name": ""}


def _injected(scheme: dict[str, Any]) -> dict[str, str] | None:
    kind, where, name = scheme.get("type"), scheme.get("in"), str(scheme.get("name", ""))[:60]
    if kind == "apiKey" and where in ("header", "query") and name:
        return {"kind": str(where), "name": name}
    if kind == "http" and str(scheme.get("scheme")).lower() == "basic":
        return {"kind": CredentialKind.BASIC, "name": ""}
    if kind in ("http", "oauth2", "openIdConnect"):
        return {"kind": CredentialKind.HEADER, "name": "Authorization"}
    return None

"""The interface document: built from what a supplier picked, checked part by part. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from catalog.interfaces import outcome
from catalog.interfaces.errors import (
    CredentialInvalid,
    InterfaceInvalid,
    OperationNotOffered,
    UpstreamAddressRefused,
    UpstreamInvalid,
)
from catalog.interfaces.types import VERSION, CredentialKind, FoundOperation
from core.addresses import address_allowed
from core.problems import Sentence

MOST_OPERATIONS = 50
MOST_DOCUMENT_BYTES = 512 << 10
LONGEST_CREDENTIAL = 4096
TIMEOUT_MS = (100, 60_000)
CONNECT_TIMEOUT_MS = (50, 10_000)
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}", re.ASCII)
_QUERY_NAME = re.compile(r"[A-Za-z0-9_.~-]{1,60}", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+", re.ASCII)
_BASE_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)*", re.ASCII)
_PARAMETER = re.compile(r"\{[^{}]+\}")
# What a proxy sets itself, and what only means something between two machines that talk to each other.
_FRAMING = frozenset(
    {
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
        "proxy-authorization", "proxy-authenticate", "proxy-connection", "accept-encoding", "content-encoding", "date",
        "call-id", "data-purpose", "via", "forwarded",
    }
)  # fmt: skip


def build(
    *,
    title: str,
    openapi_sha256: str,
    upstream: Mapping[str, Any],
    credential: Mapping[str, str],
    found: Sequence[FoundOperation],
    picked: Sequence[Mapping[str, Any]],
    allow: Sequence[str],
) -> dict[str, Any]:
    """The document of the picked operations, version 1.

    ``allow`` names the private addresses that upstreams may have. Raises InterfaceInvalid, UpstreamInvalid and its
    kin, CredentialInvalid, OperationNotOffered, OutcomeInvalid, each naming the field.
    """
    checked = check_credential(credential)
    document = {
        "version": VERSION, "title": title, "openapi_sha256": openapi_sha256,
        "upstream": check_upstream(upstream, allow), "credential": checked,
        "operations": _operations(found, picked, checked),
    }  # fmt: skip
    if len(canonical(document)) > MOST_DOCUMENT_BYTES:
        raise InterfaceInvalid(
            Sentence("The document has more than %(most)s KiB.", most=MOST_DOCUMENT_BYTES >> 10), field="operations",
            hint="Offer fewer operations, or shorter examples.",
        )  # fmt: skip
    return document


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that the document's hash is of: RFC 8785."""
    import rfc8785

    return rfc8785.dumps(dict(document))


def digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()


def check_upstream(upstream: Mapping[str, Any], allow: Sequence[str]) -> dict[str, Any]:
    """Base address and times. An address written as numbers is judged at once, a name whenever it is connected to.

    Raises UpstreamInvalid, UpstreamAddressRefused.
    """
    total = _between(upstream, "timeout_ms", *TIMEOUT_MS)
    connecting = _between(upstream, "connect_timeout_ms", *CONNECT_TIMEOUT_MS)
    if connecting > total:
        raise UpstreamInvalid("Connecting cannot take longer than the call.", field="upstream.connect_timeout_ms")
    return {
        "base_url": base_url(str(upstream["base_url"]), allow), "timeout_ms": total, "connect_timeout_ms": connecting,
    }  # fmt: skip


def _between(upstream: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = int(upstream[name])
    if not least <= value <= most:
        raise UpstreamInvalid(
            Sentence("From %(least)s to %(most)s milliseconds.", least=least, most=most), field=f"upstream.{name}"
        )
    return value


def base_url(text: str, allow: Sequence[str] = ()) -> str:
    """The address in its one form, without a slash at its end. Raises UpstreamInvalid, UpstreamAddressRefused."""
    parts = _parts(text)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port
    standard = 443 if parts.scheme == "https" else 80
    _check_host(host, port or standard, allow, plain=parts.scheme == "http")
    shown = f"[{host}]" if ":" in host else host
    where = shown if port in (None, standard) else f"{shown}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"


def _parts(text: str) -> SplitResult:
    problem = "Write it as https://api.example.com/v1."
    try:
        parts = urlsplit(text)
        usable = parts.port != 0 and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or " " in text or len(text) > 500:
        raise UpstreamInvalid("This is no address of a service.", field="upstream.base_url", hint=problem)
    if parts.username is not None or parts.password is not None:
        raise UpstreamInvalid(
            "An address holds no password.",
            field="upstream.base_url",
            hint="Set it as the credential, which is sealed.",
        )
    segments = parts.path.rstrip("/").split("/")
    if "?" in text or "#" in text or not _BASE_PATH.fullmatch(parts.path.rstrip("/")) or {".", ".."} & set(segments):
        raise UpstreamInvalid("The address has no query and a plain path.", field="upstream.base_url", hint=problem)
    return parts


def _check_host(host: str, port: int, allow: Sequence[str], *, plain: bool) -> None:
    try:
        ip_address(host)
    except ValueError:
        if not _HOST.fullmatch(host):
            raise UpstreamInvalid("This is no name of a host.", field="upstream.base_url") from None
        return
    if not address_allowed(host, port, allow):
        raise UpstreamAddressRefused(
            Sentence("%(host)s is not a public address.", host=host), field="upstream.base_url",
            hint="Name a public address, or ask the exchange's operator to allow this one.",
        )  # fmt: skip
    if plain and not address_allowed(host, port, allow, plain=True):
        raise UpstreamAddressRefused("Plain http would be read on the way.", field="upstream.base_url",
                                     hint="Use https.")  # fmt: skip


def check_credential(credential: Mapping[str, str]) -> dict[str, str]:
    """Kind and name of what is injected. Raises CredentialInvalid."""
    kind, name = credential["kind"], credential.get("name", "").strip()
    if kind == CredentialKind.HEADER and (not _TOKEN.fullmatch(name) or name.lower() in _FRAMING):
        raise CredentialInvalid(
            "This header cannot carry a credential.", field="credential.name", hint="For example Authorization."
        )
    if kind == CredentialKind.QUERY and not _QUERY_NAME.fullmatch(name):
        raise CredentialInvalid("Name the parameter of the query.", field="credential.name", hint="For example appkey.")
    if kind in (CredentialKind.NONE, CredentialKind.BASIC) and name:
        raise CredentialInvalid(Sentence("The kind %(kind)s has no name.", kind=kind), field="credential.name")
    return {"kind": str(CredentialKind(kind)), "name": name}


def check_value(kind: str, value: str) -> None:
    """Whether the credential itself can be sent as its kind says. Raises CredentialInvalid, never repeating it."""
    if kind == CredentialKind.NONE:
        raise CredentialInvalid("This interface has no credential.", field="value")
    if not 1 <= len(value) <= LONGEST_CREDENTIAL or not value.isprintable() or value != value.strip():
        raise CredentialInvalid(
            Sentence("1 to %(longest)s printable characters.", longest=LONGEST_CREDENTIAL), field="value"
        )
    if kind == CredentialKind.HEADER and not value.isascii():
        raise CredentialInvalid("A header carries ASCII only.", field="value")
    if kind == CredentialKind.BASIC and ":" not in value:
        raise CredentialInvalid("Write it as name:password.", field="value")


def _operations(
    found: Sequence[FoundOperation], picked: Sequence[Mapping[str, Any]], credential: Mapping[str, str]
) -> list[dict[str, Any]]:
    if not 1 <= len(picked) <= MOST_OPERATIONS:
        raise InterfaceInvalid(Sentence("Pick 1 to %(most)s operations.", most=MOST_OPERATIONS), field="operations")
    known = {each.id: each for each in found}
    made = [_operation(known, each, f"operations.{n}", credential) for n, each in enumerate(picked)]
    seen: dict[tuple[str, str], str] = {}
    ids: set[str] = set()
    for number, each in enumerate(made):
        shape = each["method"], _PARAMETER.sub("{}", each["path"])
        if each["id"] in ids or shape in seen:
            other = seen.get(shape, each["id"])
            raise InterfaceInvalid(
                Sentence("It cannot be told from %(other)s.", other=other), field=f"operations.{number}"
            )
        ids.add(each["id"])
        seen[shape] = each["id"]
    return made


def _operation(
    known: Mapping[str, FoundOperation], picked: Mapping[str, Any], at: str, credential: Mapping[str, str]
) -> dict[str, Any]:
    source = known.get(picked["operation"])
    if source is None:
        raise OperationNotOffered("The document has no such operation.", field=f"{at}.operation")
    if source.problem:
        raise OperationNotOffered(source.problem, field=f"{at}.operation")
    chosen = picked.get("id") or source.id
    if not _ID.fullmatch(chosen):
        raise InterfaceInvalid("A name has 1 to 64 of A-Z a-z 0-9 _ . -", field=f"{at}.id")
    return {
        "id": chosen, "method": source.method, "path": source.path,
        "summary": picked.get("summary") or source.summary or chosen,
        "parameters": [_parameter(each, at) for each in source.parameters if not _injected(each, credential)],
        "request_media_type": source.request_media_type, "request_fields": list(source.request_fields),
        "request_example": picked.get("request_example", source.request_example),
        "response_fields": list(source.response_fields),
        "response_example": picked.get("response_example", source.response_example),
        "outcome": outcome.check(picked.get("outcome", source.proposed_outcome), f"{at}.outcome"),
    }  # fmt: skip


def _injected(parameter: Mapping[str, Any], credential: Mapping[str, str]) -> bool:
    """Whether the exchange itself sends this parameter: the caller never does."""
    same_place = parameter["in"] == credential["kind"]
    return same_place and str(parameter["name"]).lower() == credential["name"].lower()


def _parameter(parameter: Mapping[str, Any], at: str) -> dict[str, Any]:
    name = str(parameter["name"])
    sendable = _TOKEN.fullmatch(name) if parameter["in"] == "header" else len(name) <= 60 and name.isprintable()
    if not sendable or (parameter["in"] == "header" and name.lower() in _FRAMING):
        raise OperationNotOffered(
            Sentence("The parameter %(name)s cannot be sent.", name=f"{name[:60]!r}"), field=f"{at}.operation"
        )
    return {key: value for key, value in parameter.items() if value != "" or key in ("name", "in", "type")}


def without_secrets(document: Mapping[str, Any]) -> dict[str, Any]:
    """What others may know: not where the upstream is, nor what it is given."""
    return {name: value for name, value in document.items() if name not in ("upstream", "credential")}


def disclosed(document: Mapping[str, Any], *, examples: bool, names: bool) -> dict[str, Any]:
    """What a tier lets others know of the operations: examples, and names of fields, or not even those."""
    told = without_secrets(document)
    return told | {"operations": [_told(each, examples, names) for each in document["operations"]]}


def _told(operation: Mapping[str, Any], examples: bool, names: bool) -> dict[str, Any]:
    told = dict(operation)
    if not examples or not names:
        told |= {"request_example": "", "response_example": ""}
        told["parameters"] = [{k: v for k, v in each.items() if k != "example"} for each in told["parameters"]]
    if not names:
        told |= {"request_fields": [], "response_fields": [], "outcome": {"statuses": told["outcome"]["statuses"]}}
        told["path"] = _PARAMETER.sub("{…}", told["path"])
        told["parameters"] = [
            {"name": f"field_{n}", "in": each["in"], "required": each["required"], "type": each["type"]}
            for n, each in enumerate(told["parameters"], 1)
        ]
    return told


def host_of(document: Mapping[str, Any]) -> str:
    """Scheme and host of the upstream, for those who judge the listing."""
    parts = urlsplit(document["upstream"]["base_url"])
    return f"{parts.scheme}://{parts.netloc}"

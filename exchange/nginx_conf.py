"""The configuration of an nginx in front: TLS, pages and API to web, ``/gateway`` to the gateways of all machines."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

FOLDER = "/var/cache/nginx"
_TEMPLATE = Path(__file__).with_name("nginx.conf.template")
_ADDRESS = re.compile(r"\A(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}\Z")
_NAME = re.compile(r"\A[A-Za-z0-9.-]+\Z")
_PATH = re.compile(r"\A[A-Za-z0-9_./-]+\Z")
_LARGEST_FORM = "68m"
_LARGEST_CALL = "17m"


class NotWritable(ValueError):
    """What was given cannot stand in a configuration."""


@dataclass(frozen=True)
class Front:
    """What nginx is told. ``down`` are machines that get no new requests: they are about to be restarted.

    Without a certificate it speaks plain HTTP, for a trial on one machine.
    """

    name: str
    webs: Sequence[str]
    gateways: Sequence[str]
    down: Collection[str] = ()
    certificate: str = ""
    key: str = ""
    https_port: int = 443
    http_port: int = 80
    folder: str = FOLDER


def write(front: Front) -> str:
    """The whole file. Raises NotWritable naming what cannot be taken."""
    _check(front)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=front.name, url=_url(front), secure=int(bool(front.certificate)), folder=front.folder, pid=_pid(front),
        webs=_servers(front.webs, front.down), gateways=_servers(front.gateways, front.down), listen=_listen(front),
        elsewhere=_elsewhere(front), largest_form=_LARGEST_FORM, largest_call=_LARGEST_CALL,
    )  # fmt: skip


def _check(front: Front) -> None:
    for address in (*front.webs, *front.gateways, *front.down):
        if not _ADDRESS.match(address):
            raise NotWritable(f"{address!r} is not HOST:PORT")
    for unknown in set(front.down) - {*front.webs, *front.gateways}:
        raise NotWritable(f"{unknown} is neither a web nor a gateway")
    if not _NAME.match(front.name):
        raise NotWritable(f"{front.name!r} is not the name of a host")
    for path in filter(None, (front.certificate, front.key, front.folder)):
        if not _PATH.match(path):
            raise NotWritable(f"the path {path!r} has characters that nginx reads otherwise")
    if not (front.webs and front.gateways):
        raise NotWritable("name at least one web and one gateway")
    if bool(front.certificate) != bool(front.key):
        raise NotWritable("a certificate and its key belong together")


def _servers(addresses: Sequence[str], down: Collection[str]) -> str:
    return "\n".join(
        f"        server {each} {'down' if each in down else 'max_fails=1 fail_timeout=2s'};" for each in addresses
    )


def _listen(front: Front) -> str:
    if not front.certificate:
        return f"        listen {front.http_port};"
    return "\n".join(
        (
            f"        listen {front.https_port} ssl http2;",
            f"        ssl_certificate {front.certificate};",
            f"        ssl_certificate_key {front.key};",
            "        ssl_protocols TLSv1.2 TLSv1.3;",
            "        ssl_session_cache shared:tls:10m;",
            '        add_header Strict-Transport-Security "max-age=31536000" always;',
        )
    )


def _elsewhere(front: Front) -> str:
    """Who comes without TLS is sent on."""
    if not front.certificate:
        return ""
    return (
        f"\n    server {{\n        listen {front.http_port};\n        server_name {front.name};\n"
        f"        return 301 {_url(front)}$request_uri;\n    }}\n"
    )


def _pid(front: Front) -> str:
    """Where the system's own service looks for it, unless this is no such one."""
    return "/run/nginx.pid" if front.folder == FOLDER else f"{front.folder}/nginx.pid"


def _port(front: Front) -> str:
    return "" if front.https_port == 443 else f":{front.https_port}"


def _url(front: Front) -> str:
    if front.certificate:
        return f"https://{front.name}{_port(front)}"
    return f"http://{front.name}" + ("" if front.http_port == 80 else f":{front.http_port}")

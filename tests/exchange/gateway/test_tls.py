"""Upstreams over TLS: the certificate is verified, and a certificate that cannot be is an upstream error."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.exchange.gateway import scene
from tests.exchange.gateway.asking import Asking
from tests.exchange.gateway.feeder import Feeder
from tests.exchange.gateway.running import GatewayProcess


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.headers["X-Supplier-Key"].encode() + self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not wanted."""


def certificate(folder: Path, *, days: int = 1) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upstream")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_is_trusted_or_the_call_fails(
    tmp_path: Path, port: int, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    items = [*scene.everything(1), scene.interface(f"https://127.0.0.1:{port}/base")]
    with Feeder(tmp_path / "s", items) as feeder:
        gateway = GatewayProcess(tmp_path, feeder).wait()
        try:
            asking = Asking(gateway.port, {"X-Api-Key": scene.KEY})
            replies = [asking.get("/echo?a=1") for _ in range(2)]
        finally:
            gateway.kill()
    if trusted:
        assert [reply.body for reply in replies] == [b"s3cret-of-supplier/base/echo?a=1"] * 2
    else:
        assert {reply.code for reply in replies} == {"upstream_tls"}

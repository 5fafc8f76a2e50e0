"""A time stamp authority (RFC 3161): ``openssl ts`` behind a small HTTP server, with a root of its own."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = tsa1
[tsa1]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class OpensslMissing(Exception):
    """There is no ``openssl``."""


@dataclass
class Authority:
    url: str
    root: bytes
    """The certificate that stamps are verified against."""
    spoilt: bool = False
    """Whether it answers about something else than it was asked."""


@contextmanager
def stamping(folder: Path) -> Iterator[Authority]:
    """Raises OpensslMissing."""
    if shutil.which("openssl") is None:
        raise OpensslMissing("install openssl")
    folder.mkdir(exist_ok=True)
    (folder / "c.cnf").write_text(_CONFIG, encoding="utf-8")
    (folder / "serial").write_text("01\n", encoding="utf-8")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "c.cnf", "-days", "3650")
    _run(folder, "req", "-x509", *key, "-extensions", "root", "-subj", "/CN=root", "-keyout", "r.key", "-out", "r.pem")
    _run(folder, "req", *key[:-2], "-subj", "/CN=tsa", "-keyout", "tsa.key", "-out", "tsa.csr")
    _run(
        folder, "x509", "-req", "-in", "tsa.csr", "-CA", "r.pem", "-CAkey", "r.key", "-CAcreateserial", "-days", "3650",
        "-extfile", "c.cnf", "-extensions", "leaf", "-out", "tsa.pem",
    )  # fmt: skip
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    authority = Authority(f"http://127.0.0.1:{server.server_address[1]}/tsr", (folder / "r.pem").read_bytes())
    server.RequestHandlerClass = _handler(folder, authority)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()


def _handler(folder: Path, authority: Authority) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / "q.tsq").write_bytes(query)
            if authority.spoilt:
                _run(folder, "ts", "-query", "-data", "c.cnf", "-sha512", "-cert", "-out", "q.tsq")
            _run(folder, "ts", "-reply", "-config", "c.cnf", "-section", "tsa1", "-queryfile", "q.tsq", "-out", "a.tsr")
            content = (folder / "a.tsr").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    return Handler


def _run(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")

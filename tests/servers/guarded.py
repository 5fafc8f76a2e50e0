"""TLS and a sign-in before a server that has neither: a real nginx with a certificate of its own."""

from __future__ import annotations

import base64
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.exchange import PATIENCE_S, eventually, free_port
from tests.servers.missing import not_run
from tests.servers.nginx import NginxMissing, program

API_KEY, USER, PASSWORD = "a2V5OnNlY3JldA==", "piaohao", "secret"
_BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_CONFIGURATION = """daemon off; pid pid; events {{}}
http {{
  access_log off; client_max_body_size 50m;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  map $http_authorization $let_in {{ default 0; "ApiKey {key}" 1; "Basic {basic}" 1; }}
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate certificate; ssl_certificate_key key;
    location / {{
      if ($let_in = 0) {{ return 401; }}
      proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Guard:
    url: str
    ca_file: str


@contextmanager
def guarded(behind: int) -> Iterator[Guard]:
    """Until it is left; tests without an nginx are named as not run."""
    try:
        nginx = program()
    except NginxMissing as missing:
        not_run("nginx", str(missing))
    folder, port = Path(tempfile.mkdtemp(prefix="piaohao-guard-")), free_port()
    _make_certificate(folder)
    text = _CONFIGURATION.format(key=API_KEY, basic=_BASIC, port=port, behind=behind)
    (folder / "conf").write_text(text, encoding="utf-8")
    running = subprocess.Popen(
        [nginx, "-p", str(folder), "-c", str(folder / "conf"), "-e", str(folder / "log")], stdin=subprocess.DEVNULL
    )
    try:
        assert eventually((folder / "pid").exists), (folder / "log").read_text()
        yield Guard(f"https://127.0.0.1:{port}", str(folder / "certificate"))
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(PATIENCE_S)
        shutil.rmtree(folder, ignore_errors=True)


def _make_certificate(folder: Path) -> None:
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    files = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(folder / "key"),
        "-out",
        str(folder / "certificate"),
    ]
    subprocess.run(["openssl", *words.split(), *files], check=True, capture_output=True)

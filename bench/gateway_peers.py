"""Who the gateway is compared with: the same upstream, key and bytes, a limit, and a meter where there is one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.exchange.gateway import scene
from tests.servers.exchange import ROOT, eventually, free_port

SIZES = {"1k": 1_000, "100k": 100_000, "10m": 10_000_000}
_MODULES = Path("/usr/lib/nginx/modules")
_NGINX = """
@modules@
daemon off; pid @folder@/pid; error_log @folder@/errors; worker_processes 1; events { worker_connections 8192; }
http {
  keepalive_requests 1000000000; keepalive_timeout 600s; client_body_temp_path @folder@/b; proxy_temp_path @folder@/p;
  fastcgi_temp_path @folder@/f; uwsgi_temp_path @folder@/u; scgi_temp_path @folder@/s;
  @http@
  server { listen 127.0.0.1:@port@ backlog=4096; @server@ }
}
"""


@dataclass(frozen=True)
class Peer:
    """A running server; ``prefix`` comes before an operation's path."""

    name: str
    port: int
    pid: int
    prefix: str = f"/i/{scene.LISTING}"


class PeerMissing(Exception):
    """It is not on this machine."""


def body_of(size: int) -> bytes:
    """What the upstream answers: JSON of that many bytes that says found."""
    start = b'{"result":{"found":true},"data":"'
    return start + b"x" * (size - len(start) - 2) + b'"}'


def _need(program: str) -> str:
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if found is None:
        raise PeerMissing(f"{program} is not installed")
    return found


@contextmanager
def _running(core: int, command: list[str], port: int, folder: Path) -> Iterator[int]:
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen(["taskset", "-c", str(core), *command], cwd=ROOT, stdout=out, stderr=out)
    try:
        assert eventually(lambda: _listens(port), 20), (folder / "log").read_text() + _tail(folder / "errors")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _tail(path: Path) -> str:
    return path.read_text()[-2000:] if path.exists() else ""


def _listens(port: int) -> bool:
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def upstream(folder: Path, core: int) -> Iterator[Peer]:
    """nginx that answers from memory or by sendfile: the service behind everybody."""
    folder.mkdir()
    port = free_port()
    server = f"location /v1/size/ {{ default_type application/json; alias {folder}/; }}"
    for name, size in SIZES.items():
        (folder / name).write_bytes(body_of(size))
    for operation in ("echo", "found"):
        answer = f"return 200 '{body_of(135).decode()}';"
        server += f" location /v1/{operation} {{ default_type application/json; {answer} }}"
    http = "access_log off; sendfile on; open_file_cache max=10;"
    with _nginx(core, folder, port, server, http) as pid:
        yield Peer("upstream", port, pid, "/v1")


@contextmanager
def _nginx(core: int, folder: Path, port: int, server: str, http: str, modules: str = "") -> Iterator[int]:
    text = _NGINX.replace("@server@", server).replace("@http@", http).replace("@modules@", modules)
    (folder / "nginx.conf").write_text(text.replace("@folder@", str(folder)).replace("@port@", str(port)))
    with _running(core, [_need("nginx"), "-p", str(folder), "-c", "nginx.conf"], port, folder) as pid:
        yield pid


LUA = """
  local key = ngx.var.http_x_api_key
  local org = key and ngx.shared.keys:get(key)
  if not org then return ngx.exit(401) end
  local rates, now = ngx.shared.rates, ngx.now()
  local tat = rates:get(org) or now
  if tat < now then tat = now end
  if tat - now > 1 then return ngx.exit(429) end
  rates:set(org, tat + 0.00001)
  ngx.req.set_header("X-Supplier-Key", "s3cret-of-supplier")
  ngx.req.clear_header("X-Api-Key")
"""


LUA_HTTP = """
  lua_package_path "/usr/share/lua/5.1/?.lua;;"; lua_shared_dict keys 10m; lua_shared_dict rates 10m;
  log_format meter '$msec $request_id $http_x_api_key $uri $status $body_bytes_sent $request_length $request_time';
  access_log @folder@/access meter buffer=64k flush=1s;
  upstream behind { server 127.0.0.1:@behind@; keepalive 128; keepalive_requests 1000000000; }
  init_by_lua_block { ngx.shared.keys:set("@key@", "org") }
"""
LUA_SERVER = """
  location / {
    access_by_lua_block { @lua@ }
    rewrite ^/i/[^/]+(/.*)$ /v1$1 break; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_pass http://behind;
  }
"""


@contextmanager
def nginx_lua(folder: Path, core: int, behind: int) -> Iterator[Peer]:
    """Key, rate limit, credential injected; its meter is the buffered access log."""
    folder.mkdir()
    port = free_port()
    if not (_MODULES / "ngx_http_lua_module.so").exists():
        raise PeerMissing("libnginx-mod-http-lua is not installed")
    modules = "".join(f"load_module {_MODULES}/{name}.so;" for name in ("ndk_http_module", "ngx_http_lua_module"))
    http = LUA_HTTP.replace("@behind@", str(behind)).replace("@key@", scene.KEY)
    with _nginx(core, folder, port, LUA_SERVER.replace("@lua@", LUA), http, modules) as pid:
        yield Peer("nginx + Lua, buffered log", port, pid)


@contextmanager
def haproxy(folder: Path, core: int, behind: int) -> Iterator[Peer]:
    """Key from a map, rate from a stick table; no meter."""
    folder.mkdir()
    program, port = _need("haproxy"), free_port()
    (folder / "keys").write_text(f"{scene.KEY} org\n")
    (folder / "h.cfg").write_text(f"""
global
  maxconn 8192
  nbthread 1
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  stick-table type string len 80 size 100k expire 60s store http_req_rate(1s)
  http-request set-var(txn.org) hdr(x-api-key),map({folder}/keys)
  http-request deny deny_status 401 unless {{ var(txn.org) -m found }}
  http-request track-sc0 var(txn.org)
  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 1000000 }}
  http-request del-header X-Api-Key
  http-request set-header X-Supplier-Key s3cret-of-supplier
  http-request replace-path /i/[^/]+(/.*) /v1\\1
  default_backend b
backend b
  server s 127.0.0.1:{behind}
""")
    with _running(core, [program, "-db", "-f", str(folder / "h.cfg")], port, folder) as pid:
        yield Peer("HAProxy, map and stick table", port, pid)


@contextmanager
def flask(folder: Path, core: int, behind: int) -> Iterator[Peer]:
    """gunicorn with threads, Flask, urllib3; a line of JSON for each call."""
    folder.mkdir()
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", "16", "--keep-alive", "600"]
    command += ["-b", f"127.0.0.1:{port}", f"bench.gateway_flask:create({behind}, '{folder}/meter')"]
    with _running(core, command, port, folder) as pid:
        yield Peer("gunicorn + Flask + urllib3", port, pid)

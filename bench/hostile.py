"""Hostile requests, clients and upstreams against a real gateway process: one line each, with the answer.

python -m bench.hostile
"""

from __future__ import annotations

import re
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.compliance.oauth import hostile as corpus_of_tokens
from tests.exchange.gateway import scene
from tests.exchange.gateway.asking import Asking, Reply
from tests.exchange.gateway.feeder import Feeder
from tests.exchange.gateway.hostile import CORPUS
from tests.exchange.gateway.running import GatewayProcess, exchange_bytes, read_all, usages
from tests.exchange.gateway.test_ends import NONSENSE
from tests.exchange.gateway.upstream import Upstream

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_CODE = re.compile(rb'"code": "(\w+)"')
PATH = f"/i/{scene.LISTING}/echo"


class Scene:
    """A gateway with its upstream, and what became of each attempt."""

    def __init__(self, folder: Path, upstream: Upstream, feeder: Feeder, gateway: GatewayProcess) -> None:
        self.folder, self.upstream, self.feeder, self.gateway = folder, upstream, feeder, gateway
        self.wrong = 0
        self.shown = 0

    def say(self, name: str, answer: str, right: bool) -> None:
        self.shown += 1
        self.wrong += not right
        print(f"{'ok   ' if right else 'WRONG'} {name[:66]:66}  {answer}", flush=True)

    def ask(self, path: str = "/echo") -> Reply:
        return Asking(self.gateway.port, {"X-Api-Key": scene.KEY}).get(path)

    def head(self, query: str = "", *lines: str, method: str = "GET") -> bytes:
        fixed = ["Host: gateway.test", f"X-Api-Key: {scene.KEY}", *lines]
        return "\r\n".join([f"{method} {PATH}{query} HTTP/1.1", *fixed, "", ""]).encode()

    def newest(self, known: int) -> str:
        """The outcome of the record that the last attempt left; waited for."""
        give_up_at = time.monotonic() + 10
        while len(found := list(usages(self.folder))) <= known:
            if time.monotonic() > give_up_at:
                return "not recorded"
            time.sleep(0.05)
        return f"recorded as {found[-1].outcome.text}"

    def count(self) -> int:
        return len(list(usages(self.folder)))


def requests(scenery: Scene) -> None:
    for case in CORPUS:
        before = len(scenery.upstream.seen)
        got = exchange_bytes(scenery.gateway.port, case.sent)
        statuses = tuple(int(status) for status in _STATUS.findall(got))
        code = b"".join(_CODE.findall(got)).decode()
        smuggled = any("smuggled" in seen.target for seen in scenery.upstream.seen[before:])
        right = statuses == case.expected and code == case.code and not smuggled
        scenery.say(case.name, f"{' '.join(map(str, statuses))} {code}{' SMUGGLED' * smuggled}", right)


def slow_clients(scenery: Scene) -> None:
    for name, sent in {
        "nothing": b"",
        "half a request line": b"GET /",
        "headers without an end": b"GET / HTTP/1.1\r\n",
    }.items():
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", scenery.gateway.port), 10) as connection:
            connection.sendall(sent)
            for _ in range(60):
                time.sleep(0.05)
                try:
                    if sent:
                        connection.sendall(b"a")
                except OSError:
                    break
            got = read_all(connection)
        took = time.monotonic() - began
        answer = (b" ".join(_CODE.findall(got)).decode() or "closed") + f" after {took:.1f} s"
        scenery.say(f"slow-loris: {name}, then a byte at a time", answer, took < 8)


def _leave(scenery: Scene, query: str, *, reset: bool, after_s: float, read: int = 0, body: bytes = b"") -> None:
    connection = socket.create_connection(("127.0.0.1", scenery.gateway.port))
    lines = ["Content-Length: 1000"] if body else []
    connection.sendall(scenery.head(query, *lines, method="POST" if body else "GET") + body)
    if read:
        connection.recv(read)
    time.sleep(after_s)
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def early_closes(scenery: Scene) -> None:
    attempts: dict[str, Callable[[], None]] = {
        "the client closes while the supplier works": lambda: _leave(scenery, "?delay=300", reset=False, after_s=0.1),
        "the client resets while the supplier works": lambda: _leave(scenery, "?delay=300", reset=True, after_s=0.1),
        "the client resets in the answer": lambda: _leave(scenery, "?size=50000000", reset=True, after_s=0.1, read=99),
        "the client closes in its own body": lambda: _leave(scenery, "", reset=False, after_s=0.1, body=b"abc"),
    }
    for name, attempt in attempts.items():
        known = scenery.count()
        attempt()
        outcome = scenery.newest(known)
        scenery.say(f"early close: {name}", outcome, outcome.endswith("client_abort"))
    for cut in (0, 20, 150):
        known = scenery.count()
        got = exchange_bytes(scenery.gateway.port, scenery.head(f"?size=5000&cut={cut}", "Connection: close"))
        outcome = scenery.newest(known)
        answer = b" ".join(_STATUS.findall(got)).decode() + " " + b" ".join(_CODE.findall(got)).decode()
        right = outcome.endswith("upstream_error") and not got.endswith(b"f" * 16)
        scenery.say(f"early close: the upstream, after {cut} bytes", f"{answer} {outcome}", right)


ADDRESSES = {
    "169.254.169.254": "upstream_address_refused",
    "[::ffff:169.254.169.254]": "upstream_address_refused",
    "[::ffff:127.0.0.9]": "upstream_address_refused",
    "[::1]": "upstream_address_refused",
    "127.0.0.9": "upstream_address_refused",
    "2130706441": "upstream_address_refused",
    "0x7f.9": "upstream_address_refused",
    "10.0.0.1": "upstream_address_refused",
    "[64:ff9b::7f00:9]": "upstream_address_refused",
    "no-such-host.invalid": "upstream_unresolved",
}


def upstreams(scenery: Scene) -> None:
    good = f"http://127.0.0.1:{scenery.upstream.port}/v1"
    for host, code in ADDRESSES.items():
        scenery.feeder.put(scene.interface(f"http://{host}/"))
        reply = scenery.ask()
        scenery.say(f"an upstream at {host}", f"{reply.status} {reply.code}", reply.code == code)
    scenery.feeder.put(scene.interface(good, upstream={"timeout_ms": 400}))
    for name, query, code in (
        ("never answers", "silent=1", "upstream_timeout"),
        (
            "redirects to the metadata service",
            "status=302&head=Location:+http://169.254.169.254/",
            "upstream_redirected",
        ),
        ("closes without a word", "close=1", "upstream_closed"),
        ("sends a head of 100,000 bytes", "long_head=100000", "upstream_malformed"),
        *((f"answers {name}", f"raw={quote(raw)}", "upstream_malformed") for name, raw in NONSENSE.items()),
    ):
        reply = scenery.ask(f"/echo?{query}")
        scenery.say(f"an upstream that {name}", f"{reply.status} {reply.code}", reply.code == code)
    scenery.feeder.put(scene.interface(good))


def tokens(scenery: Scene) -> None:
    """Over the real socket; a token that is right is taken, the same one after its revocation is not."""
    key, now = Ed25519PrivateKey.generate(), int(time.time())
    signed = corpus_of_tokens.Signed(
        key=key, kid="sgk_1", issuer="http://web.test", client_id="cli_1", organisation_id=scene.BUYER, now=now
    )
    client = {"k": "client", "id": "cli_1", "organisation_id": scene.BUYER, "mode": "live", "listing_ids": None}
    jwk = corpus_of_tokens.jwk(key, "sgk_1")
    scenery.feeder.put(client | {"state": "active"}, {"k": "jwk", "id": "sgk_1", "jwk": jwk})

    def ask(token: str) -> tuple[int, str]:
        lines = f"Host: gateway.test\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
        got = exchange_bytes(scenery.gateway.port, f"GET {PATH} HTTP/1.1\r\n{lines}\r\n".encode("utf-8", "replace"))
        return int(_STATUS.findall(got)[0]), b" ".join(_CODE.findall(got)).decode()

    right = signed.token()
    time.sleep(0.2)
    status, _ = ask(right)
    scenery.say("a token that is right", str(status), status == 200)
    for each in corpus_of_tokens.corpus(signed):
        status, code = ask(each.token)
        scenery.say(f"a token: {each.name}", f"{status} {code}", status in (400, 401, 431))
    scenery.feeder.put({"k": "revoked", "id": signed.jti, "expires_at": now + 600})
    time.sleep(0.2)
    status, code = ask(right)
    scenery.say("a token: replayed after its revocation", f"{status} {code}", code == "credential_revoked")


@contextmanager
def staged(folder: Path) -> Iterator[Scene]:
    with Upstream() as upstream, Feeder(folder / "s", scene.everything(upstream.port)) as feeder:
        feeder.put(scene.settings(allow=("127.0.0.1/32",)))
        gateway = GatewayProcess(folder, feeder, head_s=1, idle_s=2, body_s=1, stall_s=2)
        try:
            gateway.wait()
            yield Scene(folder, upstream, feeder, gateway)
        finally:
            gateway.kill()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as scenery:
        for part in (requests, slow_clients, early_closes, upstreams, tokens):
            part(scenery)
        alive = scenery.ask().status == 200
        print(f"{scenery.shown} attempts, {scenery.wrong} answered wrongly; the gateway still serves: {alive}")
        sys.exit(scenery.wrong > 0 or not alive)


if __name__ == "__main__":
    main()

"""The demonstration's upstream: it really answers, and only to whoever knows its secret."""

from __future__ import annotations

import base64
import csv
import http.client
import io
import json
import socket
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from exchange.demo.generators.drawing import Canvas
from exchange.demo.generators.pictures import handwritten_digits
from exchange.demo.upstream import digits, registry
from exchange.demo.upstream.server import Server

SECRET = "the-secret-of-this-test"
_BASIC = {"Authorization": "Basic " + base64.b64encode(f"piaohao:{SECRET}".encode()).decode()}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server(0, SECRET)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def _ask(
    server: Server, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found


def _verdict(server: Server, id_number: str, name: str) -> Any:
    body = json.dumps({"name": name, "id_number": id_number}).encode()
    status, said = _ask(server, "POST", "/identity/verify", body, {"X-Supplier-Secret": SECRET})
    assert status == 200
    return json.loads(said)["result"]["verdict"]


def test_identity_numbers_are_checked_against_the_register(server: Server) -> None:
    id_number, name = registry.known_person(3)
    assert _verdict(server, id_number, name) == "consistent"
    assert _verdict(server, id_number, "某某某") == "inconsistent"
    assert _verdict(server, "110101190001010000", name) == "not_found"
    for body in (b"", b"[]", b"{}", b'{"name": 1, "id_number": 2}', b"\xff"):
        assert _ask(server, "POST", "/identity/verify", body, {"X-Supplier-Secret": SECRET})[0] == 400


def test_new_digits_by_the_same_pen_are_recognised(server: Server) -> None:
    images, labels = handwritten_digits(4711, 100)
    rows = list(csv.DictReader(io.StringIO(labels.content.decode())))
    right = 0
    with zipfile.ZipFile(io.BytesIO(images.content)) as archive:
        for row in rows:
            status, said = _digit(server, archive.read(f"png/{row['image']}"))
            right += status == 200 and json.loads(said)["digit"] == row["digit"]
    assert right >= 98
    assert _digit(server, Canvas(28, 28).png())[0] == 422


def _digit(server: Server, png: bytes) -> tuple[int, bytes]:
    body = json.dumps({"image": base64.b64encode(png).decode()}).encode()
    return _ask(server, "POST", "/digits/recognise", body, _BASIC)


def _png(filter_kind: int) -> bytes:
    """The digit one in grey, each row filtered in that way (by hand, of the five that PNG knows)."""
    plain = [bytes(10 if 12 <= x < 15 and 4 <= y < 24 else 240 for x in range(28)) for y in range(28)]
    rows, above = b"", bytes(28)
    for line in plain:
        guesses = []
        for x in range(28):
            left, corner = (line[x - 1], above[x - 1]) if x else (0, 0)
            nearest = min((left, above[x], corner), key=lambda v, e=left + above[x] - corner: abs(e - v))  # type: ignore[misc]
            guesses.append((0, left, above[x], (left + above[x]) // 2, nearest)[filter_kind])
        rows += bytes((filter_kind,)) + bytes((line[x] - guesses[x]) & 255 for x in range(28))
        above = line
    header = (28).to_bytes(4) * 2 + bytes((8, 0, 0, 0, 0))
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(len(b).to_bytes(4) + k + b + b"\0\0\0\0" for k, b in chunks)


@pytest.mark.parametrize("filter_kind", range(5))
def test_pictures_of_every_filter_are_read(filter_kind: int) -> None:
    assert digits.read(_png(filter_kind)) == digits.read(_png(0))
    found = digits.recognise(_png(filter_kind))
    assert found is not None
    assert found[0] == "1"


@pytest.mark.parametrize("damage", [b"", b"GIF89a", _png(0)[:60], _png(0)[:24], _png(0)[:24] + b"\x10" + _png(0)[25:]])
def test_what_is_no_picture_is_said_to_be_none(server: Server, damage: bytes) -> None:
    assert _digit(server, damage)[0] == 400
    assert _ask(server, "POST", "/digits/recognise", damage, _BASIC)[0] == 400, "not even in an envelope"


def test_firms_are_found_are_not_found_or_lie_in_the_closed_archive(server: Server) -> None:
    open_one = next(firm for firm in registry.firms().values() if not firm.filed)
    closed = next(firm for firm in registry.firms().values() if firm.filed)
    status, said = _ask(server, "GET", f"/companies/{open_one.credit_code}?appkey={SECRET}")
    assert (status, json.loads(said)["company"]["name"]) == (200, open_one.name)
    assert _ask(server, "GET", f"/companies/{closed.credit_code}?appkey={SECRET}")[0] == 503
    assert _ask(server, "GET", f"/companies/91110108MA00000000?appkey={SECRET}")[0] == 404
    assert _ask(server, "GET", f"/companies/short?appkey={SECRET}")[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/identity/verify", {}),
        ("POST", "/identity/verify", {"X-Supplier-Secret": "wrong"}),
        ("POST", "/digits/recognise", {"X-Supplier-Secret": SECRET}),
        ("POST", "/digits/recognise", {"Authorization": "Basic nonsense"}),
        ("GET", "/companies/91110108MA00000000?appkey=wrong", {}),
        ("GET", "/companies/91110108MA00000000", {"X-Supplier-Secret": SECRET}),
    ],
)
def test_without_the_secret_nothing_is_answered(
    server: Server, method: str, path: str, headers: dict[str, str]
) -> None:
    assert _ask(server, method, path, b"{}", headers)[0] == 401


def test_documents_name_this_server_and_need_no_secret(server: Server) -> None:
    for name, version in (("identity.json", "3.0"), ("digits.yaml", "3.1"), ("companies.json", "3.1")):
        status, text = _ask(server, "GET", f"/openapi/{name}")
        assert status == 200
        assert server.url in text.decode()
        assert version in text.decode()[:200]
    for path in ("/openapi/../server.py", "/openapi/nothing.json", "/openapi/"):
        assert _ask(server, "GET", path)[0] == 404


def test_it_ends_with_whoever_started_it() -> None:
    command = [sys.executable, "-m", "exchange.demo.upstream", "--port", "0", "--until-stdin-ends"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().strip().rsplit(":", 1)[1])
        socket.create_connection(("127.0.0.1", port), 5).close()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0

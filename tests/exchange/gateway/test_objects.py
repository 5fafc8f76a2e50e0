"""Files that lie in a bucket, through a real gateway and a real S3 service that goes away and comes back."""

from __future__ import annotations

import hashlib
import io
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest

from core.buckets import Bucket
from exchange.gateway.objects import Place
from exchange.gateway.record import Outcome
from tests.exchange.gateway import scene
from tests.exchange.gateway.asking import Asking, Reply
from tests.exchange.gateway.conftest import Stage
from tests.exchange.gateway.running import leave_in_the_middle, usages
from tests.exchange.gateway.test_files import LINK, seal, ticket
from tests.servers.exchange import eventually
from tests.servers.s3 import S3, answering_here

CONTENT = random.Random(5).randbytes(12_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PLACE = f"{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST}"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with answering_here() as running:
        Bucket(running.place, "delivery/").put_file(PLACE, io.BytesIO(CONTENT), DIGEST)
        yield running


def _objects(s3: S3, **changed: str) -> dict[str, str]:
    place = s3.place
    return asdict(
        Place(place.url, place.bucket, "delivery/", place.region, place.access_key, place.secret_key)
    ) | changed  # fmt: skip


@pytest.fixture
def bucketed(stage: Stage, s3: S3) -> Iterator[Stage]:
    stage.feeder.change("settings", "settings", objects=_objects(s3))
    yield stage
    stage.feeder.change("settings", "settings", objects=None)


def _fetch(stage: Stage, document: dict[str, Any] | None = None, method: str = "GET", **headers: str) -> Reply:
    return stage.client().raw(method, f"/files/{seal(document or ticket(CONTENT))}", None, chunked=False, **headers)


def _recorded(stage: Stage, call_id: str) -> tuple[Outcome, int, int]:
    found = next(each for each in usages(stage.folder) if each.call_id == call_id)
    return found.outcome, found.first_byte, found.bytes_out


@contextmanager
def _away(s3: S3) -> Iterator[None]:
    s3.kill()
    try:
        yield
    finally:
        s3.start()


def test_whole_and_in_ranges(bucketed: Stage) -> None:
    whole = _fetch(bucketed)
    assert (whole.status, hashlib.sha256(whole.body).hexdigest()) == (200, DIGEST)
    assert _recorded(bucketed, whole.call_id) == (Outcome.HIT, 0, len(CONTENT))
    for asked, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=-5", 11_999_995, 12_000_000),
        ("bytes=7-1000006", 7, 1_000_007),
    ):
        part = _fetch(bucketed, Range=asked)
        assert (part.status, part.body) == (206, CONTENT[start:stop])
        assert _recorded(bucketed, part.call_id) == (Outcome.HIT, start, stop - start)


def test_heads_and_what_one_has_already_ask_for_nothing(bucketed: Stage, s3: S3) -> None:
    with _away(s3):
        assert _fetch(bucketed, method="HEAD").headers["Content-Length"] == str(len(CONTENT))
        assert _fetch(bucketed, If_None_Match=f'"{DIGEST}"').status == 304
        assert _fetch(bucketed, ticket(b"")).status == 200


@pytest.mark.parametrize("document", [ticket(b"nobody put this there"), ticket(CONTENT, s=5)])
def test_what_is_not_there_as_it_should_be_is_said(bucketed: Stage, document: dict[str, Any]) -> None:
    client = bucketed.client()
    reply = client.raw("GET", f"/files/{seal(document)}")
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "file_unavailable", "5")
    assert client.get("/echo?body=a").body == b"a", "the connection goes on"


def test_a_key_that_opens_nothing(bucketed: Stage, s3: S3) -> None:
    bucketed.feeder.change("settings", "settings", objects=_objects(s3, secret_key="wrong"))
    assert _fetch(bucketed).code == "file_unavailable"


def test_a_service_that_is_away_uses_up_no_try(bucketed: Stage, s3: S3) -> None:
    document = ticket(CONTENT, v=2, k=scene.BUYER, t=1, l=LINK[:-1] + "t")
    with _away(s3):
        assert _fetch(bucketed, document).code == "file_unavailable"
    assert _fetch(bucketed, document).status == 200
    assert _fetch(bucketed, document).code == "link_used_up"


def test_a_transfer_goes_on_when_the_service_breaks_off_in_the_middle(bucketed: Stage, s3: S3) -> None:
    known = len(list(usages(bucketed.folder)))
    with socket.create_connection(("127.0.0.1", bucketed.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.sendall(
            f"GET /files/{seal(ticket(CONTENT))} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
        )
        got = connection.recv(4_000, socket.MSG_WAITALL)  # more than the head
        s3.kill()
        again = threading.Timer(0.2, s3.start)
        again.start()
        while piece := connection.recv(1 << 20):
            got += piece
        again.join()
    assert got.partition(b"\r\n\r\n")[2] == CONTENT
    assert eventually(lambda: len(list(usages(bucketed.folder))) > known)


def test_a_transfer_that_is_broken_off_is_recorded_with_what_left(bucketed: Stage) -> None:
    known = len(list(usages(bucketed.folder)))
    leave_in_the_middle(bucketed.port, f"GET /files/{seal(ticket(CONTENT))} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert eventually(lambda: len(list(usages(bucketed.folder))) > known)
    found = list(usages(bucketed.folder))[-1]
    assert found.outcome is Outcome.CLIENT_ABORT
    assert 0 < found.bytes_out < len(CONTENT)


def test_calls_go_on_beside_a_slow_download(bucketed: Stage) -> None:
    with socket.create_connection(("127.0.0.1", bucketed.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(f"GET /files/{seal(ticket(CONTENT))} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        connection.recv(1000)
        began = time.monotonic()
        client = Asking(bucketed.port, {"X-Api-Key": scene.KEY})
        assert [client.get("/echo?body=a").body for _ in range(20)] == [b"a"] * 20
        assert time.monotonic() - began < 60

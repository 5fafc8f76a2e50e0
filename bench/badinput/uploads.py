"""Files that do not come as they were announced."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
from typing import Any

from bench.badinput.stage import Stage
from bench.client import PREFIX, Reply

_MIB = 1 << 20
_PART = 8 * _MIB
_GB = 1_000_000_000
_ANNOUNCED = 3 * _MIB  # of which the half comes


def play(stage: Stage) -> None:
    _wrong_checksum(stage)
    _too_large(stage)
    _never_completed(stage)


def _wrong_checksum(stage: Stage) -> None:
    content = b"day,value\n2026-01-01,1\n" * 1000
    upload = _declare(stage, len(content), hashlib.sha256(b"something else").hexdigest())
    stage.supplier.must("PUT", f"/uploads/{upload['id']}/parts?offset=0", content)
    with stage.sheet.case("a file whose checksum differs", may_change=("upload", f"uploads/{upload['id']}")) as case:
        reply = stage.supplier.send("POST", f"{PREFIX}/uploads/{upload['id']}/complete")
        case.replied(reply, (409, "checksum_mismatch"))
        now = stage.supplier.must("GET", f"/uploads/{upload['id']}")
        case.say(f"the upload is {now['state']} with {now['received']} bytes")
        case.check((now["state"], now["received"], now["file_id"]) == ("open", 0, None), "the parts were not dropped")


def _too_large(stage: Stage) -> None:
    body = {"name": "huge.csv", "size": 5 * _GB + 1, "sha256": "0" * 64}
    with stage.sheet.case("an upload of one byte more than 5 GB is declared") as case:
        case.replied(stage.supplier.send("POST", f"{PREFIX}/uploads", body), (413, "upload_too_large"))


def _never_completed(stage: Stage) -> None:
    upload = _declare(stage, 5 * _GB, "0" * 64)
    path = f"{PREFIX}/uploads/{upload['id']}"
    for number in range(2):
        stage.supplier.must("PUT", f"/uploads/{upload['id']}/parts?offset={number * _PART}", b"x" * _PART)
    with stage.sheet.case("5 GB declared, 16 MiB sent, then completed") as case:
        case.replied(stage.supplier.send("POST", f"{path}/complete"), (409, "upload_incomplete"))
    with stage.sheet.case("the same upload, a part that leaves a gap") as case:
        reply = stage.supplier.send("PUT", f"{path}/parts?offset={4 * _PART}", b"x")
        case.replied(reply, (409, "part_misplaced"))
    with stage.sheet.case("the same upload, a part whose sender stops halfway") as case:
        case.replied(_half_a_part(stage, path, reset=False), (422, "part_cut_short"))
    with stage.sheet.case("the same upload, the connection cut in mid-part") as case:
        _half_a_part(stage, path, reset=True)
        now = stage.supplier.must("GET", f"/uploads/{upload['id']}")
        case.say(
            f"nobody is left to answer; {now['received'] // _MIB} MiB are still here, the upload is {now['state']}"
        )
        case.check((now["received"], now["state"]) == (2 * _PART, "open"), "the upload moved")
    with stage.sheet.case("the same upload, an offset that is no number") as case:
        case.replied(stage.supplier.send("PUT", f"{path}/parts?offset=-1", b"x"), (422, "invalid"))


def _declare(stage: Stage, size: int, sha256: str) -> Any:
    return stage.supplier.must("POST", "/uploads", {"name": "table.csv", "size": size, "sha256": sha256})


def _half_a_part(stage: Stage, path: str, *, reset: bool) -> Reply:
    """Announce a part, send half of it, then say that no more comes, or break the connection."""
    head = (
        f"PUT {path}/parts?offset={2 * _PART} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {_ANNOUNCED}\r\n"
        f"Authorization: Bearer {stage.supplier.token}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", stage.running.port), timeout=30) as connection:
        connection.sendall(head.encode() + b"x" * (_ANNOUNCED // 2))
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return Reply(0, None, {}, 0.0)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    status, _, body = answer.partition(b"\r\n\r\n")
    return Reply(int(status.split()[1]), json.loads(body), {}, 0.0)

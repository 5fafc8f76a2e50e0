"""A witness signs what grows out of what it saw, and nothing else, whoever asks and however often it is killed."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from compliance.audit import checkpoints, cosignatures, publishing
from compliance.audit.places import Folder
from compliance.audit.verifier import Malformed, Tampered, parse_checkpoint
from compliance.witness import memory, server, service
from compliance.witness.errors import Forked, LogAway, NotOfThisLog, RolledBack
from compliance.witness.memory import Memory, NoWitness
from compliance.witness.reading import WebLog
from core.house import House
from tests.compliance.audit import story as stories
from tests.compliance.witness.growing import GrowingLog

NAME = "witness.example/w1"


@pytest.fixture
def remembered(tmp_path: Path) -> Memory:
    return Memory.create(tmp_path / "witness", NAME)


def test_what_grows_is_cosigned_and_anybody_can_check_it(remembered: Memory) -> None:
    log, (key, _) = GrowingLog(), remembered.private()
    for count, grown in ((3, 3), (300, 300), (0, 0), (70, 70)):
        log.grow(count)
        seen = service.look(remembered, log, log.key)
        assert (seen.size, seen.grown) == (log.tree.size, grown)
        found = cosignatures.verified(seen.note, seen.cosignature, cosignatures.parse_key(key.text()))
        assert found is not None
        assert found.witness == NAME
    other = seen.note.replace(str(seen.size), str(seen.size + 1))
    assert cosignatures.verified(other, seen.cosignature, key) is None
    assert cosignatures.verified(seen.note, seen.cosignature.replace(NAME, "somebody"), key) is None


def test_a_cosignature_of_the_standard_is_read() -> None:
    """The example of C2SP tlog-cosignature: its parts lie where we look for them."""
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0"
        "xUe+mbIUBkBIfZ+qnA=="
    )
    raw = base64.b64decode(line.rpartition(" ")[2])
    assert (len(raw), int.from_bytes(raw[4:12], "big")) == (76, 1679315147)


def test_a_log_set_back_is_not_signed_and_may_come_back(remembered: Memory) -> None:
    log, older = GrowingLog(), GrowingLog()
    log.grow(20)
    older.grow(19)
    service.look(remembered, log, log.key)
    with pytest.raises(RolledBack, match="19 entries, 20 were seen"):
        service.look(remembered, older, log.key)
    log.grow(1)
    assert service.look(remembered, log, log.key).size == 21


@pytest.mark.parametrize("before", [1, 7, 8, 255, 256, 300])
@pytest.mark.parametrize("more", [0, 1, 200])
def test_a_fork_is_never_signed_and_both_checkpoints_are_kept(remembered: Memory, before: int, more: int) -> None:
    log, forked = GrowingLog(), GrowingLog()
    log.grow(before)
    service.look(remembered, log, log.key)
    forked.grow(before - 1)
    forked.grow(1 + more, "forged")
    for _ in range(2):
        with pytest.raises(Forked):
            service.look(remembered, forked, log.key)
    kept = list((remembered.folder / "logs").rglob("fork-*.txt"))
    assert len(kept) == 1
    assert log.checkpoint() in kept[0].read_text("utf-8")
    assert forked.checkpoint() in kept[0].read_text("utf-8")
    log.grow(5)
    assert service.look(remembered, log, log.key).grown == 5


def test_the_first_head_must_be_that_of_its_tiles(remembered: Memory) -> None:
    log = GrowingLog()
    log.grow(10)
    log.nodes[0, 4] = b"\x00" * 32
    log.nodes[2, 1] = log.nodes[3, 0] = b"\x01" * 32
    with pytest.raises(NotOfThisLog, match="tiles"):
        service.look(remembered, log, log.key)
    assert remembered.head(log.origin) is None


def test_checkpoints_of_others_are_not_signed(remembered: Memory) -> None:
    log, other_key, other_name = GrowingLog(), GrowingLog(seed=b"o" * 32), GrowingLog(origin="other.example/log")
    for each in (log, other_key, other_name):
        each.grow(4)
    for each in (other_key, other_name):
        with pytest.raises(NotOfThisLog):
            service.look(remembered, each, log.key)
    log.away = True
    with pytest.raises(LogAway):
        service.look(remembered, log, log.key)


def test_a_witness_killed_before_it_signed_does_not_sign_another_past(
    remembered: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, forked = GrowingLog(), GrowingLog()
    log.grow(4)
    forked.grow(4, "forged")
    with monkeypatch.context() as patch:
        patch.setattr(service, "_cosigned", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError, match="killed"):
            service.look(remembered, log, log.key)
    with pytest.raises(Forked):
        service.look(remembered, forked, log.key)
    assert service.look(remembered, log, log.key).grown == 0


def test_a_folder_is_one_witness(remembered: Memory, tmp_path: Path) -> None:
    with pytest.raises(NoWitness, match="already"):
        Memory.create(remembered.folder, NAME)
    with pytest.raises(NoWitness, match="no witness"):
        Memory(tmp_path).private()
    for name in ("", "a b", "a+b", "a\n"):
        with pytest.raises(NoWitness, match="name"):
            Memory.create(tmp_path / "x", name)
    assert (remembered.folder / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "w", "w+00000000+AQ==", "w+00000000+!!", "w w+00000000+" + "A" * 44])
def test_what_is_no_key_of_a_witness_is_refused(text: str) -> None:
    with pytest.raises((Malformed, Tampered)):
        cosignatures.parse_key(text)


# ---- over HTTP


@contextmanager
def _shown(folder: Path) -> Iterator[str]:
    """A folder as a web server of the standard library shows it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(made: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made.server_address[1]
    finally:
        made.shutdown()
        made.server_close()


def test_what_an_exchange_published_is_witnessed_over_plain_http(
    house: House, remembered: Memory, tmp_path: Path
) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    with _shown(folder) as address:
        log = WebLog(address)
        with pytest.raises(LogAway, match="answers 404"):
            service.look(remembered, log, checkpoints.public_key(house))
        for _ in range(2):
            stories.tell(house)
            stories.settle(house)
            publishing.publish(house, Folder(folder), entries=False)
            seen = service.look(remembered, log, checkpoints.public_key(house))
        assert (seen.size, seen.grown) == (16, 8)
    with pytest.raises(LogAway, match="cannot be read"):
        log.checkpoint()


def _body(log: GrowingLog, old: int, proof: list[bytes] | None = None) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in (log.proof(old) if proof is None else proof))]
    return ("\n".join(lines) + "\n\n" + log.checkpoint()).encode()


def test_logs_send_their_checkpoints_as_the_standard_says(remembered: Memory) -> None:
    log, (key, _) = GrowingLog(), remembered.private()
    keys = {log.origin: log.key}
    log.grow(9)

    def sent(body: bytes) -> tuple[int, str]:
        answer = server.add_checkpoint(remembered, keys, body)
        return answer.status, answer.text

    assert sent(_body(log, 0))[0] == 200
    assert sent(_body(log, 0)) == (409, "9\n")
    log.grow(30)
    status, line = sent(_body(log, 9))
    assert status == 200
    assert cosignatures.verified(log.checkpoint(), line, key) is not None
    assert sent(_body(log, 40, [])) == (400, "the old size is larger than the checkpoint's\n")
    log.grow(1)
    wrong = [*log.proof(39)[::-1], b"\x00" * 32]
    assert sent(_body(log, 39, wrong))[0] == 422
    assert parse_checkpoint(remembered.head(log.origin) or "").size == 39
    assert sent(_body(log, 39))[0] == 200
    forked = GrowingLog()
    forked.grow(40, "forged")
    assert sent(_body(forked, 40, [])) == (409, "40\n")
    assert sent(_body(GrowingLog(origin="other.example"), 0))[0] == 404
    assert sent(_body(GrowingLog(seed=b"o" * 32), 0))[0] == 403
    for spoilt in (b"", b"old 1\n\n", b"old 01\n\n" + log.checkpoint().encode(), b"\xff", b"old 1\nAAAA\n\nx"):
        assert sent(spoilt)[0] == 400
    chance = Random(5)
    honest = _body(log, 40)
    for _ in range(200):
        changed = bytearray(honest)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        assert sent(bytes(changed))[0] in (400, 403, 404, 409, 422)


def test_the_server_answers_over_http(remembered: Memory) -> None:
    log = GrowingLog()
    log.grow(5)
    with _running(server.serving(remembered, {log.origin: log.key}, "127.0.0.1", 0)) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", "/add-checkpoint", body=_body(log, 0))
        answer = connection.getresponse()
        assert (answer.status, answer.read().decode().startswith(f"— {NAME} ")) == (200, True)
        connection.request("POST", "/add-checkpoint", body=_body(log, 0))
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"], answer.read()) == (409, "text/x.tlog.size", b"5\n")
        connection.request("POST", "/other", body=b"x")
        assert connection.getresponse().status == 404


def test_two_looks_at_once_keep_the_newer_head(remembered: Memory) -> None:
    log = GrowingLog()
    log.grow(6)
    service.look(remembered, log, log.key)
    with remembered.alone(log.origin):
        waiting = threading.Thread(target=service.look, args=(remembered, log, log.key))
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
    waiting.join(20)
    assert not waiting.is_alive()
    assert isinstance(memory.Memory(remembered.folder).head(log.origin), str)

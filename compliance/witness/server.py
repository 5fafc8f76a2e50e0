"""The witness' side of C2SP ``tlog-witness``: logs send their checkpoint with a proof and get it cosigned."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from compliance.audit.verifier import Checkpoint, Key, Malformed, Tampered, parse_checkpoint, verify_checkpoint
from compliance.witness import service
from compliance.witness.errors import Forked, RolledBack
from compliance.witness.memory import Memory

_MOST_BYTES = 64 << 10
_MOST_PROOF = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,17})")
_TEXT, _SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    kind: str = _TEXT


def add_checkpoint(memory: Memory, keys: dict[str, Key], body: bytes) -> Answer:
    """The answer to ``POST add-checkpoint``; ``keys`` are those of the logs that this witness looks at, by origin."""
    try:
        old, proof, note = _parsed(body.decode("utf-8"))
        unproven = parse_checkpoint(note)
    except (ValueError, Malformed) as error:
        return Answer(400, f"{error}\n")
    key = keys.get(unproven.origin)
    if key is None:
        return Answer(404, "this witness does not know the log\n")
    try:
        shown = verify_checkpoint(note, key)
    except (Tampered, Malformed) as error:
        return Answer(403, f"{error}\n")
    if old > shown.size:
        return Answer(400, "the old size is larger than the checkpoint's\n")
    with memory.alone(key.name):
        return _admitted(memory, shown, old, proof)


def _admitted(memory: Memory, shown: Checkpoint, old: int, proof: list[bytes]) -> Answer:
    kept = memory.head(shown.origin)
    size = parse_checkpoint(kept).size if kept else 0
    if old != size:
        return Answer(409, f"{size}\n", _SIZE)
    if old in (0, shown.size) and proof:
        return Answer(422, "there is nothing to prove, so the proof must be empty\n")
    try:
        return Answer(200, service.admit(memory, shown, proof).cosignature)
    except (Forked, RolledBack) as error:
        status = 409 if old == shown.size else 422
        return Answer(status, f"{size}\n" if status == 409 else f"{error}\n", _SIZE if status == 409 else _TEXT)


def _parsed(text: str) -> tuple[int, list[bytes], str]:
    head, separator, note = text.partition("\n\n")
    first, *rest = head.split("\n")
    found = _OLD.fullmatch(first)
    if not separator or found is None or len(rest) > _MOST_PROOF:
        raise ValueError("the body is not the old size, a proof, an empty line and a checkpoint")
    proof = [base64.b64decode(each, validate=True) for each in rest]
    if any(len(each) != 32 for each in proof):
        raise ValueError("a line of the proof is not a hash")
    return int(found[1]), proof, note


def serving(memory: Memory, keys: dict[str, Key], host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers ``add-checkpoint``; the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if not self.path.endswith("/add-checkpoint") or not 0 < length <= _MOST_BYTES:
                self.close_connection = True
                return self._send(Answer(404 if length else 400, "send a checkpoint to add-checkpoint\n"))
            return self._send(add_checkpoint(memory, keys, self.rfile.read(length)))

        def _send(self, answer: Answer) -> None:
            content = answer.text.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Its answers are not worth a line each."""

    return ThreadingHTTPServer((host, port), Handler)

"""Documents that their maker signed with an own key: refused in words whatever stands in them, never by a crash."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit import notes, verifier
from compliance.audit.verifier import Malformed, Tampered

KEY, NAME = Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "hostile.example/log"
KEY_TEXT = notes.key_of(NAME, KEY).text()


def _nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"a": value}
    return value


def _statement(said: Any, key: Any = KEY_TEXT) -> bytes:
    """Signed as far as it can be."""
    try:
        note = notes.signed(verifier.usage_statement(NAME, said["invoice"], verifier.canonical(said)), NAME, KEY)
    except (ValueError, Malformed):
        note = notes.signed(verifier.usage_statement(NAME, "inv_1", b""), NAME, KEY)
    document = {
        "format": verifier.STATEMENT_FORMAT, "version": 1, "statement": said, "signature": note, "key": key,
    }  # fmt: skip
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"invoice": "inv_1"}, KEY_TEXT),
        ({"invoice": "inv_1", "deep": _nested(600)}, KEY_TEXT),
        ({"invoice": "inv_1"}, "\ud800"),
        ({"invoice": "inv_1"}, "\ud800" + KEY_TEXT),
        ({"invoice": "inv_1"}, [KEY_TEXT]),
        ({"invoice": "\ud800"}, KEY_TEXT),
        ({"invoice": "inv_1", "rows": [1], "usage": 1.5}, KEY_TEXT),
        ({"invoice": "inv_1", "rows": [{}], "usage": "NaN"}, KEY_TEXT),
    ],
)
def test_a_statement_that_is_none(said: Any, key: Any) -> None:
    with pytest.raises((Malformed, Tampered)):
        verifier.verify_statement(_statement(said, key))


def _bundle(entries: list[Any], **fields: Any) -> dict[str, bytes]:
    checkpoint = notes.sign(NAME, 1, verifier.leaf_hash(b"x"), KEY)
    files = {"checkpoint.txt": checkpoint.encode(), "key.txt": f"{KEY_TEXT}\n".encode()}
    manifest = {
        "format": verifier.FORMAT, "version": 1, "order": "ord_1", "origin": NAME, "checkpoint_size": 1, "objects": {},
        "entries": entries, "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    } | fields  # fmt: skip
    written = json.dumps(manifest).encode()
    signed = notes.signed(verifier.manifest_statement(NAME, "ord_1", 1, written), NAME, KEY)
    return files | {"manifest.json": written, "manifest.sig": signed.encode()}


_FILES: list[Any] = [[], {}, None, 0, "key.txt"]


@pytest.mark.parametrize("entries", [[], [1], [{}], *([{"index": 0, "file": file, "proof": []}] for file in _FILES)])
def test_a_manifest_that_lists_no_entries(entries: list[Any]) -> None:
    with pytest.raises((Malformed, Tampered)):
        verifier.verify(_bundle(entries))


@pytest.mark.parametrize("call", [1, {}, {"call": [], "file": []}, {"call": "\ud800", "file": "calls/\ud800.json"}])
def test_a_manifest_that_lists_no_calls(call: Any) -> None:
    with pytest.raises((Malformed, Tampered)):
        verifier.verify(_bundle([], version=2, calls=[call]))

"""Evidence bundles: built, verified by the one file alone, read safely, and readable for ever."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit import bundles, checkpoints, notes, queries, sequencer, verifier
from core.db import Uow
from core.house import House
from tests.compliance.audit import archives, forger
from tests.compliance.audit import story as stories

GOLDEN = Path(__file__).parent / "golden"


def _saved(folder: Path, content: bytes, name: str = "bundle.zip") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _note(house: House) -> str:
    newest = house.db.read(queries.newest_checkpoint)
    assert newest is not None
    return newest.note


# ---- a bundle of version 1, kept for ever


def test_the_golden_bundle_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--key", str(GOLDEN / "key.txt"), "--checkpoint", str(GOLDEN / "older.txt")]
    assert verifier.main([str(GOLDEN / "bundle.zip"), *arguments]) == verifier.GOOD
    assert capsys.readouterr().out == (GOLDEN / "said.en.txt").read_text("utf-8")
    assert verifier.main([str(GOLDEN / "bundle.zip"), *arguments, "--lang", "zh"]) == verifier.GOOD
    assert capsys.readouterr().out == (GOLDEN / "said.zh.txt").read_text("utf-8")


def test_the_program_of_the_golden_bundle_runs_alone_and_agrees(tmp_path: Path) -> None:
    files = verifier.read_bundle(GOLDEN / "bundle.zip")
    program = _saved(tmp_path, files["verify.py"], "verify.py")
    command = [sys.executable, "-I", str(program), str(GOLDEN / "bundle.zip"), "--key", files["key.txt"].decode()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (verifier.GOOD, "GOOD"), done.stderr


# ---- building


def test_a_bundle_waits_for_the_checkpoint_that_covers_it(house: House) -> None:
    story = stories.tell(house)

    def build() -> bytes | None:
        return bundles.build(house, order_id=story.order_id, object_ids=story.object_ids)

    assert build() is None
    sequencer.run(house)
    assert build() is None
    checkpoints.sign(house)
    assert build() is not None
    house.db.write(lambda uow: stories.step(uow, story, "cancel"))
    assert build() is None


def test_the_same_log_gives_the_same_bundle_byte_for_byte(house: House) -> None:
    story = stories.tell(house)
    stories.settle(house)
    assert stories.bundle_of(house, story) == stories.bundle_of(house, story)


def test_a_party_finds_the_proof_from_what_was_signed_since_the_order_began(house: House, tmp_path: Path) -> None:
    story = stories.tell(house, ("pay",))
    stories.settle(house)
    kept = _note(house)
    for _ in range(3):
        stories.tell(house)
        stories.settle(house)
    house.db.write(lambda uow: stories.step(uow, story, "deliver"))
    stories.settle(house)
    path, older = _saved(tmp_path, stories.bundle_of(house, story)), _saved(tmp_path, kept.encode(), "older.txt")
    assert verifier.main([str(path), "--checkpoint", str(older)]) == verifier.GOOD


def test_an_older_checkpoint_needs_a_proof_and_gets_it_from_the_exchange(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stories.tell(house)
    stories.settle(house)
    older = _saved(tmp_path, _note(house).encode(), "older.txt")
    story = stories.tell(house)
    stories.settle(house)
    path = _saved(tmp_path, stories.bundle_of(house, story))
    assert verifier.main([str(path), "--checkpoint", str(older)]) == verifier.UNVERIFIABLE
    assert "/api/v1/audit/consistency?first=8&second=16" in capsys.readouterr().out
    assert verifier.main([str(path), "--checkpoint", str(older), "--lang", "zh"]) == verifier.UNVERIFIABLE
    assert "（UNVERIFIABLE）：存证包未附上从您的检查点起的证明" in capsys.readouterr().out
    second, proof = house.db.read(lambda uow: queries.consistency(uow, 8, 16))
    files = json.dumps({"first": 8, "second": second, "proof": [base64.b64encode(p).decode() for p in proof]})
    given = ["--checkpoint", str(older), "--consistency", str(_saved(tmp_path, files.encode(), "proof.json"))]
    assert verifier.main([str(path), *given]) == verifier.GOOD
    bad = json.dumps({"first": 8, "second": second, "proof": []})
    given[-1] = str(_saved(tmp_path, bad.encode(), "bad.json"))
    assert verifier.main([str(path), *given]) == verifier.TAMPERED


def test_a_checkpoint_newer_than_the_bundle_or_of_another_key_is_tampering(house: House, tmp_path: Path) -> None:
    story = stories.tell(house)
    stories.settle(house)
    path = _saved(tmp_path, stories.bundle_of(house, story))
    stories.tell(house)
    stories.settle(house)
    newer = _saved(tmp_path, _note(house).encode(), "newer.txt")
    assert verifier.main([str(path), "--checkpoint", str(newer)]) == verifier.TAMPERED
    own = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    note = notes.sign(house.settings.log_origin, 8, bytes(32), own)
    forged = _saved(tmp_path, note.encode(), "forged.txt")
    assert verifier.main([str(path), "--checkpoint", str(forged)]) == verifier.TAMPERED


@pytest.mark.parametrize(
    ("step", "changed"),
    [
        ("deliver", {"gross": "1"}),
        ("deliver", {"buyer": "org_other"}),
        ("deliver", {"state": "accepted"}),
        ("deliver", {"plan_hash": "other"}),
        ("place", {}),
        ("accept", {"supplier": ""}),
    ],
)
def test_an_order_whose_entries_contradict_each_other_is_not_good(
    house: House, tmp_path: Path, step: str, changed: dict[str, str]
) -> None:
    """Even when the exchange itself signed them."""
    story = stories.tell(house, ("pay",))
    house.db.write(lambda uow: stories.step(uow, story, step, changed))
    stories.settle(house)
    path = _saved(tmp_path, stories.bundle_of(house, story))
    assert verifier.main([str(path)]) == verifier.TAMPERED


@pytest.mark.parametrize("listing", ["lst_another", None])
def test_a_review_of_something_else_or_after_the_order_is_not_good(
    house: House, tmp_path: Path, listing: str | None
) -> None:
    """Even when the exchange itself signed it."""
    story = stories.begin()

    def work(uow: Uow) -> None:
        if listing:
            stories.review(uow, story, listing)
        stories.step(uow, story, "place")
        if not listing:
            stories.review(uow, story, story.listing_id)

    house.db.write(work)
    stories.settle(house)
    path = _saved(tmp_path, stories.bundle_of(house, story))
    assert verifier.main([str(path)]) == verifier.TAMPERED


def test_the_enclosed_invoice_is_the_one_that_was_issued(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = stories.tell(house)
    stories.settle(house)
    whole = stories.bundle_of(house, story)
    assert verifier.unpacked(whole)[f"invoices/{story.invoice_id}.json"] == story.invoice
    assert verifier.main([str(_saved(tmp_path, whole))]) == verifier.GOOD
    said = capsys.readouterr().out
    assert "1 invoices or credit notes are those whose hashes stand in the log" in said
    assert "what was sold had passed its review before it was ordered" in said
    other = bundles.build(
        house, order_id=story.order_id, object_ids=story.object_ids, documents={story.invoice_id: b"{}"}
    )
    assert other is not None
    assert verifier.main([str(_saved(tmp_path, other))]) == verifier.TAMPERED


def test_the_program_says_when_its_key_came_with_the_bundle(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = stories.tell(house)
    stories.settle(house)
    path = _saved(tmp_path, stories.bundle_of(house, story))
    assert verifier.main([str(path)]) == verifier.GOOD
    assert "mind: the key" in capsys.readouterr().out
    assert verifier.main([str(path), "--key", checkpoints.public_key(house).text()]) == verifier.GOOD
    assert "mind" not in capsys.readouterr().out


@pytest.mark.parametrize("given", [["--key", "no key"], ["--checkpoint", "nowhere"], ["--consistency", "nowhere"]])
def test_what_is_given_badly_is_malformed(given: list[str]) -> None:
    assert verifier.main([str(GOLDEN / "bundle.zip"), *given]) == verifier.MALFORMED


# ---- reading


def _zip(
    *members: tuple[str | zipfile.ZipInfo, bytes], comment: bytes = b"", method: int = zipfile.ZIP_STORED
) -> bytes:
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", method) as file:
        warnings.simplefilter("ignore")
        for name, content in members:
            file.writestr(name, content)
        file.comment = comment
    return made.getvalue()


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("entries/link.json")
    info.external_attr = 0o120777 << 16
    return info


def _lying_about_its_size() -> bytes:
    """A file of 3 MiB that says in both places that it is small."""
    whole = bytearray(_zip(("a.txt", b"\0" * (3 << 20)), method=zipfile.ZIP_DEFLATED))
    small, large = (100).to_bytes(4, "little"), (3 << 20).to_bytes(4, "little")
    return bytes(whole.replace(large, small))


UNSAFE: dict[str, Callable[[], bytes]] = {
    "nothing": bytes,
    "no zip": lambda: b"PK\x03\x04" + b"x" * 100,
    "an empty zip": _zip,
    "climbing": lambda: _zip(("../../etc/passwd", b"x")),
    "climbing inside": lambda: _zip(("entries/../../x", b"x")),
    "absolute": lambda: _zip(("/etc/passwd", b"x")),
    "of another system": lambda: _zip(("c:\\x", b"x")),
    "backslashes": lambda: _zip(("entries\\x.json", b"x")),
    "a folder": lambda: _zip(("entries/", b"")),
    "a name with a line": lambda: _zip(("a\nb", b"x")),
    "a name beyond ASCII": lambda: _zip(("名.txt", b"x")),
    "hidden": lambda: _zip((".x", b"x")),
    "a link": lambda: _zip((_link(), b"/etc/passwd")),
    "twice": lambda: _zip(("a.txt", b"x"), ("a.txt", b"y")),
    "twice but for case": lambda: _zip(("a.txt", b"x"), ("a.TXT", b"y")),
    "too many": lambda: _zip(*((f"a{n}", b"") for n in range(20_001))),
    "a bomb": lambda: _zip(("a.txt", b"\0" * (8 << 20)), method=zipfile.ZIP_DEFLATED),
    "a liar": _lying_about_its_size,
    "packed otherwise": lambda: _zip(("a.txt", b"x" * 99), method=zipfile.ZIP_BZIP2),
    "something before": lambda: b"#!/bin/sh\n" + _zip(("a.txt", b"x")),
    "something after": lambda: _zip(("a.txt", b"x")) + b"x",
    "a comment": lambda: _zip(("a.txt", b"x"), comment=b"hello"),
    "no manifest": lambda: _zip(("a.txt", b"x")),
    "a manifest of nothing": lambda: _zip(("manifest.json", b"{}")),
    "a manifest too deep": lambda: _zip(("manifest.json", b"[" * 100_000)),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_what_cannot_be_read_safely_is_malformed(tmp_path: Path, name: str) -> None:
    assert verifier.main([str(_saved(tmp_path, UNSAFE[name]()))]) == verifier.MALFORMED


def test_a_missing_file_is_malformed(tmp_path: Path) -> None:
    assert verifier.main([str(tmp_path / "none.zip")]) == verifier.MALFORMED


def test_the_one_packing_is_what_another_program_writes_and_reads() -> None:
    files = {"a/b.json": b"{}", "README.txt": "说明".encode(), "empty.txt": b"", "z.txt": b"PK\x03\x04" * 9}
    whole = verifier.packed(files)
    assert whole == archives.written(dict(sorted(files.items())))
    assert archives.contents(whole) == verifier.unpacked(whole) == files


def test_a_bundle_packed_again_by_somebody_else_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = forger.unpack((GOLDEN / "bundle.zip").read_bytes())
    again = archives.written(files, method=zipfile.ZIP_DEFLATED)
    assert verifier.main([str(_saved(tmp_path, again))]) == verifier.MALFORMED
    assert "fetch the bundle anew" in capsys.readouterr().out


def test_a_bit_of_a_file_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (GOLDEN / "bundle.zip").read_bytes()
    changed = whole.replace(b'"gross":"106000"', b'"gross":"106001"', 1)
    assert verifier.main([str(_saved(tmp_path, changed))]) == verifier.TAMPERED
    assert "entries/" in capsys.readouterr().out


def test_rubbish_never_crashes_the_program(tmp_path: Path) -> None:
    """Bits and whole stretches of the file changed: each time one of the four exit codes."""
    whole, chance = (GOLDEN / "bundle.zip").read_bytes(), Random(5)
    for _ in range(150):
        changed = bytearray(whole)
        start = chance.randrange(len(changed))
        changed[start : start + chance.choice([1, 4, 40])] = chance.randbytes(chance.choice([1, 4, 40]))
        assert verifier.main([str(_saved(tmp_path, bytes(changed)))]) in range(4)


def test_a_hostile_text_does_not_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = forger.unpack((GOLDEN / "bundle.zip").read_bytes())
    files["checkpoint.txt"] = b"\x1b[2Jevil" + files["checkpoint.txt"]
    assert verifier.main([str(_saved(tmp_path, forger.pack(forger.redone(files))))]) == verifier.TAMPERED
    assert "\x1b" not in capsys.readouterr().out

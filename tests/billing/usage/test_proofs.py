"""A single call is proven offline, and whatever was changed of it is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from compliance.audit import verifier
from core.house import House
from tests.billing.usage import call_forger, proving
from tests.compliance.audit import forger

TRIES = 4
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def calls(house: House) -> proving.Calls:
    return proving.told(house)


def test_every_call_of_every_batch_is_proven(calls: proving.Calls) -> None:
    for order, made in enumerate(calls.made):
        files = verifier.unpacked(calls.bundle_of(order, made))
        report = verifier.verify(files)
        assert {call: each["outcome"] for call, each in report.calls.items()} == {
            record.call_id: record.outcome for record in made
        }


def test_the_one_file_program_proves_it_alone(calls: proving.Calls, tmp_path: Path) -> None:
    bundle = calls.bundle(0)
    files = verifier.unpacked(bundle)
    (tmp_path / "verify.py").write_bytes(files["verify.py"])
    (tmp_path / "bundle.zip").write_bytes(bundle)
    command = [sys.executable, "-I", "verify.py", "bundle.zip", "--key", files["key.txt"].decode()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (verifier.GOOD, "GOOD"), done.stderr
    assert done.stdout.count("stands in a signed batch") == len(json.loads(files["manifest.json"])["calls"])


def test_a_proof_tells_nothing_of_other_buyers_calls(calls: proving.Calls) -> None:
    """Not an id, not a byte of a record or a salt, not a leaf that could be tried: its hash is salted."""
    for order, made in enumerate(calls.made):
        shown = b"".join(verifier.unpacked(calls.bundle_of(order, made)).values())
        for other, theirs in enumerate(calls.made):
            if other == order:
                continue
            right = calls.rights[other]
            for secret in (right.organisation_id, right.order_id, right.id, right.listing_id):
                assert secret.encode() not in shown
            for record in theirs:
                assert f'"{record.call_id}"'.encode() not in shown
                assert verifier.leaf_hash(record.raw).hex().encode() not in shown


def test_no_kind_of_forged_call_passes(calls: proving.Calls, tmp_path: Path) -> None:
    stage, passed = proving.stage_of(calls), []
    for kind in call_forger.CALLS:
        chance = Random(kind.__name__)
        codes = {forger.outcome(stage, kind(stage, chance), tmp_path) for _ in range(TRIES)}
        passed += [kind.__name__] if not codes <= {verifier.TAMPERED, verifier.MALFORMED} else []
    assert passed == []


def test_a_bundle_without_calls_is_of_the_version_it_always_was(calls: proving.Calls) -> None:
    files = verifier.unpacked(calls.bundle_of(0, []))
    assert json.loads(files["manifest.json"])["version"] == 1
    assert verifier.verify(files).calls == {}


def test_the_golden_bundle_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle of version 2, kept for ever."""
    assert verifier.main([str(GOLDEN / "bundle.zip"), "--key", str(GOLDEN / "key.txt")]) == verifier.GOOD
    assert capsys.readouterr().out == (GOLDEN / "said.txt").read_text("utf-8")

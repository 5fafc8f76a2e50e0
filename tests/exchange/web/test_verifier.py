"""The verifier in JavaScript says of every bundle, honest or forged, what the one in Python says."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit import checkpoints, epochs, notes, rekeying, verifier
from compliance.audit.service import record
from core.actor import SYSTEM
from core.house import House
from tests.billing.usage import call_forger, proving
from tests.compliance.audit import archives, forger, story
from tests.compliance.audit.test_tamper import staged
from tests.servers.missing import not_run
from tests.servers.node import Judge, NodeMissing, judging

AUDIT = Path(__file__).parents[2] / "compliance" / "audit" / "golden"
USAGE = Path(__file__).parents[2] / "billing" / "usage" / "golden"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    try:
        with judging(tmp_path_factory.mktemp("node")) as running:
            yield running
    except NodeMissing as missing:
        not_run("Node.js", str(missing))


def _python(path: Path, key: str | None, older: str | None = None) -> tuple[int, list[tuple[str, str]]]:
    try:
        if path.suffix == ".json":
            return verifier.GOOD, verifier.verify_statement(path.read_bytes(), key_text=key).lines
        return verifier.GOOD, verifier.verify(verifier.read_bundle(path), key_text=key, older_note=older).lines
    except verifier.Refused as refused:
        return refused.code, [refused.reason]


# What each reader of JSON says in its own words, and what only a command line can be told.
_OWN_WORDS = re.compile(r"(?<=^不是有效的 JSON)：.*|，再用 --consistency 给出$")


def _in_chinese(said: tuple[int, list[tuple[str, str]]]) -> tuple[int, list[str]]:
    """The exit code, and in Chinese what was proven or why it was refused."""
    code, lines = said
    assert not any(zh.isascii() for zh, _ in lines)
    return code, [_OWN_WORDS.sub("", zh) for zh, _ in lines]


def test_the_golden_bundles_are_good_and_described_in_the_same_words(judge: Judge) -> None:
    older = (AUDIT / "older.txt").read_text("utf-8")
    for folder, kept in ((AUDIT, older), (AUDIT, None), (USAGE, None)):
        key = (folder / "key.txt").read_text("utf-8")
        for given in (key, None):
            expected = _python(folder / "bundle.zip", given, kept)
            assert expected[0] == verifier.GOOD
            assert judge.said(folder / "bundle.zip", key=given, older=kept) == expected


def test_the_two_verifiers_agree_on_every_kind_of_forgery(house: House, judge: Judge, tmp_path: Path) -> None:
    if not house.db.sqlite:
        pytest.skip("what a bundle says does not depend on the database")
    stage = staged(house)
    kinds = [(kind, stage) for kind in forger.BUNDLES]
    calls = proving.stage_of(proving.told(house, orders=2, sizes=(2, 3, 9), seed=4))
    kinds += [(kind, calls) for kind in call_forger.CALLS]
    path, differing = tmp_path / "forged.zip", []
    for kind, base in kinds:
        forged = kind(base, Random(kind.__name__))
        path.write_bytes(forged.zip)
        expected = _in_chinese(_python(path, base.key, forged.older))
        found = _in_chinese(judge.said(path, key=base.key, older=forged.older))
        differing += [(kind.__name__, expected, found)] if found != expected else []
    assert differing == []
    assert len(kinds) > 100


def test_they_follow_a_rotated_key_and_no_other(house: House, judge: Judge, tmp_path: Path) -> None:
    told, path = story.tell(house), tmp_path / "bundle.zip"
    story.settle(house)
    older = checkpoints.published(house)[-1]
    keys = rekeying.rotate_key(house)
    stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    theirs = notes.key_of(keys[0].name, stranger)
    note = notes.signed(f"{theirs.name}/key\n{keys[1].text()}\n", theirs.name, stranger)
    vouched = base64.b64encode(note.encode()).decode()
    cases: tuple[tuple[dict[str, str], tuple[int, ...]], ...] = (
        ({}, (verifier.GOOD, verifier.GOOD, verifier.TAMPERED)),
        ({"old_key": keys[0].text(), "new_key": keys[1].text(), "vouched": vouched}, (verifier.TAMPERED,) * 3),
    )
    for said, codes in cases:
        if said:
            _say_of_the_log(house, said)
        story.tell(house)
        story.settle(house)
        path.write_bytes(story.bundle_of(house, told))
        for key, code in zip((*keys, theirs), codes, strict=True):
            expected, found = _python(path, key.text(), older), judge.said(path, key=key.text(), older=older)
            assert (found[0], expected[0]) == (code, code)
            assert found == expected


def _say_of_the_log(house: House, data: dict[str, str]) -> None:
    house.db.write(lambda uow: record(uow, SYSTEM, action=rekeying.REKEYED, object_id=epochs.LOG, data=data))


def test_they_agree_on_what_is_done_to_the_zip(judge: Judge, tmp_path: Path) -> None:
    whole, key = (AUDIT / "bundle.zip").read_bytes(), (AUDIT / "key.txt").read_text("utf-8")
    path, differing = tmp_path / "changed.zip", []
    for change in archives.CHANGES:
        for number in range(4):
            path.write_bytes(change(whole, Random(number)))
            expected, found = _in_chinese(_python(path, key)), _in_chinese(judge.said(path, key=key))
            differing += [(change.__name__, number, expected, found)] if expected != found else []
    assert differing == []


HOSTILE_JSON = [
    "", "[]", "{}", '{"a":1,"a":1}', "{\"v\":1.0}", '{"v":01}', '{"v":1e2}', '{"v":NaN}', '{"v":-0}', '{"v":true}',
    '{"v":' + "9" * 5000 + "}", "[" * 2000, '"\\ud800"', '"\\x"', '"\t"', "{'a':1}", '{"v":1,}', "\ufeff{}", '{"a" 1}',
    '{"format":"piaohao-evidence-bundle","version":true}', '{"format":"piaohao-evidence-bundle","version":1}',
    '{"format":"piaohao-evidence-bundle","version":99999999999999999999}',
]  # fmt: skip


def test_they_agree_on_hostile_json(judge: Judge, tmp_path: Path) -> None:
    files = verifier.read_bundle(AUDIT / "bundle.zip")
    entry = next(name for name in files if name.startswith("entries/"))
    for number, text in enumerate(HOSTILE_JSON):
        for name in ("manifest.json", entry, "consistency.json"):
            path = tmp_path / f"{number}.zip"
            path.write_bytes(verifier.packed(files | {name: text.encode()}))
            assert _in_chinese(judge.said(path)) == _in_chinese(_python(path, None)), (name, text[:60])
        path = tmp_path / f"{number}.json"
        path.write_text(text, encoding="utf-8")
        expected = _in_chinese(_python(path, None))
        assert expected[0] != verifier.GOOD, text[:60]
        assert _in_chinese(judge.said(path)) == expected, text[:60]


def test_they_agree_on_statements(house: House, judge: Judge, tmp_path: Path) -> None:
    row = {
        "month": "2026-10", "operation": "query", "plan_hash": "p", "outcome": "hit", "mode": "live", "amount": "1.005",
        "calls": 3, "records": 0, "bytes_in": 1, "bytes_out": 2, "credited": 0,
    }  # fmt: skip
    counted = verifier.canonical([{name: row[name] for name in row if name != "amount"}])
    said = {
        "invoice": "inv_1", "number": "2026-1", "rows": [row], "usage_sha256": sha256(counted).hexdigest(),
        "usage": "1.005", "rounding": "-0.005", "net": "1", "tax": "0.06", "gross": "1.06",
    }  # fmt: skip
    spoilt: list[dict[str, object]] = [
        {}, {"gross": "1.07"}, {"net": "1.000"}, {"usage": "1.0050"}, {"tax": "6e-2"}, {"rows": []}, {"number": 1.5},
        {"rows": [row | {"calls": 4}]}, {"rows": [row | {"calls": True}]}, {"rows": [row | {"amount": "1"}]},
        {"usage_sha256": ""},
    ]  # fmt: skip
    former, present = (each.text() for each in rekeying.rotate_key(house))
    stranger, path = verifier.Key(verifier.parse_key(present).name, bytes(32)).text(), tmp_path / "statement.json"
    codes = []
    for change in spoilt:
        changed = said | change
        try:
            note = checkpoints.sign_usage(house, "inv_1", verifier.canonical(changed))
        except verifier.Malformed:
            note = checkpoints.sign_usage(house, "inv_1", b"")
        document = {
            "format": verifier.STATEMENT_FORMAT, "version": 1, "statement": changed, "signature": note, "key": present,
        }  # fmt: skip
        path.write_text(json.dumps(document), encoding="utf-8")
        for key in (present, former, stranger):
            expected = _python(path, key)
            codes.append(expected[0])
            assert judge.said(path, key=key) == expected, change
    assert codes.count(verifier.GOOD) == 6
    assert set(codes) == {verifier.GOOD, verifier.TAMPERED, verifier.MALFORMED}

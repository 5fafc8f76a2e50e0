"""Everything a forger can do to the proof of a call. Each kind is tried as it is, and by the operator with the key."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any

from compliance.audit import verifier
from tests.compliance.audit.archives import flip
from tests.compliance.audit.forger import Files, Forged, Kind, Stage, manifest_of, pack, redone, resigned

Document = dict[str, Any]
Change = Callable[[Document, Random], None]


def _raw(text: str) -> bytes:
    return base64.b64decode(text)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _written(document: Any) -> bytes:
    return json.dumps(document, indent=1, sort_keys=True).encode()


def _some(stage: Stage, chance: Random) -> tuple[Files, str, Document]:
    """A bundle, the name of one of its calls' files, and what it says."""
    files = dict(chance.choice([files for files in stage.bundles if "calls" in manifest_of(files)]))
    name = chance.choice([name for name in files if name.startswith("calls/")])
    return files, name, json.loads(files[name])


def _in_document(change: Change) -> Kind:
    """A kind that changes a proof's document in place; the manifest is written anew."""

    def forge(stage: Stage, chance: Random) -> Forged:
        files, name, document = _some(stage, chance)
        change(document, chance)
        return Forged(pack(redone(files | {name: _written(document)})))

    forge.__name__ = change.__name__
    return forge


def record_bit(document: Document, chance: Random) -> None:
    document["record"] = _text(flip(_raw(document["record"]), chance))


def record_cut(document: Document, chance: Random) -> None:
    document["record"] = _text(_raw(document["record"])[: -chance.randrange(1, 30)])


def outcome_rewritten(document: Document, chance: Random) -> None:
    raw = bytearray(_raw(document["record"]))
    raw[2] = chance.choice([other for other in (1, 2, 3, 4, 5) if other != raw[2]])
    document["record"] = _text(bytes(raw))


def salt_bit(document: Document, chance: Random) -> None:
    document["salt"] = _text(flip(_raw(document["salt"]), chance))


def salt_and_record_parted_elsewhere(document: Document, chance: Random) -> None:
    """The leaf stays the same: a byte of the record becomes one of the salt."""
    salt, record = _raw(document["salt"]), _raw(document["record"])
    document["salt"], document["record"] = _text(salt + record[:1]), _text(record[1:])


def path_bit(document: Document, chance: Random) -> None:
    if not document["proof"]:
        return path_longer(document, chance)
    place = chance.randrange(len(document["proof"]))
    document["proof"][place] = _text(flip(_raw(document["proof"][place]), chance))
    return None


def path_shorter(document: Document, chance: Random) -> None:
    if not document["proof"]:
        return path_longer(document, chance)
    del document["proof"][chance.randrange(len(document["proof"]))]
    return None


def path_longer(document: Document, chance: Random) -> None:
    document["proof"].insert(chance.randint(0, len(document["proof"])), _text(chance.randbytes(32)))


def index_changed(document: Document, chance: Random) -> None:
    others = [place for place in range(-1, document["count"] + 2) if place != document["index"]]
    document["index"] = chance.choice(others)


def count_changed(document: Document, chance: Random) -> None:
    document["count"] = document["count"] + chance.choice([-1, 1, 2, 100])


def another_batch(document: Document, chance: Random) -> None:
    document["batch"] = f"ubt_{chance.randrange(10**20):026d}"


def field_added(document: Document, chance: Random) -> None:
    document[chance.choice(["note", "credited", "root"])] = "1"


def field_left_out(document: Document, chance: Random) -> None:
    del document[chance.choice(sorted(document))]


def another_type(document: Document, chance: Random) -> None:
    document[chance.choice(["index", "count", "version", "record"])] = chance.choice([None, True, "1", 1.5, []])


def call_renamed(document: Document, chance: Random) -> None:
    epoch, _, seq = document["call"].partition("-")
    document["call"] = f"{epoch}-{int(seq) + chance.choice([1, 1000])}"


def another_batchs_root(stage: Stage, chance: Random) -> Forged:
    """The call is said to stand in another batch, one that the bundle and the log hold."""
    files, name, document = _some(stage, chance)
    batches = sorted({json.loads(files[each])["batch"] for each in files if each.startswith("calls/")})
    others = [batch for batch in batches if batch != document["batch"]] or ["ubt_none"]
    return Forged(pack(redone(files | {name: _written(document | {"batch": chance.choice(others)})})))


def call_swapped(stage: Stage, chance: Random) -> Forged:
    """Another call of the same order is shown under this call's name."""
    files, name, document = _some(stage, chance)
    others = [each for each in files if each.startswith("calls/") and each != name]
    if not others:
        return _in_document(call_renamed)(stage, chance)
    other = json.loads(files[chance.choice(others)]) | {"call": document["call"]}
    return Forged(pack(redone(files | {name: _written(other)})))


def another_orders_call(stage: Stage, chance: Random) -> Forged:
    """A call that is proven to the last bit, but was made by another buyer."""
    files, name, document = _some(stage, chance)
    documents = [
        json.loads(other[each]) for other in stage.bundles for each in other if each.startswith("calls/")
    ]  # fmt: skip
    loads = {each["batch"] for each in _calls_of(files)}
    theirs = [each for each in documents if each["batch"] in loads and each["call"] not in _names(files)]
    if not theirs:
        return _in_document(call_renamed)(stage, chance)
    other = chance.choice(theirs)
    del files[name]
    files[f"calls/{other['call']}.json"] = _written(other)
    manifest = manifest_of(files)
    for each in manifest["calls"]:
        if each["call"] == document["call"]:
            each |= {"call": other["call"], "file": f"calls/{other['call']}.json"}
    return Forged(pack(redone(files, manifest)))


def _calls_of(files: Files) -> list[Document]:
    return [json.loads(files[each]) for each in files if each.startswith("calls/")]


def _names(files: Files) -> set[str]:
    return {each["call"] for each in _calls_of(files)}


def batchs_entry_left_out(stage: Stage, chance: Random) -> Forged:
    files, _, document = _some(stage, chance)
    manifest = manifest_of(files)
    for described in list(manifest["entries"]):
        if json.loads(files[described["file"]])["object"] == document["batch"]:
            manifest["entries"].remove(described)
            del files[described["file"]]
    return Forged(pack(redone(files, manifest)))


def batchs_root_rewritten(stage: Stage, chance: Random) -> Forged:
    """The entry of the batch is given the root that a forged record leads to."""
    files, name, document = _some(stage, chance)
    outcome_rewritten(document, chance)
    root = verifier.leaf_hash(_raw(document["salt"]) + _raw(document["record"]))
    for described in manifest_of(files)["entries"]:
        entry = json.loads(files[described["file"]])
        if entry["object"] == document["batch"]:
            entry["data"] |= {"root": root.hex(), "count": "1"}
            files[described["file"]] = verifier.canonical(entry)
    lonely = document | {"proof": [], "index": 0, "count": 1}
    return Forged(pack(redone(files | {name: _written(lonely)})))


def call_twice(stage: Stage, chance: Random) -> Forged:
    files, _, _ = _some(stage, chance)
    manifest = manifest_of(files)
    manifest["calls"].append(chance.choice(manifest["calls"]))
    return Forged(pack(redone(files, manifest)))


def calls_file_left_out(stage: Stage, chance: Random) -> Forged:
    files, name, _ = _some(stage, chance)
    del files[name]
    return Forged(pack(redone(files)))


def calls_file_added(stage: Stage, chance: Random) -> Forged:
    files, name, _ = _some(stage, chance)
    files["calls/0000000000000000-1.json"] = files[name]
    return Forged(pack(redone(files)))


def older_version_with_calls(stage: Stage, chance: Random) -> Forged:
    files, _, _ = _some(stage, chance)
    manifest = manifest_of(files) | {"version": 1}
    del manifest["calls"]
    return Forged(pack(redone(files, manifest)))


def version_that_is_none(stage: Stage, chance: Random) -> Forged:
    files, _, _ = _some(stage, chance)
    return Forged(pack(redone(files, manifest_of(files) | {"version": chance.choice([0, 3, True, "2", None])})))


def _by_the_operator(kind: Kind) -> Kind:
    """The same by the operator, who holds the key: all signatures fit, so the rest has to tell."""

    def forge(stage: Stage, chance: Random) -> Forged:
        files = verifier.unpacked(kind(stage, chance).zip)
        return Forged(pack(resigned(stage, redone(files), stage.private)))

    forge.__name__ = f"{kind.__name__}_with_the_key"
    return forge


_PLAIN: tuple[Kind, ...] = (
    *map(
        _in_document,
        (
            record_bit, record_cut, outcome_rewritten, salt_bit, salt_and_record_parted_elsewhere, path_bit,
            path_shorter, path_longer, index_changed, count_changed, another_batch, field_added, field_left_out,
            another_type, call_renamed,
        ),
    ),
    another_batchs_root, call_swapped, another_orders_call, batchs_entry_left_out, batchs_root_rewritten, call_twice,
    calls_file_left_out, calls_file_added, older_version_with_calls, version_that_is_none,
)  # fmt: skip
CALLS: tuple[Kind, ...] = (*_PLAIN, *map(_by_the_operator, _PLAIN))

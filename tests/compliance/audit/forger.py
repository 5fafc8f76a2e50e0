"""Everything a forger can do to a log: to its bundles, checkpoints, keys and tables. One function for each kind.

Each kind takes a stage and a source of chance, and answers a forged thing that must not pass. The tests try a few
of each; the campaign in ``bench`` tries thousands.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from compliance.audit import checkpoints, merkle, notes, verifier
from compliance.audit.models import AuditEntry, AuditLeaf
from core.db import Database, Uow
from core.house import House
from core.keyring import Keyring
from tests.compliance.audit import archives
from tests.compliance.audit.archives import flip

Files = dict[str, bytes]


@dataclass(frozen=True)
class Stage:
    """An honest log, what its auditor kept, and a foreign log of the same software."""

    house: House
    bundles: list[Files]
    kept: str
    foreign: Files
    bodies: list[bytes] = field(default_factory=list)

    @property
    def key(self) -> str:
        return checkpoints.public_key(self.house).text()

    @property
    def private(self) -> Ed25519PrivateKey:
        return checkpoints.private_key(self.house)

    @property
    def origin(self) -> str:
        return self.house.settings.log_origin


def all_bodies(house: House) -> list[bytes]:
    """The exact bytes of every entry, in the order of the log."""

    def work(uow: Uow) -> list[bytes]:
        joined = select(AuditEntry.body).join(AuditLeaf, AuditLeaf.entry_id == AuditEntry.id)
        return list(uow.session.execute(joined.order_by(AuditLeaf.number)).scalars())

    return house.db.read(work)


# ---- bundles


@dataclass(frozen=True)
class Forged:
    """What is shown to the verifier, and the older checkpoint that is given with it."""

    zip: bytes
    older: str | None = None


Kind = Callable[[Stage, Random], Forged]


def pack(files: Files) -> bytes:
    return verifier.packed(files)


def unpack(bundle: bytes) -> Files:
    return verifier.unpacked(bundle)


def manifest_of(files: Files) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(files["manifest.json"])
    return parsed


def redone(files: Files, manifest: dict[str, Any] | None = None) -> Files:
    """The manifest's hashes and counts as they must be for these files; the signature cannot be made anew."""
    manifest = manifest or manifest_of(files)
    names = [name for name in files if name not in ("manifest.json", "manifest.sig")]
    counts: dict[str, int] = {}
    for described in manifest["entries"]:
        try:
            name = str(json.loads(files[described["file"]])["object"])
        except (ValueError, KeyError):
            continue
        counts[name] = counts.get(name, 0) + 1
    manifest |= {"files": {name: hashlib.sha256(files[name]).hexdigest() for name in names}, "objects": counts}
    return files | {"manifest.json": json.dumps(manifest, indent=1, sort_keys=True).encode()}


def resigned(stage: Stage, files: Files, private: Ed25519PrivateKey) -> Files:
    """A bundle signed all over, checkpoint's text and manifest's, by whoever holds ``private``."""
    text = files["checkpoint.txt"].decode().partition("\n\n")[0] + "\n"
    files = files | {"checkpoint.txt": notes.signed(text, stage.origin, private).encode()}
    files["key.txt"] = (notes.key_of(stage.origin, private).text() + "\n").encode()
    manifest = manifest_of(files) | {"checkpoint_size": int(text.split("\n")[1])}
    files = redone(files, manifest)
    statement = verifier.manifest_statement(
        stage.origin, manifest["order"], manifest["checkpoint_size"], files["manifest.json"]
    )
    return files | {"manifest.sig": notes.signed(statement, stage.origin, private).encode()}


def regrown(stage: Stage, files: Files, bodies: list[bytes], private: Ed25519PrivateKey) -> Files:
    """The bundle as it would be if the log held ``bodies``: entries, proofs, root, everything anew."""
    tree, made = merkle.Frontier(), dict[tuple[int, int], bytes]()
    for number, body in enumerate(bodies):
        made[0, number] = leaf = verifier.leaf_hash(body)
        made.update({(level, index): found for level, index, found in tree.append(leaf)})
    manifest = manifest_of(files)
    for described in manifest["entries"]:
        number = described["index"]
        files = files | {described["file"]: bodies[number]}
        proof = merkle.inclusion_proof(lambda level, index: made[level, index], number, len(bodies))
        described["proof"] = [base64.b64encode(each).decode() for each in proof]
    note = notes.sign(stage.origin, len(bodies), tree.root(), private)
    kept = min(verifier.parse_checkpoint(stage.kept).size, len(bodies))
    between = merkle.consistency_proof(lambda level, index: made[level, index], kept, len(bodies))
    enclosed = json.dumps({str(kept): [base64.b64encode(each).decode() for each in between]})
    files = files | {"checkpoint.txt": note.encode(), "consistency.json": enclosed.encode()}
    return resigned(stage, redone(files, manifest), private)


def _some(stage: Stage, chance: Random) -> tuple[Files, dict[str, Any], dict[str, Any]]:
    """A bundle, its manifest, and one described entry."""
    files = dict(chance.choice(stage.bundles))
    manifest = manifest_of(files)
    return files, manifest, chance.choice(manifest["entries"])


def entry_bit(stage: Stage, chance: Random) -> Forged:
    files, _, entry = _some(stage, chance)
    files[entry["file"]] = flip(files[entry["file"]], chance)
    return Forged(pack(files))


def entry_bit_manifest_redone(stage: Stage, chance: Random) -> Forged:
    files, manifest, entry = _some(stage, chance)
    files[entry["file"]] = flip(files[entry["file"]], chance)
    return Forged(pack(redone(files, manifest)))


def amount_rewritten(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    for described in manifest["entries"]:
        files[described["file"]] = files[described["file"]].replace(b"106000", b"%d" % chance.randrange(106001, 999999))
    return Forged(pack(redone(files, manifest)))


def entry_left_out(stage: Stage, chance: Random) -> Forged:
    files, manifest, entry = _some(stage, chance)
    manifest["entries"].remove(entry)
    del files[entry["file"]]
    return Forged(pack(redone(files, manifest)))


def history_cut_short(stage: Stage, chance: Random) -> Forged:
    """The last entries of the order are left out: what is left has no gap."""
    files, manifest, _ = _some(stage, chance)
    for _ in range(chance.randint(1, 3)):
        del files[manifest["entries"].pop()["file"]]
    return Forged(pack(redone(files, manifest)))


def entry_twice(stage: Stage, chance: Random) -> Forged:
    files, manifest, entry = _some(stage, chance)
    manifest["entries"].append(entry)
    return Forged(pack(redone(files, manifest)))


def entries_swapped(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    one, two = (each["file"] for each in chance.sample(manifest["entries"], 2))
    files[one], files[two] = files[two], files[one]
    return Forged(pack(redone(files, manifest)))


def proof_bit(stage: Stage, chance: Random) -> Forged:
    files, manifest, entry = _some(stage, chance)
    place = chance.randrange(len(entry["proof"]))
    entry["proof"][place] = base64.b64encode(flip(base64.b64decode(entry["proof"][place]), chance)).decode()
    return Forged(pack(redone(files, manifest)))


def proof_of_another_index(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    one, two = chance.sample(manifest["entries"], 2)
    one["proof"] = two["proof"]
    return Forged(pack(resigned(stage, redone(files, manifest), stage.private)))


def index_changed(stage: Stage, chance: Random) -> Forged:
    """The entry is shown at another place, its file renamed to fit."""
    files, manifest, entry = _some(stage, chance)
    number = entry["index"] + chance.choice([-1, 1, 1 << 20])
    name = f"entries/{max(number, 0):09d}.json"
    files[name] = files.pop(entry["file"])
    entry |= {"index": number, "file": name}
    return Forged(pack(resigned(stage, redone(files, manifest), stage.private)))


def other_spelling(stage: Stage, chance: Random) -> Forged:
    """JSON of the same meaning, not canonical."""
    files, manifest, entry = _some(stage, chance)
    parsed = json.loads(files[entry["file"]])
    spelled = [
        json.dumps(parsed, ensure_ascii=False).encode(),
        json.dumps(parsed, separators=(",", ":"), sort_keys=True).encode() + b" ",
        json.dumps(dict(reversed(parsed.items())), separators=(",", ":"), ensure_ascii=False).encode(),
        files[entry["file"]].replace(b'"v":1', b'"v":1,"v":1'),
        files[entry["file"]].replace(b"object_seq", b"object\\u005fseq"),
    ]
    files[entry["file"]] = chance.choice(spelled)
    return Forged(pack(redone(files, manifest)))


def entry_of_another_log(stage: Stage, chance: Random) -> Forged:
    """An entry of a foreign log, with the foreign log's own proof and checkpoint beside it."""
    files, manifest, entry = _some(stage, chance)
    foreign = chance.choice(manifest_of(stage.foreign)["entries"])
    files[entry["file"]] = stage.foreign[foreign["file"]]
    entry["proof"] = foreign["proof"]
    if chance.random() < 0.5:
        files["checkpoint.txt"] = stage.foreign["checkpoint.txt"]
    return Forged(pack(redone(files, manifest)))


def entry_of_another_log_grown_in(stage: Stage, chance: Random) -> Forged:
    """Even the operator's own key cannot make another log's entry one of this log."""
    files, _, entry = _some(stage, chance)
    bodies = list(stage.bodies)
    foreign = chance.choice(manifest_of(stage.foreign)["entries"])
    bodies[entry["index"]] = stage.foreign[foreign["file"]]
    return Forged(pack(regrown(stage, files, bodies, stage.private)))


def bundle_of_another_log(stage: Stage, chance: Random) -> Forged:
    return Forged(pack({**stage.foreign, "key.txt": chance.choice([stage.foreign["key.txt"], stage.key.encode()])}))


def gap_with_the_key(stage: Stage, chance: Random) -> Forged:
    """The operator shows a history with a link missing, and signs the manifest anew."""
    files, manifest, _ = _some(stage, chance)
    last = {json.loads(files[each["file"]])["object"]: each["file"] for each in manifest["entries"]}
    entry = chance.choice([each for each in manifest["entries"] if each["file"] not in last.values()])
    manifest["entries"].remove(entry)
    del files[entry["file"]]
    return Forged(pack(resigned(stage, redone(files, manifest), stage.private)))


def policy_changed(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    name = next(name for name in files if name.startswith("policy/"))
    files[name] = flip(files[name], chance)
    return Forged(pack(redone(files, manifest) if chance.random() < 0.5 else files))


def _invoice(files: Files) -> str:
    return next(name for name in files if name.startswith("invoices/"))


def invoice_changed(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    files[_invoice(files)] = files[_invoice(files)].replace(b"1060.00", b"%d.00" % chance.randrange(1061, 9999))
    return Forged(pack(redone(files, manifest)))


def invoice_of_another_order(stage: Stage, chance: Random) -> Forged:
    one, two = chance.sample(stage.bundles, 2)
    theirs = one[_invoice(one)]
    return Forged(pack(redone(two | {chance.choice([_invoice(one), _invoice(two)]): theirs})))


def file_added(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    name = chance.choice(["entries/999999999.json", "contract.pdf", "policy/" + "0" * 64 + ".json", "a/b/c.txt"])
    files[name] = b"{}"
    return Forged(pack(redone(files, manifest) if chance.random() < 0.5 else files))


def file_removed(stage: Stage, chance: Random) -> Forged:
    files, _, _ = _some(stage, chance)
    del files[chance.choice(list(files))]
    return Forged(pack(files))


def program_changed(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    files["verify.py"] = files["verify.py"].replace(b"TAMPERED", b"GOOD", 1 + chance.randrange(3)) + b"\n"
    return Forged(pack(redone(files, manifest) if chance.random() < 0.5 else files))


def manifest_bit(stage: Stage, chance: Random) -> Forged:
    files, _, _ = _some(stage, chance)
    name = chance.choice(["manifest.json", "manifest.sig", "consistency.json"])
    files[name] = flip(files[name], chance)
    return Forged(pack(files))


def another_orders_name(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    manifest["order"] = next(n for n in manifest["objects"] if n != manifest["order"])
    return Forged(pack(redone(files, manifest)))


def key_swapped(stage: Stage, chance: Random) -> Forged:
    """Everything changed, hashed and signed anew, by somebody with a key of their own."""
    files, _, entry = _some(stage, chance)
    bodies = list(stage.bodies)
    bodies[entry["index"]] = bodies[entry["index"]].replace(b"training", b"trainjng").replace("气".encode(), b"Q")
    own = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    return Forged(pack(regrown(stage, files, bodies, own)))


def key_file_only(stage: Stage, chance: Random) -> Forged:
    files, manifest, _ = _some(stage, chance)
    own = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    files["key.txt"] = (notes.key_of(stage.origin, own).text() + "\n").encode()
    return Forged(pack(redone(files, manifest)))


def own_signature_under_the_logs_key(stage: Stage, chance: Random) -> Forged:
    """Signed by a key of one's own, with the log's key put beside it."""
    files, _, _ = _some(stage, chance)
    own = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    files = resigned(stage, files, own) | {"key.txt": stage.key.encode()}
    return Forged(pack(redone(files)))


def checkpoint_size(stage: Stage, chance: Random) -> Forged:
    return _checkpoint(stage, chance, 1, lambda line: str(int(line) + chance.choice([-1, 1, 7])))


def checkpoint_root(stage: Stage, chance: Random) -> Forged:
    return _checkpoint(stage, chance, 2, lambda line: base64.b64encode(flip(base64.b64decode(line), chance)).decode())


def checkpoint_origin(stage: Stage, chance: Random) -> Forged:
    return _checkpoint(stage, chance, 0, lambda line: line + chance.choice([".evil", " ", "/2"]))


def checkpoint_signature(stage: Stage, chance: Random) -> Forged:
    def forge(line: str) -> str:
        start, _, signature = line.rpartition(" ")
        return f"{start} {base64.b64encode(flip(base64.b64decode(signature), chance)).decode()}"

    return _checkpoint(stage, chance, 4, forge)


def _checkpoint(stage: Stage, chance: Random, line: int, forge: Callable[[str], str]) -> Forged:
    files, manifest, _ = _some(stage, chance)
    lines = files["checkpoint.txt"].decode().split("\n")
    lines[line] = forge(lines[line])
    files["checkpoint.txt"] = "\n".join(lines).encode()
    return Forged(pack(redone(files, manifest)))


def forked_with_the_key(stage: Stage, chance: Random) -> Forged:
    """The operator rewrites the past and signs it: caught by the checkpoint that the auditor kept."""
    files, _, _ = _some(stage, chance)
    bodies = list(stage.bodies)
    victim = chance.randrange(verifier.parse_checkpoint(stage.kept).size)
    bodies[victim] = bodies[victim].replace(b'"actor":"psn_', b'"actor":"psn_x')
    if bodies == stage.bodies:
        bodies[victim] += b" "
    return Forged(pack(regrown(stage, files, bodies, stage.private)), stage.kept)


def rolled_back_with_the_key(stage: Stage, chance: Random) -> Forged:
    """The operator shows an older, shorter log as the newest one: caught by the checkpoint kept."""
    files = dict(stage.bundles[0])
    shortest = max(each["index"] for each in manifest_of(files)["entries"]) + 1
    kept = verifier.parse_checkpoint(stage.kept).size
    size = chance.randrange(shortest, kept)
    return Forged(pack(regrown(stage, files, stage.bodies[:size], stage.private)), stage.kept)


def _zip_changed(change: archives.Change) -> Kind:
    """An honest bundle whose files say what they said: only the zip around them is another one."""

    def forge(stage: Stage, chance: Random) -> Forged:
        return Forged(change(pack(chance.choice(stage.bundles)), chance))

    forge.__name__ = f"zip_{change.__name__}"
    return forge


def _signed_anew(kind: Kind) -> Kind:
    """The same forgery by the operator, who holds the key: the signatures fit, so the rest has to tell."""

    def forge(stage: Stage, chance: Random) -> Forged:
        files = unpack(kind(stage, chance).zip)
        return Forged(pack(resigned(stage, redone(files), stage.private)))

    forge.__name__ = f"{kind.__name__}_with_the_key"
    return forge


_BY_THE_OPERATOR = (
    entry_bit, amount_rewritten, entry_twice, entries_swapped, proof_bit, other_spelling, entry_of_another_log,
    policy_changed, file_added, another_orders_name, invoice_changed, invoice_of_another_order,
)  # fmt: skip

BUNDLES: tuple[Kind, ...] = (
    *map(_signed_anew, _BY_THE_OPERATOR),
    entry_bit, entry_bit_manifest_redone, amount_rewritten, entry_left_out, history_cut_short, entry_twice,
    entries_swapped, proof_bit, proof_of_another_index, index_changed, other_spelling, entry_of_another_log,
    entry_of_another_log_grown_in, bundle_of_another_log, gap_with_the_key, policy_changed, file_added, file_removed,
    program_changed, manifest_bit, invoice_changed, invoice_of_another_order, another_orders_name, key_swapped,
    key_file_only, own_signature_under_the_logs_key,
    checkpoint_size, checkpoint_root, checkpoint_origin, checkpoint_signature, forked_with_the_key,
    rolled_back_with_the_key, *map(_zip_changed, archives.CHANGES),
)  # fmt: skip


def outcome(stage: Stage, forged: Forged, folder: Path) -> int:
    """The verifier's exit code for it, with the key as the platform publishes it."""
    path = folder / "forged.zip"
    path.write_bytes(forged.zip)
    try:
        verifier.verify(verifier.read_bundle(path), key_text=stage.key, older_note=forged.older)
    except verifier.Tampered:
        return verifier.TAMPERED
    except verifier.Malformed:
        return verifier.MALFORMED
    except verifier.Unverifiable:
        return verifier.UNVERIFIABLE
    return verifier.GOOD


# ---- tables: each kind changes a copy of the SQLite database whose triggers were dropped

Change = Callable[[sqlite3.Connection, Random], None]


def _value(connection: sqlite3.Connection, table: str, column: str, chance: Random) -> tuple[int, Any]:
    rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
    rowid, value = chance.choice(rows)
    return rowid, value


def _bit_of(table: str, column: str) -> Change:
    def change(connection: sqlite3.Connection, chance: Random) -> None:
        rowid, value = _value(connection, table, column, chance)
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (flip(value, chance), rowid))

    return change


def _added_to(table: str, column: str) -> Change:
    def change(connection: sqlite3.Connection, chance: Random) -> None:
        rowid, value = _value(connection, table, column, chance)
        changed = value + chance.choice([-1, 1]) if isinstance(value, int) else f"{value}x"
        try:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, rowid))
        except sqlite3.IntegrityError:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (1 << 40, rowid))

    return change


def _deleted_from(table: str) -> Change:
    def change(connection: sqlite3.Connection, chance: Random) -> None:
        rowid, _ = _value(connection, table, "1", chance)
        connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))

    return change


def _text_as_body(connection: sqlite3.Connection, chance: Random) -> None:
    rowid, _ = _value(connection, "audit_entry", "1", chance)
    connection.execute("UPDATE audit_entry SET body = CAST(body AS TEXT) || ' ' WHERE rowid = ?", (rowid,))


def _body_and_leaf(connection: sqlite3.Connection, chance: Random) -> None:
    entry_id, body = chance.choice(connection.execute("SELECT id, body FROM audit_entry").fetchall())
    body = body.replace(b'"actor":"psn_', b'"actor":"psn_x')
    connection.execute("UPDATE audit_entry SET body = ? WHERE id = ?", (body, entry_id))
    leaf = verifier.leaf_hash(body)
    connection.execute("UPDATE audit_leaf SET leaf_hash = ? WHERE entry_id = ?", (leaf, entry_id))


def _swapped(connection: sqlite3.Connection, chance: Random) -> None:
    (one, first), (two, second) = chance.sample(
        connection.execute("SELECT number, entry_id FROM audit_leaf").fetchall(), 2
    )
    connection.execute("UPDATE audit_leaf SET entry_id = 'x' WHERE number = ?", (one,))
    connection.execute("UPDATE audit_leaf SET entry_id = ? WHERE number = ?", (first, two))
    connection.execute("UPDATE audit_leaf SET entry_id = ? WHERE number = ?", (second, one))


def _inserted(connection: sqlite3.Connection, chance: Random) -> None:
    body = chance.choice(connection.execute("SELECT body FROM audit_entry").fetchall())[0]
    connection.execute(
        "INSERT INTO audit_entry SELECT 'aud_forged', object_id, action, at, ? FROM audit_entry LIMIT 1", (body,)
    )
    if chance.random() < 0.5:
        number = connection.execute("SELECT max(number) + 1 FROM audit_leaf").fetchone()[0]
        connection.execute("INSERT INTO audit_leaf VALUES (?, 'aud_forged', ?)", (number, verifier.leaf_hash(body)))


def _set_back(connection: sqlite3.Connection, chance: Random) -> None:
    """An older state of the whole database, consistent in itself."""
    size = connection.execute("SELECT max(number) FROM audit_leaf").fetchone()[0]
    _regrow(connection, _ordered(connection)[: chance.randrange(1, size)])


def _rewritten(connection: sqlite3.Connection, chance: Random) -> None:
    """One entry changed, and leaves, nodes and head hashed anew. Only the key is missing."""
    order = _ordered(connection)
    victim = chance.choice(order)
    body = connection.execute("SELECT body FROM audit_entry WHERE id = ?", (victim,)).fetchone()[0]
    body = body.replace(b'"actor":"psn_', b'"actor":"psn_x')
    connection.execute("UPDATE audit_entry SET body = ? WHERE id = ?", (body, victim))
    _regrow(connection, order)


def _reordered(connection: sqlite3.Connection, chance: Random) -> None:
    order = _ordered(connection)
    place = chance.randrange(len(order) - 1)
    order[place], order[place + 1] = order[place + 1], order[place]
    _regrow(connection, order)


def _ordered(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT entry_id FROM audit_leaf ORDER BY number")]


def _regrow(connection: sqlite3.Connection, order: list[str]) -> None:
    """The log over these entries and no others, with all that belongs to it but the signatures."""
    for table in ("audit_leaf", "audit_node", "audit_concern"):
        connection.execute(f"DELETE FROM {table}")
    tree = merkle.Frontier()
    counted: dict[str, int] = {}
    for number, entry_id in enumerate(order):
        found = connection.execute("SELECT body, object_id FROM audit_entry WHERE id = ?", (entry_id,)).fetchone()
        counted[found[1]] = counted.get(found[1], 0) + 1
        leaf = verifier.leaf_hash(found[0])
        connection.execute("INSERT INTO audit_leaf VALUES (?, ?, ?)", (number, entry_id, leaf))
        for level, index, made in tree.append(leaf):
            connection.execute("INSERT INTO audit_node VALUES (?, ?, ?)", (level, index, made))
    connection.execute("DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_leaf)")
    connection.execute("DELETE FROM audit_counter")
    connection.executemany("INSERT INTO audit_counter VALUES (?, ?)", counted.items())
    connection.execute("UPDATE audit_head SET size = ?, root = ?", (tree.size, tree.root()))
    connection.execute("DELETE FROM audit_checkpoint WHERE size > ?", (tree.size,))


TABLES: dict[str, Change] = {
    "bit of a body": _bit_of("audit_entry", "body"),
    "bit of a leaf": _bit_of("audit_leaf", "leaf_hash"),
    "bit of a node": _bit_of("audit_node", "hash"),
    "bit of the head's root": _bit_of("audit_head", "root"),
    "bit of a checkpoint's root": _bit_of("audit_checkpoint", "root"),
    "head's size": _added_to("audit_head", "size"),
    "checkpoint's size": _added_to("audit_checkpoint", "size"),
    "checkpoint's note": _added_to("audit_checkpoint", "note"),
    "counter": _added_to("audit_counter", "last"),
    "object column": _added_to("audit_entry", "object_id"),
    "action column": _added_to("audit_entry", "action"),
    "leaf's number": _added_to("audit_leaf", "number"),
    "node's number": _added_to("audit_node", "number"),
    "entry deleted": _deleted_from("audit_entry"),
    "leaf deleted": _deleted_from("audit_leaf"),
    "node deleted": _deleted_from("audit_node"),
    "checkpoint deleted": _deleted_from("audit_checkpoint"),
    "counter deleted": _deleted_from("audit_counter"),
    "body of another type": _text_as_body,
    "body and its leaf": _body_and_leaf,
    "two leaves swapped": _swapped,
    "entry inserted": _inserted,
    "set back, consistent": _set_back,
    "entry changed, all rehashed": _rewritten,
    "two entries reordered, all rehashed": _reordered,
}


def dropped_triggers(path: Path) -> None:
    """What keeps honest programs from changing the log does not keep a forger who holds the disk."""
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%'")
        for (name,) in found.fetchall():
            connection.execute(f"DROP TRIGGER {name}")


# ---- the signer's files, beside the database


FileChange = Callable[[Path, Random], None]


def _file_bit(name: str) -> FileChange:
    def change(folder: Path, chance: Random) -> None:
        path = folder / name
        path.write_bytes(flip(path.read_bytes(), chance))

    return change


def _another_key(folder: Path, chance: Random) -> None:
    path = folder / "secrets" / "log-signing-key"
    path.chmod(0o600)
    path.write_text(base64.urlsafe_b64encode(chance.randbytes(32)).decode() + "\n")


def _no_memory(folder: Path, _chance: Random) -> None:
    for name in ("head.txt", "published.txt"):
        (folder / "signer" / name).unlink()


SIGNER: dict[str, FileChange] = {
    "bit of the signer's head": _file_bit("signer/head.txt"),
    "bit of a published checkpoint": _file_bit("signer/published.txt"),
    "another signing key": _another_key,
    "the signer's memory is gone": _no_memory,
}


def copied(house: House, folder: Path) -> House:
    """The same log on a copy of its database and its signer's files."""
    for name in ("secrets", "signer"):
        shutil.copytree(house.settings.data / name, folder / name)
    path = folder / "exchange.db"
    with sqlite3.connect(house.db.url.removeprefix("sqlite:///")) as source, sqlite3.connect(path) as target:
        source.backup(target)
    return opened(house, folder)


def opened(house: House, folder: Path) -> House:
    """A house over that folder, with nothing remembered of the other one."""
    other = copy.copy(house)
    url = f"sqlite:///{folder / 'exchange.db'}"
    other.settings = replace(house.settings, data=folder, database_url=url)
    other.db = Database(url)
    other.db.attach(other)
    other.keyring = Keyring(folder / "secrets", may_generate=False)
    return other

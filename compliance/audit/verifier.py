"""Verify an evidence bundle offline. One file: the standard library and ``cryptography``, no network, no database.

    python verifier.py BUNDLE.zip [--key KEY] [--checkpoint OLDER.txt [--consistency PROOF.json]] [--lang zh]

Exit codes: 0 good, 1 tampered, 2 malformed, 3 unverifiable (something needed is not at hand).

The log is the Merkle tree of RFC 6962; the checkpoint is a signed note as transparency logs write it
(C2SP signed-note and tlog-checkpoint). A bundle says which entries of the log an order left; this
program proves that these exact bytes stand in the log that the checkpoint's signature covers, and
that no entry of the order is left out.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GOOD, TAMPERED, MALFORMED, UNVERIFIABLE = 0, 1, 2, 3
FORMAT, VERSION = "piaohao-evidence-bundle", 1
MOST_FILES, MOST_BYTES, MOST_ENTRY_BYTES = 20_000, 64 << 20, 16 << 10
_NAME = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")


class Tampered(Exception):
    """Something does not fit what was signed."""


class Malformed(Exception):
    """This is not a bundle, or not one that can be read safely."""


class Unverifiable(Exception):
    """Nothing wrong was found, but something needed is missing."""


# ---- Merkle tree (RFC 6962 section 2.1) ------------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


EMPTY_ROOT = hashlib.sha256(b"").digest()


def _hashes(*values: bytes) -> bool:
    return all(len(value) == 32 for value in values)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """Whether ``leaf`` stands at ``index`` of the tree with that size and root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or not _hashes(leaf, root, *proof):
        return False
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position % 2 or position == last:
            found = node_hash(sibling, found)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: list[bytes]) -> bool:
    """Whether the tree of ``size1`` is the beginning of that of ``size2`` (RFC 9162 section 2.1.4.2).

    Two empty trees agree only as the empty tree's own root: an arbitrary root of size 0 proves nothing.
    """
    if not 0 <= size1 <= size2 or not _hashes(root1, root2, *proof):
        return False
    if size1 == 0 or size1 == size2:
        expected = root1 if size1 == 0 else root2
        same = root1 == (EMPTY_ROOT if size1 == 0 else expected)
        return same and not proof and (size2 > 0 or root2 == EMPTY_ROOT)
    path = list(proof) if size1 & (size1 - 1) else [root1, *proof]
    if not path:
        return False
    return _walk_consistency(size1 - 1, size2 - 1, path, root1, root2)


def _walk_consistency(first: int, last: int, path: list[bytes], root1: bytes, root2: bytes) -> bool:
    while first % 2:
        first, last = first >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if first % 2 or first == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while first % 2 == 0 and first:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and old == root1 and new == root2


# ---- signed notes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """A public key under its name; ``id`` are the four bytes that a signature line begins with."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]

    def text(self) -> str:
        encoded = base64.b64encode(b"\x01" + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log at one size, and the text that was signed."""

    origin: str
    size: int
    root: bytes
    note: str


def parse_key(text: str) -> Key:
    """A verifier key ``name+id+base64``. Raises Malformed."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _base64(encoded)
    if not name or len(raw) != 33 or raw[0] != 1:
        raise Malformed("the key is not an Ed25519 verifier key")
    key = Key(name, raw[1:])
    if key.id.hex() != key_id:
        raise Tampered("the key's id does not fit the key")
    return key


def parse_checkpoint(note: str) -> Checkpoint:
    """The three lines of a checkpoint; the signature is not looked at. Raises Malformed."""
    body, separator, _ = note.partition("\n\n")
    lines = body.split("\n")
    if not separator or len(lines) != 3 or not re.fullmatch(r"0|[1-9]\d{0,17}", lines[1]):
        raise Malformed("the checkpoint is not origin, size and root")
    root = _base64(lines[2])
    if len(root) != 32 or not lines[0]:
        raise Malformed("the checkpoint's root is not a hash")
    return Checkpoint(lines[0], int(lines[1]), root, note)


def verify_checkpoint(note: str, key: Key) -> Checkpoint:
    """The checkpoint, if ``key`` signed exactly this text. Raises Tampered or Malformed."""
    checkpoint = parse_checkpoint(note)
    text, _, signatures = note.partition("\n\n")
    if checkpoint.origin != key.name:
        raise Tampered(f"the checkpoint is of the log {checkpoint.origin}, the key is {key.name}'s")
    prefix = f"— {key.name} "
    lines = signatures.split("\n")
    if lines.pop() != "" or not lines or not all(line.startswith("— ") for line in lines):
        raise Malformed("the checkpoint's signatures are not lines of a signed note")
    for line in lines:
        raw = _base64(line.removeprefix(prefix)) if line.startswith(prefix) else b""
        if len(raw) == 68 and raw[:4] == key.id and _signed(key, raw[4:], text + "\n"):
            return checkpoint
    raise Tampered("the checkpoint is not signed by this key")


def _signed(key: Key, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("a value is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Malformed("a value is not canonical base64")
    return raw


# ---- entries -------------------------------------------------------------------------------------------------------

_REQUIRED = {"v", "origin", "id", "at", "actor", "action", "object", "object_seq"}
_OPTIONAL = {"object_version", "tier", "decision", "data"}


def canonical(value: Any) -> bytes:
    """RFC 8785 for what an entry may hold: objects, strings, and integers below 2⁵³; names are ASCII."""
    if isinstance(value, dict):
        if not all(isinstance(name, str) and name.isascii() for name in value):
            raise Malformed("a name is not ASCII")
        inner = b",".join(_string(name) + b":" + canonical(value[name]) for name in sorted(value))
        return b"{" + inner + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, str):
        return _string(value)
    if type(value) is int and abs(value) < 1 << 53:
        return str(value).encode()
    raise Malformed("an entry holds a value that is neither text, nor whole number, nor object")


def _string(text: str) -> bytes:
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Malformed("a text is not Unicode") from None


def parse_entry(raw: bytes) -> dict[str, Any]:
    """The entry whose exact bytes these are. Raises Malformed unless they are canonical and complete."""
    if len(raw) > MOST_ENTRY_BYTES:
        raise Malformed("an entry is too long")
    entry = _json(raw)
    if not isinstance(entry, dict) or entry.get("v") != 1 or type(entry.get("v")) is not int:
        raise Malformed("an entry is not of version 1")
    if not set(entry) >= _REQUIRED or not set(entry) <= _REQUIRED | _OPTIONAL:
        raise Malformed("an entry has other fields than version 1")
    if type(entry["object_seq"]) is not int or entry["object_seq"] < 1:
        raise Malformed("an entry's number on its object is not a number")
    if canonical(entry) != raw:
        raise Tampered("an entry's bytes are not canonical")
    return entry


def _json(raw: bytes) -> Any:
    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError("a name stands twice")
        return made

    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=no_duplicates)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None


# ---- the bundle ------------------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What was proven, line by line, and what to mind."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    entries: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    checkpoint: Checkpoint | None = None

    def say(self, zh: str, en: str) -> None:
        self.lines.append((zh, en))


def read_bundle(path: Path) -> dict[str, bytes]:
    """The bundle's files in memory. Raises Malformed for paths that climb, bombs, doubles and links."""
    try:
        with zipfile.ZipFile(path) as bundle:
            return _read_members(bundle)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        raise Malformed(f"the file is not a readable zip: {error}") from None


def _read_members(bundle: zipfile.ZipFile) -> dict[str, bytes]:
    infos = bundle.infolist()
    if len(infos) > MOST_FILES:
        raise Malformed("too many files")
    left = MOST_BYTES
    files: dict[str, bytes] = {}
    for info in infos:
        if not _NAME.match(info.filename) or ".." in info.filename or info.filename in files:
            raise Malformed(f"a file's name is not allowed: {info.filename[:80]!r}")
        if (info.external_attr >> 16) & 0o170000 == 0o120000:
            raise Malformed("a file is a link")
        if info.file_size > left:
            raise Malformed("the files are too large")
        with bundle.open(info) as member:
            content = member.read(left + 1)
        left -= len(content)
        if left < 0:
            raise Malformed("the files are too large")
        files[info.filename] = content
    return files


def verify(
    files: dict[str, bytes],
    *,
    key_text: str | None = None,
    older_note: str | None = None,
    consistency: list[bytes] | None = None,
) -> Report:
    """Prove a bundle. Raises Tampered, Malformed or Unverifiable at the first thing that does not hold."""
    report = Report()
    manifest = _manifest(files)
    _check_hashes(files, manifest)
    key = _key(files, key_text, report)
    checkpoint = verify_checkpoint(_text(files, "checkpoint.txt"), key)
    report.checkpoint = checkpoint
    report.say(
        f"检查点签名有效：{checkpoint.origin}，{checkpoint.size} 条记录",
        f"checkpoint signature is good: {checkpoint.origin}, {checkpoint.size} entries",
    )
    for described in manifest["entries"]:
        report.entries.append(_check_entry(files, described, checkpoint))
    _check_chains(report, manifest)
    _check_policies(files, report)
    if older_note is not None:
        _check_older(older_note, consistency, checkpoint, key, report)
    return report


def _manifest(files: dict[str, bytes]) -> dict[str, Any]:
    if "manifest.json" not in files:
        raise Malformed("there is no manifest")
    manifest = _json(files["manifest.json"])
    shape = {
        "format": str,
        "version": int,
        "order": str,
        "origin": str,
        "entries": list,
        "files": dict,
        "objects": dict,
    }
    if not isinstance(manifest, dict) or not all(isinstance(manifest.get(k), t) for k, t in shape.items()):
        raise Malformed("the manifest is incomplete")
    if manifest["format"] != FORMAT or manifest["version"] != VERSION:
        raise Malformed(f"this program reads {FORMAT} version {VERSION}")
    return manifest


def _check_hashes(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    listed = manifest["files"]
    if set(listed) != set(files) - {"manifest.json"}:
        raise Tampered("the bundle's files are not those of its manifest")
    for name, content in files.items():
        if name != "manifest.json" and hashlib.sha256(content).hexdigest() != listed[name]:
            raise Tampered(f"{name} is not what the manifest says")


def _key(files: dict[str, bytes], key_text: str | None, report: Report) -> Key:
    enclosed = parse_key(_text(files, "key.txt"))
    if key_text is None:
        report.say(
            f"注意：使用包内密钥 {enclosed.id.hex()}，请与平台公布的密钥比对",
            f"mind: the key {enclosed.id.hex()} came with the bundle; compare it with the one the platform publishes",
        )
        return enclosed
    pinned = parse_key(key_text)
    if pinned != enclosed:
        raise Tampered("the bundle's key is not the key you gave")
    return pinned


def _text(files: dict[str, bytes], name: str) -> str:
    try:
        return files[name].decode("utf-8")
    except KeyError:
        raise Malformed(f"{name} is missing") from None
    except UnicodeDecodeError:
        raise Malformed(f"{name} is not text") from None


def _check_entry(files: dict[str, bytes], described: Any, checkpoint: Checkpoint) -> tuple[int, dict[str, Any]]:
    if not isinstance(described, dict) or not isinstance(described.get("proof"), list):
        raise Malformed("an entry of the manifest is incomplete")
    index, name = described.get("index"), described.get("file")
    if type(index) is not int or not isinstance(name, str) or name not in files:
        raise Malformed("an entry of the manifest is incomplete")
    entry = parse_entry(files[name])
    if entry["origin"] != checkpoint.origin:
        raise Tampered(f"entry {index} comes from another log: {entry['origin']}")
    proof = [_base64(each) if isinstance(each, str) else b"" for each in described["proof"]]
    if not verify_inclusion(leaf_hash(files[name]), index, checkpoint.size, proof, checkpoint.root):
        raise Tampered(f"entry {index} is not in the signed log with these bytes")
    return index, entry


def _check_chains(report: Report, manifest: dict[str, Any]) -> None:
    """Every object's entries are numbered 1, 2, 3 … in the order of the log, and as many as the manifest says."""
    numbers: dict[str, list[int]] = {}
    ordered = sorted(report.entries, key=lambda pair: pair[0])
    if len({index for index, _ in ordered}) != len(ordered):
        raise Tampered("an entry is shown twice")
    for _, entry in ordered:
        numbers.setdefault(entry["object"], []).append(entry["object_seq"])
    for name, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            raise Tampered(f"the history of {name} has a gap: {found}")
    counted = {name: len(found) for name, found in numbers.items()}
    if counted != manifest["objects"]:
        raise Tampered("a history is shorter than the manifest says")
    if manifest["order"] not in counted:
        raise Tampered("the bundle holds no entry of its order")
    report.entries = ordered
    report.say(
        f"{len(ordered)} 条记录均在签名日志中，字节一致；{len(counted)} 个对象的历史无缺口",
        f"{len(ordered)} entries stand in the signed log with exactly these bytes; {len(counted)} histories without a gap",
    )


def _check_policies(files: dict[str, bytes], report: Report) -> None:
    for name, content in files.items():
        if name.startswith("policy/") and name != f"policy/{hashlib.sha256(content).hexdigest()}.json":
            raise Tampered("a policy is not the one of its hash")
    cited = {entry["decision"]["policy"] for _, entry in report.entries if "decision" in entry}
    missing = sorted(hash_ for hash_ in cited if f"policy/{hash_}.json" not in files)
    if missing:
        report.say(
            f"注意：缺少政策版本 {', '.join(missing)}", f"mind: policy versions not enclosed: {', '.join(missing)}"
        )


def _check_older(note: str, consistency: list[bytes] | None, checkpoint: Checkpoint, key: Key, report: Report) -> None:
    older = verify_checkpoint(note, key)
    if older.size > checkpoint.size:
        raise Tampered(
            f"your checkpoint has {older.size} entries, the bundle's only {checkpoint.size}: a rolled back log"
        )
    if older.size == checkpoint.size:
        if older.root != checkpoint.root:
            raise Tampered("two checkpoints of one size differ: the log was forked")
    elif consistency is None:
        raise Unverifiable("give the consistency proof from your checkpoint to the bundle's (--consistency)")
    elif not verify_consistency(older.size, checkpoint.size, older.root, checkpoint.root, consistency):
        raise Tampered("the log that you kept a checkpoint of is not the beginning of this one")
    report.say("与您保存的检查点一致", "consistent with the checkpoint that you kept")


def consistency_from(text: str) -> list[bytes]:
    """The proof in the JSON that the platform answers. Raises Malformed."""
    parsed = _json(text.encode())
    proof = parsed.get("proof") if isinstance(parsed, dict) else None
    if not isinstance(proof, list):
        raise Malformed("the consistency proof is not one")
    return [_base64(each) if isinstance(each, str) else b"" for each in proof]


def main(arguments: list[str] | None = None) -> int:
    """The command line; answers the exit code."""
    parser = argparse.ArgumentParser(prog="verifier", description="Verify an evidence bundle offline.")
    parser.add_argument("bundle", type=Path, help="the zip")
    parser.add_argument("--key", help="the log's public key as the platform publishes it, or a file that holds it")
    parser.add_argument("--checkpoint", type=Path, help="an older checkpoint that you kept")
    parser.add_argument("--consistency", type=Path, help="the proof from your checkpoint to the bundle's")
    parser.add_argument("--lang", choices=("zh", "en"), default="en")
    given = parser.parse_args(arguments)
    try:
        report = _verify_files(given)
    except Tampered as error:
        return _end(TAMPERED, "TAMPERED", str(error))
    except Malformed as error:
        return _end(MALFORMED, "MALFORMED", str(error))
    except Unverifiable as error:
        return _end(UNVERIFIABLE, "UNVERIFIABLE", str(error))
    _print(report, given.lang)
    return GOOD


def _verify_files(given: argparse.Namespace) -> Report:
    try:
        key = Path(given.key).read_text("utf-8") if given.key and Path(given.key).is_file() else given.key
        older = given.checkpoint.read_text("utf-8") if given.checkpoint else None
        proof = consistency_from(given.consistency.read_text("utf-8")) if given.consistency else None
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from None
    return verify(read_bundle(given.bundle), key_text=key, older_note=older, consistency=proof)


def _print(report: Report, language: str) -> None:
    for index, entry in report.entries:
        sys.stdout.write(f"  #{index:<7} {entry['at']}  {entry['action']:<22} {entry['object']}\n")
    for zh, en in report.lines:
        sys.stdout.write((zh if language == "zh" else en) + "\n")
    sys.stdout.write("核验通过\n" if language == "zh" else "GOOD\n")


def _end(code: int, word: str, reason: str) -> int:
    sys.stdout.write(f"{word}: {reason}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

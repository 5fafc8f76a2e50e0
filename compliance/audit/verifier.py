"""Verify an evidence bundle offline. One file: the standard library and ``cryptography``, no network, no database.

    python verifier.py BUNDLE.zip [--key KEY] [--checkpoint OLDER.txt [--consistency PROOF.json]] [--witness KEY]
    python verifier.py STATEMENT.json [--key KEY] [--lang zh]

Exit codes: 0 good, 1 tampered, 2 malformed, 3 unverifiable (something needed is not at hand). What is said, of good and
bad alike, is in English, and with ``--lang zh`` in Chinese.

The log is the Merkle tree of RFC 6962; the checkpoint is a signed note as transparency logs write it
(C2SP signed-note and tlog-checkpoint). A bundle says which entries of the log an order left; this
program proves that these exact bytes stand in the log that the checkpoint's signature covers, and
that no entry of the order is left out. A bundle of version 2 also holds records of single calls, each
proven to stand in a batch whose root is in the log.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GOOD, TAMPERED, MALFORMED, UNVERIFIABLE = 0, 1, 2, 3
FORMAT, VERSION, VERSION_WITH_CALLS, VERSION_WITH_CONTRACTS = "piaohao-evidence-bundle", 1, 2, 3
CALL_FORMAT, CALL_VERSION, MOST_CALLS = "piaohao-call-proof", 1, 100
MOST_FILES, MOST_BYTES, MOST_ENTRY_BYTES = 20_000, 64 << 20, 16 << 10
_NAME = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")
_LONGEST_NAME = 200


class Refused(Exception):
    """Why something is not good: ``reason`` in Chinese and in English, as a report's lines; as a text the English."""

    code: int

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = (zh, en)


class Tampered(Refused):
    """Something does not fit what was signed."""

    code = TAMPERED


class Malformed(Refused):
    """This is not a bundle, or not one that can be read safely."""

    code = MALFORMED


class Unverifiable(Refused):
    """Nothing wrong was found, but something needed is missing."""

    code = UNVERIFIABLE


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

    Everything begins with the empty tree, so a proof from size 0 proves nothing and is refused; only two
    empty trees with the empty tree's own root agree.
    """
    if not 0 <= size1 <= size2:
        return False
    if size1 == size2:
        return not proof and root1 == root2 and (size1 > 0 or root1 == EMPTY_ROOT)
    if size1 == 0 or not _hashes(root1, root2, *proof):
        return False
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


OF_A_LOG, OF_A_WITNESS = 1, 4
_END_OF_TIME = 253_402_300_800  # the year 10000


@dataclass(frozen=True)
class Key:
    """A public key under its name; ``id`` are the four bytes that a signature line begins with.

    ``kind`` is what it signs: checkpoints of its own log, or as a witness those of others.
    """

    name: str
    public: bytes
    kind: int = OF_A_LOG

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def text(self) -> str:
        encoded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log at one size, and the text that was signed."""

    origin: str
    size: int
    root: bytes
    note: str


def parse_key(text: str, kind: int = OF_A_LOG) -> Key:
    """A verifier key ``name+id+base64``. Raises Malformed, and Tampered when its id is of another key."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _base64(encoded)
    if not name or len(raw) != 33 or raw[0] != kind:
        whose = ("见证方的", " of a witness") if kind == OF_A_WITNESS else ("", "")
        raise Malformed(f"该密钥不是{whose[0]} Ed25519 核验公钥", f"the key is not an Ed25519 verifier key{whose[1]}")
    key = Key(name, raw[1:], kind)
    if key.id.hex() != key_id:
        raise Tampered("密钥的标识与密钥不符", "the key's id does not fit the key")
    return key


def parse_checkpoint(note: str) -> Checkpoint:
    """The three lines of a checkpoint; the signature is not looked at. Raises Malformed."""
    body, separator, _ = note.partition("\n\n")
    lines = body.split("\n")
    if not separator or len(lines) != 3 or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
        raise Malformed("检查点的内容不是日志名称、记录数和根这三行", "the checkpoint is not origin, size and root")
    root = _base64(lines[2])
    if len(root) != 32 or not lines[0]:
        raise Malformed("检查点的根不是哈希值", "the checkpoint's root is not a hash")
    return Checkpoint(lines[0], int(lines[1]), root, note)


def verify_checkpoint(note: str, key: Key) -> Checkpoint:
    """The checkpoint, if ``key`` signed exactly this text. Raises Tampered or Malformed."""
    checkpoint = parse_checkpoint(note)
    if checkpoint.origin != key.name:
        raise Tampered(
            f"检查点属于日志 {checkpoint.origin}，而密钥属于 {key.name}",
            f"the checkpoint is of the log {checkpoint.origin}, the key is {key.name}'s",
        )
    verify_note(note, key, ("检查点", "checkpoint"))
    return checkpoint


def verify_note(note: str, key: Key, what: tuple[str, str]) -> str:
    """The text of a signed note, if ``key`` signed exactly it; lines of other keys are passed over.

    ``what`` it is, in Chinese and English. Raises Tampered or Malformed.
    """
    zh, en = what
    text, separator, signatures = note.partition("\n\n")
    lines = signatures.split("\n")
    if not separator or lines.pop() != "" or not lines or not all(line.startswith("— ") for line in lines):
        raise Malformed(
            f"{zh}的签名部分不符合签名注记（signed note）格式", f"the {en}'s signatures are not lines of a signed note"
        )
    prefix = f"— {key.name} "
    for line in lines:
        raw = _base64(line.removeprefix(prefix)) if line.startswith(prefix) else b""
        if len(raw) == 68 and raw[:4] == key.id and _signed(key, raw[4:], text + "\n"):
            return text
    raise Tampered(f"{zh}不是由该密钥签名的", f"the {en} is not signed by this key")


def cosigned_at(note: str, key: Key) -> int | None:
    """When the witness cosigned this checkpoint (C2SP tlog-cosignature), in seconds since 1970; None if it did not."""
    text, _, signatures = note.partition("\n\n")
    prefix = f"— {key.name} "
    for line in signatures.split("\n"):
        raw = _base64(line.removeprefix(prefix)) if line.startswith(prefix) else b""
        at = int.from_bytes(raw[4:12], "big")
        if len(raw) != 76 or raw[:4] != key.id or at >= _END_OF_TIME:
            continue
        if _signed(key, raw[12:], f"cosignature/v1\ntime {at}\n{text}\n"):
            return at
    return None


def epoch_of(origin: str) -> tuple[str, int]:
    """A log's name and its epoch: after the first, which is not written, ``name/epoch-2`` and so on.

    A log goes on in another epoch when its database was set back.
    """
    found = re.fullmatch(r"(.+)/epoch-([2-9]|[1-9][0-9]{1,5})", origin)
    return (found[1], int(found[2])) if found else (origin, 1)


def manifest_statement(origin: str, order: str, size: int, manifest: bytes) -> str:
    """The text that is signed about a bundle's manifest: nobody can leave an entry out and write a new one."""
    digest = base64.b64encode(hashlib.sha256(manifest).digest()).decode()
    return f"{origin}/bundle\n{order}\n{size}\n{digest}\n"


def usage_statement(origin: str, invoice: str, statement: bytes) -> str:
    """The text that is signed about the usage statement of an invoice."""
    digest = base64.b64encode(hashlib.sha256(statement).digest()).decode()
    return f"{origin}/usage-statement\n{invoice}\n{digest}\n"


def _signed(key: Key, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("有一个值不是规范的 base64 编码", "a value is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Malformed("有一个值不是规范的 base64 编码", "a value is not canonical base64")
    return raw


# ---- entries -------------------------------------------------------------------------------------------------------

_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_WORD = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")
_ACTION = re.compile(r"[a-z_]+(:[a-z_]+){1,2}")
_TIME = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z")
_HASH = re.compile(r"[0-9a-f]{64}")


def _is_text(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def _is_decision(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"effect", "policy", "rules"}
        and value["effect"] in ("permit", "forbid")
        and _is_text(_HASH)(value["policy"])
        and isinstance(value["rules"], list)
        and all(map(_is_text(_LINE), value["rules"]))
    )


def _is_texts(value: Any) -> bool:
    return (
        isinstance(value, dict) and all(map(_is_text(_WORD), value)) and all(isinstance(v, str) for v in value.values())
    )


def _is_commitments(value: Any) -> bool:
    return _is_texts(value) and all(map(_is_text(_HASH), value.values()))


_REQUIRED: dict[str, Callable[[Any], bool]] = {
    "v": _is_count,
    "origin": _is_text(_LINE),
    "id": _is_text(_WORD),
    "at": _is_text(_TIME),
    "actor": _is_text(_WORD),
    "action": _is_text(_ACTION),
    "object": _is_text(_WORD),
    "object_seq": _is_count,
}
_OPTIONAL: dict[str, Callable[[Any], bool]] = {
    "object_version": _is_count,
    "tier": _is_count,
    "decision": _is_decision,
    "data": _is_texts,
    "personal": _is_commitments,
}
_FIELDS = _REQUIRED | _OPTIONAL


def canonical(value: Any) -> bytes:
    """RFC 8785 for what an entry may hold: objects, strings, and integers below 2⁵³; names are ASCII.

    Raises Malformed for anything else, and for what is nested too deep.
    """
    try:
        return _canonical(value)
    except RecursionError:
        raise Malformed("有一个值嵌套过深", "a value is nested too deep") from None


def _canonical(value: Any) -> bytes:
    if isinstance(value, dict):
        if not all(isinstance(name, str) and name.isascii() for name in value):
            raise Malformed("有一个字段名含有 ASCII 以外的字符", "a name is not ASCII")
        inner = b",".join(_string(name) + b":" + _canonical(value[name]) for name in sorted(value))
        return b"{" + inner + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(_canonical, value)) + b"]"
    if isinstance(value, str):
        return _string(value)
    if type(value) is int and abs(value) < 1 << 53:
        return str(value).encode()
    raise Malformed(
        "有一条记录含有既非文本、也非整数或对象的值",
        "an entry holds a value that is neither text, nor whole number, nor object",
    )


def _string(text: str) -> bytes:
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Malformed("有一段文本不是有效的 Unicode", "a text is not Unicode") from None


def parse_entry(raw: bytes) -> dict[str, Any]:
    """The entry whose exact bytes these are. Raises Malformed unless they are canonical and complete."""
    if len(raw) > MOST_ENTRY_BYTES:
        raise Malformed("有一条记录过长", "an entry is too long")
    entry = _json(raw)
    if not isinstance(entry, dict) or type(entry.get("v")) is not int or entry["v"] != 1:
        raise Malformed("有一条记录不是版本 1", "an entry is not of version 1")
    if not _REQUIRED.keys() <= entry.keys() <= _FIELDS.keys():
        raise Malformed("有一条记录的字段与版本 1 不同", "an entry has other fields than version 1")
    wrong = [name for name, value in entry.items() if not _FIELDS[name](value)]
    if wrong or entry["object_seq"] < 1:
        name = wrong[0] if wrong else "object_seq"
        raise Malformed(f"有一条记录的 {name} 不符合版本 1 的规定", f"an entry's {name} is not what version 1 allows")
    if canonical(entry) != raw:
        raise Tampered("有一条记录的字节不是规范写法", "an entry's bytes are not canonical")
    return entry


def _json(raw: bytes) -> Any:
    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise Malformed("不是有效的 JSON：有一个字段名出现两次", "not JSON: a name stands twice")
        return made

    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=no_duplicates)
    except UnicodeDecodeError:
        raise Malformed("不是有效的 JSON：不是 UTF-8 文本", "not JSON: it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Malformed(
            f"不是有效的 JSON：第 {error.pos + 1} 个字符处有误", f"not JSON: at character {error.pos + 1}"
        ) from None
    except (ValueError, RecursionError):
        raise Malformed(
            "不是有效的 JSON：嵌套过深或有一个数过长", "not JSON: nested too deeply, or a number is too long"
        ) from None


# ---- the bundle ------------------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What was proven, line by line, and what to mind."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    entries: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    checkpoint: Checkpoint | None = None
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)

    def say(self, zh: str, en: str) -> None:
        self.lines.append((zh, en))


_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_PLAIN = struct.pack("<5H", 20, 0, 0, 0, 0x21)  # zip 2.0, no flags, stored, midnight, 1 January 1980
_BY_UNIX, _ORDINARY_FILE = struct.pack("<H", 0x0314), 0o100644 << 16


def packed(files: dict[str, bytes]) -> bytes:
    """The one zip of these files: by name, as they are, without dates, attributes, comments or anything else."""
    bodies, listed, place = [], [], 0
    for name in sorted(files):
        content = files[name]
        sizes = struct.pack("<3LH", zlib.crc32(content), len(content), len(content), len(name))
        bodies += [_LOCAL, _PLAIN, sizes, b"\0\0", name.encode("ascii"), content]
        listed += [_CENTRAL, _BY_UNIX, _PLAIN, sizes, struct.pack("<4H2L", 0, 0, 0, 0, _ORDINARY_FILE, place)]
        listed.append(name.encode("ascii"))
        place += 30 + len(name) + len(content)
    index = b"".join(listed)
    return b"".join([*bodies, index, _END, struct.pack("<4H2LH", 0, 0, len(files), len(files), len(index), place, 0)])


def read_bundle(path: Path) -> dict[str, bytes]:
    """The bundle's files in memory. Raises as ``unpacked`` does."""
    return unpacked(_read(path))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Malformed(f"文件无法读取：{error}", f"the file cannot be read: {error}") from None


def unpacked(raw: bytes) -> dict[str, bytes]:
    """The files of a bundle. Raises Tampered when one is not what its checksum says, Malformed for all other bytes

    that are not exactly those ``packed`` makes: paths that climb, doubles, bombs, links, comments, what stands
    before or behind.
    """
    if len(raw) > MOST_BYTES or not raw.startswith(_LOCAL):
        raise Malformed("文件不是 zip，或者过大", "the file is not a zip, or too large")
    files, seen, place = dict[str, bytes](), set[str](), 0
    while raw.startswith(_LOCAL, place):
        if len(files) == MOST_FILES or len(raw) < place + 30:
            raise Malformed("zip 中的文件过多，或者不完整", "the zip has too many files, or is cut short")
        checksum, size, _, length = struct.unpack_from("<3LH", raw, place + 14)
        name = raw[place + 30 : place + 30 + length].decode("ascii", "replace")
        _check_name(name, seen)
        if raw[place + 4 : place + 14] != _PLAIN:
            raise Malformed(
                f"{name} 的打包方式与存证包不同；请重新下载存证包，不要自行打包",
                f"{name} is not packed as bundles are; fetch the bundle anew, do not pack it yourself",
            )
        content = raw[place + 30 + length : place + 30 + length + size]
        if len(content) == size and zlib.crc32(content) != checksum:
            raise Tampered(f"{name} 与其校验和不符", f"{name} is not what its checksum says")
        files[name], place = content, place + 30 + length + size
    if packed(files) != raw:
        raise Malformed(
            "zip 中除文件之外还有其他内容，或者不完整", "the zip holds something else than its files, or is cut short"
        )
    return files


def _check_name(name: str, seen: set[str]) -> None:
    if len(name) > _LONGEST_NAME or not _NAME.match(name) or ".." in name:
        raise Malformed(f"不允许的文件名：“{name[:80]}”", f"a file's name is not allowed: {name[:80]!r}")
    if name.lower() in seen:
        raise Malformed(f"文件重复出现：“{name}”", f"a file stands twice: {name!r}")
    seen.add(name.lower())


def verify(
    files: dict[str, bytes],
    *,
    key_text: str | None = None,
    older_note: str | None = None,
    consistency: list[bytes] | None = None,
    witnesses: tuple[str, ...] = (),
) -> Report:
    """Prove a bundle; ``witnesses`` are the keys of those who must have cosigned its checkpoint.

    Raises Tampered, Malformed or Unverifiable at the first thing that does not hold.
    """
    report = Report()
    manifest = _manifest(files)
    key, known = _keys(files, key_text, report)
    checkpoint = report.checkpoint = verify_checkpoint(_text(files, "checkpoint.txt"), key)
    report.say(
        f"检查点签名有效：{checkpoint.origin}，{checkpoint.size} 条记录，密钥 {key.id.hex()}",
        f"checkpoint signature is good: {checkpoint.origin}, {checkpoint.size} entries, key {key.id.hex()}",
    )
    _check_witnesses(checkpoint, witnesses, report)
    _check_manifest(files, manifest, checkpoint, key)
    _check_hashes(files, manifest)
    for described in manifest["entries"]:
        report.entries.append(_check_entry(files, described, checkpoint))
    _check_chains(report, manifest)
    _check_epochs(report, checkpoint)
    former = _former_keys(report, key)
    _check_known(known, key, former, report)
    _check_order(report, manifest["order"])
    _check_calls(files, manifest, report)
    _check_invoices(files, report)
    _check_contracts(files, report, manifest["order"])
    _check_policies(files, report)
    if older_note is not None:
        older = _verify_older(older_note, [key, *former])
        proof = consistency if consistency is not None else _enclosed_proof(files, older.size)
        if not _was_lost(older, report):
            _check_older(older, proof, checkpoint, report)
    return report


_SHAPE = {
    "format": str, "version": int, "order": str, "origin": str, "checkpoint_size": int, "entries": list,
    "files": dict, "objects": dict,
}  # fmt: skip
_SHAPES = {
    VERSION: _SHAPE, VERSION_WITH_CALLS: _SHAPE | {"calls": list}, VERSION_WITH_CONTRACTS: _SHAPE | {"calls": list},
}  # fmt: skip


def _manifest(files: dict[str, bytes]) -> dict[str, Any]:
    if "manifest.json" not in files:
        raise Malformed("存证包中没有清单", "there is no manifest")
    manifest = _json(files["manifest.json"])
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Malformed(f"本程序只能读取 {FORMAT} 格式", f"this program reads {FORMAT}")
    shape = _SHAPES.get(manifest["version"]) if type(manifest.get("version")) is int else None
    if shape is None:
        raise Malformed(
            f"本程序只能读取 {FORMAT} 格式的版本 {VERSION} 至 {VERSION_WITH_CONTRACTS}",
            f"this program reads {FORMAT} version {VERSION} to {VERSION_WITH_CONTRACTS}",
        )
    if manifest.keys() != shape.keys():
        raise Malformed(
            f"清单的字段与版本 {manifest['version']} 不同",
            f"the manifest has other fields than version {manifest['version']}",
        )
    if not all(type(manifest[name]) is kind for name, kind in shape.items()):
        raise Malformed("清单不完整", "the manifest is incomplete")
    encloses = any(name.startswith("contracts/") for name in files)
    if encloses != (manifest["version"] == VERSION_WITH_CONTRACTS):
        raise Malformed(
            f"版本 {VERSION_WITH_CONTRACTS} 的存证包必须含有合同，其他版本不得含有",
            f"contracts make version {VERSION_WITH_CONTRACTS}, and nothing else does",
        )
    return manifest


def _check_witnesses(checkpoint: Checkpoint, witnesses: tuple[str, ...], report: Report) -> None:
    for text in witnesses:
        key = parse_key(text, OF_A_WITNESS)
        at = cosigned_at(checkpoint.note, key)
        if at is None:
            raise Unverifiable(
                f"检查点没有见证方 {key.name} 的联署；稍后重新下载的存证包可能会附上",
                f"the checkpoint is not cosigned by {key.name}; a bundle fetched later may enclose that",
            )
        when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        report.say(
            f"见证方 {key.name} 于 {when} 联署了该检查点", f"the witness {key.name} cosigned the checkpoint at {when}"
        )


def _check_manifest(files: dict[str, bytes], manifest: dict[str, Any], checkpoint: Checkpoint, key: Key) -> None:
    if (manifest["origin"], manifest["checkpoint_size"]) != (checkpoint.origin, checkpoint.size):
        raise Tampered("清单所述的不是这个检查点", "the manifest is not about this checkpoint")
    wanted = manifest_statement(checkpoint.origin, manifest["order"], checkpoint.size, files["manifest.json"])
    if verify_note(_text(files, "manifest.sig"), key, ("清单", "manifest")) + "\n" != wanted:
        raise Tampered("清单不是签名时的那一份", "the manifest is not the one that was signed")


_UNLISTED = {"manifest.json", "manifest.sig"}
_KNOWN = _UNLISTED | {"checkpoint.txt", "key.txt", "verify.py", "README.txt", "consistency.json"}


_ELSEWHERE = ("policy/", "invoices/", "contracts/")


def _check_hashes(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    listed = manifest["files"]
    if set(listed) != set(files) - _UNLISTED:
        raise Tampered("存证包中的文件与清单所列不一致", "the bundle's files are not those of its manifest")
    for name, content in files.items():
        if name not in _UNLISTED and hashlib.sha256(content).hexdigest() != listed[name]:
            raise Tampered(f"{name} 与清单所述不符", f"{name} is not what the manifest says")
    listed_files = (*manifest["entries"], *manifest.get("calls", ()))
    shown = [each.get("file") for each in listed_files if isinstance(each, dict)]
    extra = [name for name in files if name not in _KNOWN and not name.startswith(_ELSEWHERE) and name not in shown]
    if extra:
        raise Tampered(f"{extra[0]} 不应出现在存证包中", f"{extra[0]} has no place in a bundle")


def _keys(files: dict[str, bytes], key_text: str | None, report: Report) -> tuple[Key, Key]:
    """The key that came along, and the one that the reader knows the log by."""
    enclosed = parse_key(_text(files, "key.txt"))
    if key_text is None:
        report.say(
            f"注意：使用包内密钥 {enclosed.id.hex()}，请与平台公布的密钥比对",
            f"mind: the key {enclosed.id.hex()} came with the bundle; compare it with the one the platform publishes",
        )
        return enclosed, enclosed
    return enclosed, _key_of_epoch(parse_key(key_text), enclosed.name)


def _check_known(known: Key, key: Key, former: list[Key], report: Report) -> None:
    if known != key and known not in former:
        raise Tampered(
            "存证包的密钥不是您给出的密钥，日志中也没有从您的密钥到它的更换记录",
            "the bundle's key is not the key you gave, and the log does not lead from yours to it",
        )
    if known != key:
        report.say(
            f"您给出的密钥 {known.id.hex()} 已更换，日志中的记录由它逐次签认，直至密钥 {key.id.hex()}",
            f"the key that you gave, {known.id.hex()}, was replaced; the log leads from it to the key {key.id.hex()}, "
            "each signed for by the one before",
        )


def _former_keys(report: Report, key: Key) -> list[Key]:
    """The keys from which the log's entries lead to this one, the newest first: each signed for the one after it."""
    found = [key]
    for old, new in map(_handed_over, reversed([e for _, e in report.entries if e["action"] == "log:rotate_key"])):
        if _key_of_epoch(new, key.name) == found[-1]:
            found.append(_key_of_epoch(old, key.name))
    return found[1:]


def _handed_over(entry: dict[str, Any]) -> tuple[Key, Key]:
    """The old key and the new one of an entry that names it. Raises Malformed or Tampered."""
    said = entry.get("data", {})
    old, new = parse_key(str(said.get("old_key"))), parse_key(str(said.get("new_key")))
    try:
        note = _base64(str(said.get("vouched"))).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("新密钥声明不是文本", "the note about a new key is not text") from None
    if verify_note(note, old, ("新密钥声明", "new key")) != f"{old.name}/key\n{new.text()}":
        raise Tampered(
            "宣布新密钥的记录与旧密钥所签名的内容不符", "the entry that names a new key is not what the old key signed"
        )
    return old, new


def _verify_older(note: str, keys: list[Key]) -> Checkpoint:
    """The checkpoint that the reader kept, signed by whichever of these. Raises Tampered or Malformed."""
    *others, last = (_key_of_epoch(key, parse_checkpoint(note).origin) for key in keys)
    for key in others:
        try:
            return verify_checkpoint(note, key)
        except Tampered:
            continue
    return verify_checkpoint(note, last)


def _key_of_epoch(key: Key, origin: str) -> Key:
    """The same key under the name of another epoch of its log; the key itself for any other origin."""
    return Key(origin, key.public) if epoch_of(origin)[0] == epoch_of(key.name)[0] else key


def _text(files: dict[str, bytes], name: str) -> str:
    try:
        return files[name].decode("utf-8")
    except KeyError:
        raise Malformed(f"缺少 {name}", f"{name} is missing") from None
    except UnicodeDecodeError:
        raise Malformed(f"{name} 不是文本", f"{name} is not text") from None


def _check_entry(files: dict[str, bytes], described: Any, checkpoint: Checkpoint) -> tuple[int, dict[str, Any]]:
    if not isinstance(described, dict) or not isinstance(described.get("proof"), list):
        raise Malformed("清单中有一条记录不完整", "an entry of the manifest is incomplete")
    index, name = described.get("index"), described.get("file")
    if type(index) is not int or index < 0 or name != f"entries/{index:09d}.json" or name not in files:
        raise Malformed("清单中有一条记录不完整", "an entry of the manifest is incomplete")
    entry = parse_entry(files[name])
    (log, epoch), (own, newest) = epoch_of(entry["origin"]), epoch_of(checkpoint.origin)
    if log != own or epoch > newest:
        raise Tampered(
            f"记录 #{index} 来自另一个日志：{entry['origin']}",
            f"entry {index} comes from another log: {entry['origin']}",
        )
    proof = _proof(described["proof"])
    if not verify_inclusion(leaf_hash(files[name]), index, checkpoint.size, proof, checkpoint.root):
        raise Tampered(
            f"签名日志中没有字节与此一致的记录 #{index}", f"entry {index} is not in the signed log with these bytes"
        )
    return index, entry


def _check_chains(report: Report, manifest: dict[str, Any]) -> None:
    """Every object's entries are numbered 1, 2, 3 … in the order of the log, and as many as the manifest says."""
    numbers: dict[str, list[int]] = {}
    ordered = sorted(report.entries, key=lambda pair: pair[0])
    if len({index for index, _ in ordered}) != len(ordered):
        raise Tampered("有一条记录出现两次", "an entry is shown twice")
    for _, entry in ordered:
        numbers.setdefault(entry["object"], []).append(entry["object_seq"])
    for name, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            raise Tampered(
                f"{name} 的历史有缺口，序号为 {'、'.join(map(str, found))}", f"the history of {name} has a gap: {found}"
            )
    counted = {name: len(found) for name, found in numbers.items()}
    if counted != manifest["objects"]:
        raise Tampered("有一个对象的历史比清单所述的短", "a history is shorter than the manifest says")
    report.entries = ordered
    report.say(
        f"{len(ordered)} 条记录均在签名日志中，字节一致；{len(counted)} 个对象的历史无缺口",
        f"{len(ordered)} entries stand in the signed log, byte for byte; {len(counted)} histories without a gap",
    )


def _openings(report: Report) -> list[tuple[int, dict[str, Any]]]:
    return [(index, entry) for index, entry in report.entries if entry["action"] == "log:open_epoch"]


def _check_epochs(report: Report, checkpoint: Checkpoint) -> None:
    """An epoch is opened by an entry that owns up to what is lost, and no entry is of an epoch after the one it stands

    in; what had no place when an epoch began got one in it.
    """
    begun = 1
    openings = dict(_openings(report))
    for index, entry in report.entries:
        begun = epoch_of(entry["origin"])[1] if index in openings else begun
        if epoch_of(entry["origin"])[1] > begun:
            raise Tampered(
                f"记录 #{index} 所属的纪元（epoch）晚于日志在该处的纪元",
                f"entry {index} is of a later epoch than the log at its place",
            )
    if begun != epoch_of(checkpoint.origin)[1]:
        raise Tampered("没有任何记录开启日志当前的纪元（epoch）", "no entry opens the log's present epoch")
    for index, entry in openings.items():
        said = entry.get("data", {})
        if said.get("epoch") != entry["origin"] or not str(said.get("last_size", "")).isdecimal():
            raise Malformed(
                "开启新纪元（epoch）的记录没有说明丢失了哪些记录",
                "the entry that opens an epoch does not say what was lost",
            )
        report.say(
            f"注意：数据库曾被恢复到旧状态，日志自记录 #{index}（{entry['at']}）起为 {entry['origin']}；"
            f"此前最后的检查点有 {said['last_size']} 条记录，保留 {index} 条",
            f"mind: the database was set back; since entry #{index} ({entry['at']}) the log is {entry['origin']}; "
            f"the last checkpoint before had {said['last_size']} entries, {index} were kept",
        )


def _was_lost(older: Checkpoint, report: Report) -> bool:
    """Whether the reader's checkpoint covers entries that the platform says were lost. Raises Tampered when it covers

    more than that, or another log of that size.
    """
    for index, entry in _openings(report):
        if epoch_of(entry["origin"])[1] <= epoch_of(older.origin)[1] or older.size <= index:
            continue
        said = entry["data"]
        last = (epoch_of(str(said.get("last_origin")))[1], int(said["last_size"]))
        if (epoch_of(older.origin)[1], older.size) > last:
            raise Tampered(
                f"您的检查点有 {older.size} 条记录，平台只承认 {last[1]} 条",
                f"your checkpoint has {older.size} entries, the platform owns up to {last[1]} only",
            )
        same = (older.origin, older.size) == (said.get("last_origin"), last[1])
        if same and base64.b64encode(older.root).decode() != said.get("last_root"):
            raise Tampered(
                "您的检查点与平台承认的检查点不同：日志被分叉",
                "your checkpoint and the one that the platform owns up to differ: the log was forked",
            )
        report.say(
            f"注意：您保存的检查点（{older.size} 条记录）包含已丢失的记录（自 #{index} 起）",
            f"mind: the checkpoint that you kept ({older.size} entries) covers entries that are lost, from #{index} on",
        )
        return True
    return False


_STEPS = {
    "inquire": ("", "inquired"), "offer": ("", "offered"), "say": ("inquired offered", ""),
    "propose": ("inquired offered", "offered"), "agree": (" offered", "agreed"),
    "decline": ("inquired offered agreed", "declined"), "expire_terms": ("inquired offered agreed", "lapsed"),
    "place": (" agreed", "placed"), "pay": ("placed", "paid"), "cancel": ("placed", "cancelled"),
    "expire": ("placed", "cancelled"), "deliver": ("paid", "delivered"), "accept": ("paid delivered", "accepted"),
    "accept_overdue": ("paid delivered", "accepted"), "fail": ("paid delivered", "refunded"),
    "freeze": ("inquired offered agreed placed paid delivered accepted", ""),
    "release": ("inquired offered agreed placed paid delivered accepted", ""),
    "lapse": ("paid delivered accepted refunded", ""),
}  # fmt: skip
_PARTIES = ("buyer", "supplier", "listing")
_OPEN = ("inquired", "offered", "declined", "lapsed")
_FIXED = (*_PARTIES, "revision", "currency", "gross", "net", "tax", "purpose", "terms_hash", "plan_hash")


def _check_order(report: Report, order: str) -> None:
    """The order's entries tell one story: legal steps, one set of parties and amounts, an invoice that agrees."""
    entries = [entry for _, entry in report.entries if entry["object"] == order]
    if not entries:
        raise Tampered("存证包中没有该订单的记录", "the bundle holds no entry of its order")
    steps = [entry for entry in entries if entry["action"].removeprefix("order:") in _STEPS]
    state, facts = "", dict[str, str]()
    parties = {name: steps[0].get("data", {}).get(name) for name in _PARTIES} if steps else {}
    for entry in steps:
        data = entry.get("data", {})
        before, after = _STEPS[entry["action"].removeprefix("order:")]
        if state not in before.split(" ") or data.get("state") != (after or state):
            raise Tampered(
                f"订单不能从{f' {state} ' if state else '初始'}状态经 {entry['action']} 流转",
                f"the order cannot go from {state or 'nothing'} by {entry['action']}",
            )
        state = after or state
        if state in _OPEN and not facts:  # terms are not fixed yet, only between whom and over what
            fixed: Any = parties
        else:
            fixed = facts = facts or data
        if any(data.get(name) != fixed.get(name) for name in (*_PARTIES, *(_FIXED if fixed is facts else ()))):
            raise Tampered(
                "订单各条记录中的当事方、标的或金额不一致",
                "the order's parties, subject or amounts differ between its entries",
            )
    facts = facts or (steps[-1].get("data", {}) if steps else {})
    _check_amounts(report, order, facts)
    _check_review(report, order, facts)
    gross = _amount(int(facts["gross"]), facts.get("currency", ""))
    report.say(
        f"订单 {order}：{len(steps)} 步，最后状态 {state}，含税 {gross}",
        f"order {order}: {len(steps)} steps, last state {state}, gross {gross}",
    )


def _amount(minor: int, currency: str) -> str:
    return f"{minor // 100}.{minor % 100:02d} CNY" if currency == "CNY" else f"{minor} {currency} (minor units)"


def _check_amounts(report: Report, order: str, facts: dict[str, str]) -> None:
    if not facts or not all(re.fullmatch(r"[0-9]{1,19}", facts.get(name, "")) for name in ("gross", "net", "tax")):
        raise Tampered("订单的记录没有写明金额", "the order's entries do not say its amounts")
    if int(facts["gross"]) != int(facts["net"]) + int(facts["tax"]):
        raise Tampered("订单的不含税金额与税额之和不等于价税合计", "the order's net and tax are not its gross")
    for _, entry in report.entries:
        if entry["action"] != "invoice:issue":
            continue
        data = entry.get("data", {})
        if data.get("order") != order or data.get("currency") != facts.get("currency"):
            raise Tampered("发票不属于该订单", "the invoice is not of this order")
        if "period" in data:
            continue  # usage is invoiced by the month, beside what the order itself costs
        if data.get("gross", "").replace(".", "").lstrip("0") != facts["gross"].lstrip("0"):
            raise Tampered("发票金额与订单不同", "the invoice has another amount than the order")


def _check_review(report: Report, order: str, facts: dict[str, str]) -> None:
    """A review that is shown is of the order's listing, and approved it before the order was placed."""
    steps = [(index, entry) for index, entry in report.entries if entry["action"].startswith("review:")]
    if not steps:
        return
    subjects = {entry["data"]["subject"] for _, entry in steps if "subject" in entry.get("data", {})}
    placed = min(index for index, entry in report.entries if entry["object"] == order)
    approved = [index for index, entry in steps if entry["action"] == "review:approve"]
    if subjects != {facts.get("listing")} or not approved or approved[0] > placed:
        raise Tampered(
            "所附审核并未在下单前通过该订单的条目",
            "the review is not one that approved the order's listing before it was ordered",
        )
    report.say("所售版本在下单前已通过审核", "what was sold had passed its review before it was ordered")


_DOCUMENTS = ("invoice:issue", "credit_note:issue")


def _check_invoices(files: dict[str, bytes], report: Report) -> None:
    """Each invoice and credit note that is enclosed is, byte for byte, the one that its entry says was issued."""
    issued = {entry["object"]: entry.get("data", {}) for _, entry in report.entries if entry["action"] in _DOCUMENTS}
    enclosed = [name for name in files if name.startswith("invoices/")]
    for name in enclosed:
        said = issued.get(name.removeprefix("invoices/").removesuffix(".json"), {})
        if hashlib.sha256(files[name]).hexdigest() != said.get("document_sha256"):
            raise Tampered(f"{name} 不是已开具的单据", f"{name} is not a document that was issued")
        document = _json(files[name])
        told = ("number", "order", "currency", "gross")
        if not isinstance(document, dict) or any(document.get(field) != said.get(field) for field in told):
            raise Tampered(f"{name} 的内容与其记录不符", f"{name} says something else than its entry")
    if enclosed:
        report.say(
            f"{len(enclosed)} 份发票或红字发票与日志中的摘要一致",
            f"{len(enclosed)} invoices or credit notes are those whose hashes stand in the log",
        )


# ---- contracts -------------------------------------------------------------------------------------------------------

_SIGNERS = {
    "nda": ("buyer", "supplier"), "licence": ("buyer",), "provision": ("buyer", "supplier"),
    "entrusted": ("buyer", "supplier"),
}  # fmt: skip


def _check_contracts(files: dict[str, bytes], report: Report, order: str) -> None:
    """Each contract is the one that was drawn up, over the terms that were agreed, and signed before the order was
    placed; every signature is of exactly its bytes."""
    drawn = {
        entry["object"]: entry.get("data", {})
        for _, entry in report.entries
        if entry["action"] == "contract:draw_up" and entry.get("data", {}).get("order") == order
    }
    enclosed = {
        name.removeprefix("contracts/").removesuffix(".json") for name in files if name.startswith("contracts/")
    }
    if enclosed != set(drawn):
        raise Tampered(
            "所附合同与当时拟定的合同不一致", "the contracts that are enclosed are not those that were drawn up"
        )
    for contract in sorted(enclosed):
        _check_contract(files[f"contracts/{contract}.json"], contract, drawn[contract], report, order)
    if enclosed:
        report.say(
            f"{len(enclosed)} 份合同与日志中的摘要一致，各方签名有效",
            f"{len(enclosed)} contracts are those whose hashes stand in the log, and the signatures are good",
        )


def _check_contract(content: bytes, contract: str, said: dict[str, str], report: Report, order: str) -> None:
    digest = hashlib.sha256(content).hexdigest()
    document = _json(content)
    if digest != said.get("document_sha256") or not isinstance(document, dict):
        raise Tampered(
            f"合同 {contract} 不是当时拟定的那一份", f"the contract {contract} is not the one that was drawn up"
        )
    told = (document.get("id"), document.get("order"), document.get("kind"), document.get("terms_sha256") or "none")
    if told != (contract, order, said.get("kind"), said.get("terms_sha256")):
        raise Tampered(
            f"合同 {contract} 的内容与其记录不符", f"the contract {contract} says something else than its entry"
        )
    signed = _signed_sides(content, contract, digest, report)
    placed = [(n, e) for n, e in report.entries if (e["object"], e["action"]) == (order, "order:place")]
    if not placed or said["kind"] == "nda":
        return
    index, entry = placed[0]
    if any(signed.get(side, index) >= index for side in _SIGNERS.get(said["kind"], ())):
        raise Tampered(
            f"合同 {contract} 签署之前就已下单", f"the order was placed before the contract {contract} was signed"
        )
    if entry.get("data", {}).get("agreement_hash") != said.get("terms_sha256"):
        raise Tampered(
            f"合同 {contract} 所约定的不是该订单的条款", f"the contract {contract} is not over the terms of the order"
        )


def _signed_sides(content: bytes, contract: str, digest: str, report: Report) -> dict[str, int]:
    """Where in the log each side signed; every signature is checked."""
    found: dict[str, int] = {}
    for index, entry in report.entries:
        if (entry["object"], entry["action"]) != (contract, "contract:sign"):
            continue
        data = entry.get("data", {})
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(data.get("public_key", ""), validate=True))
            key.verify(base64.b64decode(data.get("signature", ""), validate=True), content)
        except (InvalidSignature, ValueError):
            raise Tampered(
                f"合同 {contract} 有一个签名与其字节不符", f"a signature of the contract {contract} is not of its bytes"
            ) from None
        if data.get("document_sha256") != digest or data.get("side") in found:
            raise Tampered(
                f"合同 {contract} 有一个签名与其字节不符", f"a signature of the contract {contract} is not of its bytes"
            )
        found[data.get("side", "")] = index
    return found


# ---- calls -----------------------------------------------------------------------------------------------------------

_RECORD = struct.Struct(">BBBBHH8sQQQQQQI32s")
_RECORD_TEXTS = ("entitlement", "order", "organisation", "supplier", "listing", "operation", "credential")
_MODES = ("test", "live")
_OUTCOMES = {1: "hit", 2: "miss", 3: "upstream_error", 4: "client_abort", 5: "refused"}
_CALL_FIELDS = {
    "format": str, "version": int, "call": str, "batch": str, "index": int, "count": int, "record": str, "salt": str,
    "proof": list,
}  # fmt: skip


def parse_call(raw: bytes) -> dict[str, Any]:
    """What the bytes of a usage record of a call say. Raises Malformed."""
    try:
        kind, live, outcome, zero, status, none, epoch, seq, at, latency, came, went, first, records, plan = (
            _RECORD.unpack_from(raw)
        )
        texts, rest = {}, raw[_RECORD.size :]
        for name in _RECORD_TEXTS:
            length, rest = rest[0], rest[1:]
            texts[name], rest, whole = rest[:length].decode("utf-8"), rest[length:], len(rest) >= length
            if not whole:
                raise _unreadable("有一段文本不完整", "a text is cut")
        if rest or kind != 1 or zero or none or first or live > 1:
            raise _unreadable("它不是一次调用的记录", "it is not one of a call")
        return {
            "call": f"{epoch.hex()}-{seq}", "epoch": epoch.hex(), "seq": seq, "at_us": at, "mode": _MODES[live],
            "outcome": _OUTCOMES[outcome], "status": status, "latency_us": latency, "bytes_in": came,
            "bytes_out": went, "records": records, "plan_hash": plan.hex(),
        } | texts  # fmt: skip
    except struct.error:
        raise _unreadable("它不完整", "it is cut") from None
    except KeyError:
        raise _unreadable("没有这样的调用结果", "it has no such outcome") from None
    except (UnicodeDecodeError, IndexError):
        raise _unreadable("有一段文本不完整", "a text is cut") from None


def _unreadable(zh: str, en: str) -> Malformed:
    return Malformed(f"用量记录无法读取：{zh}", f"a usage record cannot be read: {en}")


def _check_calls(files: dict[str, bytes], manifest: dict[str, Any], report: Report) -> None:
    """Each record is of the order, and stands with these bytes in a batch whose root the log holds."""
    described = manifest.get("calls", [])
    if len(described) > MOST_CALLS:
        raise Malformed("调用过多", "too many calls")
    for each in described:
        if not isinstance(each, dict) or each.keys() != {"call", "file"}:
            raise Malformed("清单中有一次调用不完整", "a call of the manifest is incomplete")
        call, name = each["call"], each["file"]
        if not isinstance(call, str) or name != f"calls/{call}.json" or name not in files:
            raise Malformed("清单中有一次调用不完整", "a call of the manifest is incomplete")
        if call in report.calls:
            raise Tampered("有一次调用出现两次", "a call is shown twice")
        report.calls[call] = _check_call(files[name], call, manifest["order"], report)


def _check_call(content: bytes, call: str, order: str, report: Report) -> dict[str, Any]:
    proof = _json(content)
    if not isinstance(proof, dict) or proof.keys() != _CALL_FIELDS.keys():
        raise Malformed("有一次调用的证明的字段与版本 1 不同", "a call's proof has other fields than version 1")
    if not all(type(proof[name]) is kind for name, kind in _CALL_FIELDS.items()):
        raise Malformed("有一次调用的证明不完整", "a call's proof is incomplete")
    if (proof["format"], proof["version"]) != (CALL_FORMAT, CALL_VERSION):
        raise Malformed(
            f"本程序只能读取 {CALL_FORMAT} 格式的版本 {CALL_VERSION}",
            f"this program reads {CALL_FORMAT} version {CALL_VERSION}",
        )
    raw, salt = _base64(proof["record"]), _base64(proof["salt"])
    record = parse_call(raw)
    if not call == proof["call"] == record["call"]:
        raise Tampered(
            f"为调用 {call} 出示的记录属于另一次调用", f"the record shown for call {call} is of another call"
        )
    _check_batch(proof, raw, salt, record, report)
    _check_whose(record, order, report)
    return record


def _check_batch(proof: dict[str, Any], raw: bytes, salt: bytes, record: dict[str, Any], report: Report) -> None:
    loads = [entry for _, entry in report.entries if entry["object"] == proof["batch"]]
    if len(loads) != 1 or loads[0]["action"] != "usage:load":
        raise Tampered(
            f"日志中没有调用 {record['call']} 所在批次的记录",
            f"the log says nothing of the batch of call {record['call']}",
        )
    said = loads[0].get("data", {})
    if len(salt) != 16 or not re.fullmatch(_HASH, said.get("root", "")):
        raise Malformed("有一个盐值或根不符合格式", "a salt or a root is not one")
    if said.get("count") != str(proof["count"]) or not _in_ranges(record, said.get("ranges", "")):
        raise Tampered(
            f"调用 {record['call']} 所在的批次与日志所记的不同",
            f"the batch of call {record['call']} is another one than the log says",
        )
    root = bytes.fromhex(said["root"])
    if not verify_inclusion(leaf_hash(salt + raw), proof["index"], proof["count"], _proof(proof["proof"]), root):
        raise Tampered(
            f"调用 {record['call']} 所在的批次中没有字节与此一致的记录",
            f"call {record['call']} is not in its batch with these bytes",
        )


def _in_ranges(record: dict[str, Any], ranges: str) -> bool:
    """Whether the batch says that it holds this epoch's calls from before to after this one."""
    found = re.search(rf"(?:^| ){record['epoch']}:([0-9]{{1,20}})-([0-9]{{1,20}})(?: |$)", ranges)
    return "+" in ranges or (found is not None and int(found[1]) <= record["seq"] <= int(found[2]))


def _check_whose(record: dict[str, Any], order: str, report: Report) -> None:
    said: dict[str, str] = next(entry.get("data", {}) for _, entry in report.entries if entry["object"] == order)
    for ours, theirs in (("organisation", "buyer"), ("supplier",) * 2, ("listing",) * 2, ("plan_hash",) * 2):
        if record["order"] != order or record[ours] != said.get(theirs):
            raise Tampered(f"调用 {record['call']} 不属于该订单", f"call {record['call']} is not of this order")
    report.say(
        f"调用 {record['call']}：{record['operation']}，{record['outcome']}，状态 {record['status']}，在已签名的批次中",
        f"call {record['call']}: {record['operation']}, {record['outcome']}, status {record['status']}, "
        "stands in a signed batch",
    )


# ---- usage statements ------------------------------------------------------------------------------------------------

STATEMENT_FORMAT, STATEMENT_VERSION = "piaohao-usage-statement", 1
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?")
_COUNTS = ("calls", "records", "bytes_in", "bytes_out")
_ROW_TEXTS = ("month", "operation", "plan_hash", "outcome", "mode", "amount")
_SUMS = ("usage", "rounding", "net", "tax", "gross")


def verify_statement(raw: bytes, *, key_text: str | None = None) -> Report:
    """Prove the usage statement of an invoice: signed as it is, its rows are the usage that the invoice names by its

    hash, and they add up, with the rounding, to the invoice. Raises Tampered or Malformed.
    """
    report, document = Report(), _json(raw)
    if not isinstance(document, dict) or document.get("format") != STATEMENT_FORMAT:
        raise Malformed(f"本程序只能读取 {STATEMENT_FORMAT} 格式", f"this program reads {STATEMENT_FORMAT}")
    if document.get("version") != STATEMENT_VERSION:
        raise Malformed(
            f"本程序只能读取 {STATEMENT_FORMAT} 格式的版本 {STATEMENT_VERSION}",
            f"this program reads {STATEMENT_FORMAT} version {STATEMENT_VERSION}",
        )
    if document.keys() != {"format", "version", "statement", "signature", "key"}:
        raise Malformed("用量单的字段与版本 1 不同", "the statement has other fields than version 1")
    said, note = document["statement"], document["signature"]
    if not isinstance(said, dict) or not isinstance(note, str) or not isinstance(said.get("invoice"), str):
        raise Malformed("用量单不完整", "the statement is incomplete")
    _, known = _keys({"key.txt": str(document["key"]).encode(errors="replace")}, key_text, report)
    wanted = usage_statement(known.name, said["invoice"], canonical(said))
    if verify_note(note, known, ("用量单", "statement")) + "\n" != wanted:
        raise Tampered("用量单不是签名时的那一份", "the statement is not the one that was signed")
    _check_statement(said, report)
    return report


def _check_statement(said: dict[str, Any], report: Report) -> None:
    rows = said.get("rows")
    if not isinstance(rows, list) or not all(map(_is_row, rows)) or not all(_is_decimal(said.get(n)) for n in _SUMS):
        raise Malformed("用量单的行或合计不完整", "the statement's rows or sums are incomplete")
    counted = [{name: row[name] for name in row if name != "amount"} for row in rows if row["outcome"]]
    if hashlib.sha256(canonical(counted)).hexdigest() != said.get("usage_sha256"):
        raise Tampered("各行与发票所指的用量不符", "the rows are not the usage that the invoice names")
    usage, rounding, net, tax, gross = (Fraction(said[name]) for name in _SUMS)
    if sum((Fraction(row["amount"]) for row in rows), Fraction(0)) != usage:
        raise Tampered("各行之和不等于用量单的用量金额", "the rows do not add up to the statement's usage")
    if (usage + rounding, net + tax) != (net, gross):
        raise Tampered("用量单各项之和与发票不符", "the statement does not add up to the invoice")
    calls = sum(row["calls"] for row in rows)
    report.say(
        f"发票 {said.get('number')}：{len(rows)} 行，{calls} 次调用，{said['usage']} + 舍入 {said['rounding']} ="
        f" {said['net']}，税 {said['tax']}，含税 {said['gross']}",
        f"invoice {said.get('number')}: {len(rows)} rows, {calls} calls, {said['usage']} + rounding"
        f" {said['rounding']} = {said['net']}, tax {said['tax']}, gross {said['gross']}",
    )


def _is_decimal(value: Any) -> bool:
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and row.keys() == {*_ROW_TEXTS, *_COUNTS, "credited"}
        and all(isinstance(row[name], str) for name in _ROW_TEXTS)
        and all(type(row[name]) is int for name in (*_COUNTS, "credited"))
        and _is_decimal(row["amount"])
    )


def _check_policies(files: dict[str, bytes], report: Report) -> None:
    for name, content in files.items():
        if name.startswith("policy/") and name != f"policy/{hashlib.sha256(content).hexdigest()}.json":
            raise Tampered("有一份政策与其摘要不符", "a policy is not the one of its hash")
    cited = {entry["decision"]["policy"] for _, entry in report.entries if "decision" in entry}
    missing = sorted(hash_ for hash_ in cited if f"policy/{hash_}.json" not in files)
    if missing:
        report.say(
            f"注意：缺少政策版本 {', '.join(missing)}", f"mind: policy versions not enclosed: {', '.join(missing)}"
        )


def _enclosed_proof(files: dict[str, bytes], size: int) -> list[bytes] | None:
    """Bundles enclose the proofs from the checkpoints that were signed since the order began."""
    enclosed = _json(files["consistency.json"]) if "consistency.json" in files else {}
    proof = enclosed.get(str(size)) if isinstance(enclosed, dict) else None
    return _proof(proof) if isinstance(proof, list) else None


def _proof(texts: list[Any]) -> list[bytes]:
    return [_base64(each) if isinstance(each, str) else b"" for each in texts]


def _check_older(older: Checkpoint, proof: list[bytes] | None, checkpoint: Checkpoint, report: Report) -> None:
    if older.size > checkpoint.size:
        raise Tampered(
            f"您的检查点有 {older.size} 条记录，存证包的检查点只有 {checkpoint.size} 条：日志被回滚",
            f"your checkpoint has {older.size} entries, the bundle's only {checkpoint.size}: a rolled back log",
        )
    if older.size == checkpoint.size:
        if older.root != checkpoint.root:
            raise Tampered(
                "记录数相同的两个检查点不同：日志被分叉", "two checkpoints of one size differ: the log was forked"
            )
    elif proof is None:
        place = f"/api/v1/audit/consistency?first={older.size}&second={checkpoint.size}"
        raise Unverifiable(
            f"存证包未附上从您的检查点起的证明；请从交易所的 {place} 取得，再用 --consistency 给出",
            "the bundle does not enclose the proof from your checkpoint; fetch it from the exchange at "
            f"{place} and give it with --consistency",
        )
    elif not verify_consistency(older.size, checkpoint.size, older.root, checkpoint.root, proof):
        raise Tampered(
            "本日志不是您所保存检查点的日志的延续",
            "the log that you kept a checkpoint of is not the beginning of this one",
        )
    report.say(
        f"与您保存的检查点一致（{older.size} 条记录）",
        f"consistent with the checkpoint that you kept ({older.size} entries)",
    )


def consistency_from(text: str) -> list[bytes]:
    """The proof in the JSON that the platform answers. Raises Malformed."""
    parsed = _json(text.encode())
    proof = parsed.get("proof") if isinstance(parsed, dict) else None
    if not isinstance(proof, list):
        raise Malformed("一致性证明不符合格式", "the consistency proof is not one")
    return _proof(proof)


def main(arguments: list[str] | None = None) -> int:
    """The command line; answers the exit code."""
    parser = argparse.ArgumentParser(prog="verifier", description="Verify an evidence bundle offline.")
    parser.add_argument("bundle", type=Path, help="the zip, or the JSON of a usage statement")
    parser.add_argument("--key", help="the log's public key as the platform publishes it, or a file that holds it")
    parser.add_argument("--checkpoint", type=Path, help="an older checkpoint that you kept")
    parser.add_argument("--consistency", type=Path, help="the proof from your checkpoint to the bundle's")
    parser.add_argument("--witness", action="append", default=[], help="the key of a witness who must have cosigned it")
    parser.add_argument("--lang", choices=("zh", "en"), default="en")
    given = parser.parse_args(arguments)
    try:
        report = _verify_files(given)
    except Refused as refused:
        return _end(refused, given.lang)
    _print(report, given.lang)
    return GOOD


def _verify_files(given: argparse.Namespace) -> Report:
    try:
        key = Path(given.key).read_text("utf-8") if given.key and Path(given.key).is_file() else given.key
        older = given.checkpoint.read_text("utf-8") if given.checkpoint else None
        proof = consistency_from(given.consistency.read_text("utf-8")) if given.consistency else None
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"给出的文件无法读取：{error}", str(error)) from None
    if given.bundle.suffix == ".json":
        return verify_statement(_read(given.bundle), key_text=key)
    bundle, witnesses = read_bundle(given.bundle), tuple(given.witness)
    return verify(bundle, key_text=key, older_note=older, consistency=proof, witnesses=witnesses)


def _print(report: Report, language: str) -> None:
    for index, entry in report.entries:
        _say(f"  #{index:<7} {entry['at']}  {entry['action']:<22} {entry['object']}")
    for zh, en in report.lines:
        _say(zh if language == "zh" else en)
    _say("核验通过" if language == "zh" else "GOOD")


def _end(refused: Refused, language: str) -> int:
    (zh, en), (why_zh, why_en) = _WORDS[refused.code], refused.reason
    _say(f"{zh}（{en}）：{why_zh}" if language == "zh" else f"{en}: {why_en}")
    return refused.code


_WORDS = {
    TAMPERED: ("已被篡改", "TAMPERED"),
    MALFORMED: ("无法读取", "MALFORMED"),
    UNVERIFIABLE: ("无法核验", "UNVERIFIABLE"),
}


def _say(line: str) -> None:
    """Print a line; control characters of a hostile bundle do not reach the terminal."""
    shown = "".join(character if character.isprintable() else "?" for character in line)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(shown.encode(encoding, "backslashreplace").decode(encoding) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""Evidence bundles: everything that proves an order's story offline, in one zip."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from compliance.audit import checkpoints, epochs, merkle, notes, policies, queries, witnesses
from compliance.audit.models import AuditEntry, AuditLeaf, AuditPending
from compliance.audit.nodes import computed
from compliance.audit.verifier import (
    FORMAT,
    VERSION,
    VERSION_WITH_CALLS,
    VERSION_WITH_CONTRACTS,
    manifest_statement,
    packed,
    parse_checkpoint,
)
from core.db import Uow
from core.house import House

_MOST_KEPT = 64  # checkpoints that a party may have kept since the first entry, each with its proof
_README = """票号存证包 / Piaohao evidence bundle

核验 / To verify (Python 3.11+, `pip install cryptography`):

    python verify.py {name}.zip --key KEY --lang zh

KEY 是平台公布的公钥（/api/v1/audit/key）。请从包外取得本程序与密钥。
KEY is the log's public key as the platform publishes it (/api/v1/audit/key). Take the program and the key
from outside of this bundle when you do not trust who gave it to you.

退出码 / exit codes: 0 good, 1 tampered, 2 malformed, 3 unverifiable
"""


@dataclass(frozen=True)
class _Evidence:
    note: str
    size: int
    entries: list[tuple[int, str, bytes, list[bytes]]]
    consistency: dict[str, list[str]]


def build(
    house: House,
    *,
    order_id: str,
    object_ids: list[str],
    documents: Mapping[str, bytes] | None = None,
    contracts: Mapping[str, bytes] | None = None,
    calls: Sequence[Mapping[str, Any]] = (),
) -> bytes | None:
    """The bundle over all entries of these objects; None while one of them waits for its checkpoint.

    ``documents`` are invoices and credit notes by id, ``contracts`` contracts, the exact bytes whose hash their entries
    hold. ``calls`` are proofs of single calls; the entries of their batches are enclosed too.
    """
    object_ids = [*object_ids, *dict.fromkeys(str(call["batch"]) for call in calls)]
    object_ids.append(epochs.LOG)
    evidence = house.db.read(lambda uow: _collect(uow, object_ids))
    if evidence is None:
        return None
    origin, private = parse_checkpoint(evidence.note).origin, checkpoints.signer_of(house, evidence.note)
    files = {
        "checkpoint.txt": evidence.note.encode(),
        "key.txt": (notes.key_of(origin, private).text() + "\n").encode(),
        "verify.py": (Path(__file__).parent / "verifier.py").read_bytes(),
        "README.txt": _README.format(name=order_id).encode(),
        "consistency.json": _json(evidence.consistency),
    }
    files |= {
        f"policy/{name}.json": text for name, text in policies.cited(house, [b for _, _, b, _ in evidence.entries])
    }
    files |= {f"invoices/{each}.json": content for each, content in (documents or {}).items()}
    files |= {f"contracts/{each}.json": content for each, content in (contracts or {}).items()}
    described, counts = [], dict[str, int]()
    for number, object_id, body, proof in evidence.entries:
        name = f"entries/{number:09d}.json"
        files[name] = body
        described.append({"index": number, "file": name, "proof": _texts(proof)})
        counts[object_id] = counts.get(object_id, 0) + 1
    shown = [{"call": call["call"], "file": f"calls/{call['call']}.json"} for call in calls]
    files |= {each["file"]: _json(dict(call)) for each, call in zip(shown, calls, strict=True)}
    manifest = {
        "format": FORMAT, "version": _version(contracts, calls), "order": order_id,
        "origin": origin, "checkpoint_size": evidence.size, "objects": counts, "entries": described,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        **({"calls": shown} if calls or contracts else {}),
    }  # fmt: skip
    written = _json(manifest)
    signature = notes.signed(manifest_statement(origin, order_id, evidence.size, written), origin, private)
    return packed({"manifest.json": written, "manifest.sig": signature.encode()} | files)


def _version(contracts: Mapping[str, bytes] | None, calls: Sequence[Mapping[str, Any]]) -> int:
    return VERSION_WITH_CONTRACTS if contracts else VERSION_WITH_CALLS if calls else VERSION


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode()


def _texts(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]


def _collect(uow: Uow, object_ids: list[str]) -> _Evidence | None:
    checkpoint = queries.newest_checkpoint(uow)
    waiting = (
        select(AuditPending.number)
        .join(AuditEntry, AuditEntry.id == AuditPending.entry_id)
        .where(AuditEntry.object_id.in_(object_ids))
    )
    if checkpoint is None or uow.session.execute(waiting.limit(1)).first():
        return None
    rows = uow.session.execute(
        select(AuditLeaf.number, AuditEntry.object_id, AuditEntry.body)
        .join(AuditEntry, AuditEntry.id == AuditLeaf.entry_id)
        .where(AuditEntry.object_id.in_(object_ids))
        .order_by(AuditLeaf.number)
    ).all()
    if not rows or rows[-1][0] >= checkpoint.size:
        return None
    kept = queries.checkpoint_sizes(uow, rows[0][0] + 1, checkpoint.size - 1, _MOST_KEPT)
    inclusions, consistencies = computed(
        uow,
        lambda node: (
            [merkle.inclusion_proof(node, number, checkpoint.size) for number, *_ in rows],
            [merkle.consistency_proof(node, size, checkpoint.size) for size in kept],
        ),
    )
    return _Evidence(
        witnesses.cosigned_note(uow, checkpoint),
        checkpoint.size,
        [(*row, proof) for row, proof in zip(rows, inclusions, strict=True)],
        {str(size): _texts(proof) for size, proof in zip(kept, consistencies, strict=True)},
    )

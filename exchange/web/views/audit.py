"""The audit explorer, single entries with their proofs, and the verification of a bundle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask
from werkzeug.wrappers import Response

from compliance.audit import checkpoints, queries, stamps, verifier, witnesses
from core.db import Uow
from core.problems import DomainError, Invalid, TooLarge
from core.speech import gettext
from exchange.web.language import language
from exchange.web.session import actor, house
from exchange.web.shell import pages, read, render, signed_in

MOST_BUNDLE_BYTES = 20_000_000


@dataclass(frozen=True)
class ProofStep:
    side: str
    sibling: str
    joined: str


@dataclass(frozen=True)
class ProofText:
    """An inclusion proof, joined step by step, and whether its end is the checkpoint's root."""

    size: int
    root: str
    steps: list[ProofStep]
    holds: bool


@dataclass(frozen=True)
class Line:
    mark: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """What the verifier said of a bundle."""

    name: str
    sound: bool
    lines: list[Line]


@pages.get("/audit")
def audit() -> Response:
    sought = flask.request.args.get("object", "").strip()
    if sought.replace(",", "").isdecimal():
        return flask.redirect(flask.url_for("web.audit_entry", number=int(sought.replace(",", ""))), 303)
    return render("audit/explorer.html", object=sought, **read(lambda uow: _explorer(uow, sought)))


def _explorer(uow: Uow, sought: str) -> dict[str, Any]:
    newest = queries.newest_checkpoint(uow)
    found = queries.entries(uow, actor(), cursor=flask.request.args.get("cursor"), object_id=sought or None)
    cursor = found.next_cursor
    return {
        "checkpoint": newest,
        "checkpoint_text": newest.note if newest else "",
        "seen_by": witnesses.last_seen(uow),
        "stamp": stamps.newest(uow),
        "entries": found.items,
        "scope": gettext("All entries") if queries.sees_all(actor()) else gettext("Entries that concern you"),
        "next_address": flask.url_for("web.audit", object=sought or None, cursor=cursor) if cursor else "",
    }


@pages.get("/audit/entries/<int:number>")
def audit_entry(number: int) -> flask.Response:
    signed_in()

    def work(uow: Uow) -> tuple[queries.EntrySnapshot, queries.ProofSnapshot | None]:
        entry = queries.entry(uow, actor(), number)
        newest = queries.newest_checkpoint(uow)
        return entry, queries.inclusion(uow, number) if newest and number < newest.size else None

    entry, proof = read(work)
    pretty = json.dumps(entry.fields, indent=2, ensure_ascii=False)
    shown = join(proof) if proof else None
    return render("audit/entry.html", entry=entry, number=number, pretty=pretty, leaf=entry.leaf_hash, proof=shown)


def join(proof: queries.ProofSnapshot) -> ProofText:
    """Join the leaf with each sibling in turn, as RFC 9162 section 2.1.3.2 does."""
    index, last, known, steps = proof.number, proof.size - 1, bytes.fromhex(proof.leaf_hash), []
    for text in proof.proof:
        sibling = bytes.fromhex(text)
        if index % 2 or index == last:
            known = verifier.node_hash(sibling, known)
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
            side = "left"
        else:
            known = verifier.node_hash(known, sibling)
            side = "right"
        index, last = index >> 1, last >> 1
        steps.append(ProofStep(side, text, known.hex()))
    return ProofText(proof.size, proof.root, steps, known.hex() == proof.root)


@pages.get("/verify")
def verify_form() -> flask.Response:
    return _form(None, "")


def _form(result: Verdict | None, kept: str, status: int = 200, **more: Any) -> flask.Response:
    key = checkpoints.public_key(house()).text()
    return render("audit/verify.html", status, result=result, checkpoint=kept, key=key, **more)


@pages.post("/verify")
def verify() -> flask.Response:
    """Check a bundle with the one-file program, this log's key, and the checkpoint that the person kept."""
    kept = flask.request.form.get("checkpoint", "").replace("\r\n", "\n").lstrip()
    try:
        name, content = _bundle()
    except DomainError as problem:
        return _form(None, kept, problem.status, problem=problem)
    return _form(_judge(name, content, kept), kept)


def _bundle() -> tuple[str, bytes]:
    sent = flask.request.files.get("bundle")
    if sent is None or not sent.filename:
        raise Invalid("Choose the bundle.", field="bundle")
    content = sent.stream.read(MOST_BUNDLE_BYTES + 1)
    if len(content) > MOST_BUNDLE_BYTES:
        raise TooLarge("A bundle has at most 20 MB here; verify larger ones offline.", field="bundle")
    return sent.filename, content


def _judge(name: str, content: bytes, kept: str) -> Verdict:
    chosen = 0 if language() == "zh" else 1
    try:
        report = _verified(content, kept)
    except verifier.Refused as refused:
        return Verdict(name, sound=False, lines=[Line("fail", refused.reason[chosen])])
    lines = [Line("mind" if pair[1].startswith("mind") else "ok", pair[chosen]) for pair in report.lines]
    lines += [Line("ok", f"#{number} {entry['at']} {entry['action']}") for number, entry in report.entries]
    return Verdict(name, sound=True, lines=lines)


def _verified(content: bytes, kept: str) -> verifier.Report:
    key = checkpoints.public_key(house()).text()
    if content.lstrip()[:1] == b"{":
        return verifier.verify_statement(content, key_text=key)
    files = verifier.unpacked(content)
    if not kept:
        return verifier.verify(files, key_text=key)
    proof = _consistency(verifier.parse_checkpoint(kept), files)
    return verifier.verify(files, key_text=key, older_note=kept, consistency=proof)


def _consistency(older: verifier.Checkpoint, files: dict[str, bytes]) -> list[bytes]:
    """The log's own proof from the kept checkpoint to the bundle's; the verifier does not trust it."""
    newer = verifier.parse_checkpoint(files.get("checkpoint.txt", b"").decode("utf-8", "replace"))
    try:
        return read(lambda uow: queries.consistency(uow, older.size, newer.size))[1]
    except DomainError:
        return []


@pages.get("/verify/program")
def verifier_program() -> flask.Response:
    """The one file, to keep and to read."""
    source = Path(verifier.__file__).read_bytes()
    response = flask.Response(source, mimetype="text/x-python")
    response.headers["Content-Disposition"] = "attachment; filename=piaohao-verify.py"
    return response

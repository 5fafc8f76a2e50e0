"""6. Each party fetches the evidence bundle and verifies it offline; a changed byte is caught."""

from __future__ import annotations

import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from exchange.demo.player.client import Person, Reply
from exchange.demo.player.filling import Cast
from exchange.demo.player.tale import Tale, eventually

_VERIFIER = Path(__file__).resolve().parents[4] / "compliance" / "audit" / "verifier.py"


def play(cast: Cast, tale: Tale, order: dict[str, Any]) -> None:
    tale.chapter("六、存证与离线核验", "6. Evidence, verified offline")
    checkpoint = cast.stranger.get("/audit/checkpoint").expect(200).json
    tale.done(
        "公开的最新检查点", "the newest checkpoint, open to all", f"{checkpoint['size']} {checkpoint['root'][:24]}…"
    )
    key = cast.stranger.get("/audit/key").expect(200).json["key"]
    with tempfile.TemporaryDirectory(prefix="piaohao-verify-") as folder:
        desk = Desk(Path(folder), key)
        parties = (cast.members["yunfan"]["jiang"], cast.members["tinglan"]["tao"])
        bundles = [_verified(tale, desk, party, order["id"]) for party in parties]
        _caught(tale, desk, bundles[0])
    hidden = cast.members["beichen"]["qin"].get(f"/orders/{order['id']}/bundle").expect(404)
    tale.done("第三方拿不到存证包", "a third party gets no bundle", hidden.code)


class Desk:
    """A folder with nothing but the one-file verifier, the key and what one wants to verify."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        (folder / "verify.py").write_bytes(_VERIFIER.read_bytes())
        (folder / "key.txt").write_text(key, "utf-8")

    def verify(self, evidence: bytes, language: str, name: str = "bundle.zip") -> tuple[int, str]:
        """The verifier's exit status and its last line."""
        (self.folder / name).write_bytes(evidence)
        command = [sys.executable, "-I", "verify.py", name, "--key", "key.txt", "--lang", language]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        return done.returncode, ((done.stdout + done.stderr).strip().splitlines() or ["-"])[-1]


def _verified(tale: Tale, desk: Desk, party: Person, order_id: str) -> bytes:
    bundle = fetch(party, order_id)
    status, said = desk.verify(bundle, tale.language)
    told = f"{len(bundle)} B: {said}"
    tale.check(status == 0, f"{party.name}离线核验存证包", f"{party.name} verifies the bundle offline", told)
    return bundle


def fetch(party: Person, order_id: str, *calls: str) -> bytes:
    """The bundle with the proofs of these calls, once a checkpoint covers every entry."""
    chosen = "?" + "&".join(f"call={each}" for each in calls) if calls else ""
    answers: list[Reply] = []

    def there() -> bool:
        answers.append(party.get(f"/orders/{order_id}/bundle{chosen}"))
        return answers[-1].status != 202

    eventually(there, "the evidence bundle")
    return answers[-1].expect(200).body


def _caught(tale: Tale, desk: Desk, bundle: bytes) -> None:
    status, said = desk.verify(_entry_changed(bundle), tale.language)
    tale.check(status == 1, "条目中改一个字节即被发现", "a byte changed in an entry is caught", said)
    status, said = desk.verify(_flipped(bundle), tale.language)
    tale.check(status != 0, "压缩包中翻转一位即被发现", "a bit flipped in the file is caught", said)


def _entry_changed(bundle: bytes) -> bytes:
    """The same bundle with one byte of one entry changed, and packed so that the zip itself is sound."""
    verifier = runpy.run_path(str(_VERIFIER))
    files = verifier["unpacked"](bundle)
    victim = next(name for name in files if name.startswith("entries/"))
    packed: bytes = verifier["packed"](files | {victim: _flipped(files[victim])})
    return packed


def _flipped(raw: bytes) -> bytes:
    """One bit turned over, in the middle."""
    changed = bytearray(raw)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)

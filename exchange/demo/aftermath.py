"""After the story: the operator proves the whole log, holds usage against the books and those against the payment
processor's; a byte changed behind the exchange's back is caught.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from exchange.demo.player.client import Difference
from exchange.demo.player.tale import Tale

_DATABASE = "exchange.db"
Environment = Mapping[str, str] | None
_SOUND = "the books are sound (0 faults)"


def main(data: Path, language: str, environment: Environment = None) -> int:
    """Verify the log of a data folder, then that of a changed copy. Answers 0 when both go as expected.

    ``environment`` is what the exchange runs with.
    """
    tale = Tale(language)
    tale.chapter("运维核验整个日志", "The operator verifies the whole log")
    try:
        for look in (_verified, _reconciled, _paid, _sound):
            look(tale, data, environment)
        if (data / _DATABASE).exists():
            _caught(tale, data)
    except Difference as difference:
        print(f"\n  ✗ {difference}", flush=True)
        return 1
    return 0


def _verified(tale: Tale, data: Path, environment: Environment) -> None:
    status, said = verify_log(data, environment)
    tale.check(status == 0, "piaohao audit verify 通过", "piaohao audit verify", said)


def _reconciled(tale: Tale, data: Path, environment: Environment) -> None:
    status, said = _command(data, "usage", "reconcile", environment=environment)
    tale.check(status == 0, "piaohao usage reconcile：网关记录、用量账与汇总一致", "piaohao usage reconcile", said)


def _paid(tale: Tale, data: Path, environment: Environment) -> None:
    if environment is None or "PIAOHAO_STRIPE_KEY" not in environment:
        return
    status, said = _command(data, "payments", "reconcile", environment=environment)
    tale.check(status == 0, "piaohao payments reconcile：支付机构账目逐笔一致", "piaohao payments reconcile", said)


def _sound(tale: Tale, data: Path, environment: Environment) -> None:
    lines = [line.strip() for line in _run(data, "doctor", environment=environment)[1].splitlines()]
    found = next((line for line in lines if "books" in line), "-")
    tale.check(_SOUND in found, "piaohao doctor：账目无误", "piaohao doctor: the books are sound", found)


def _caught(tale: Tale, data: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="piaohao-changed-") as folder:
        changed = Path(folder)
        change_one_byte(copy(data, changed))
        status, said = verify_log(changed)
    tale.check(
        status == 1, "数据库副本中改一个字节即被发现", "a byte changed in a copy of the database is caught", said
    )


def verify_log(data: Path, environment: Environment = None) -> tuple[int, str]:
    """Exit status and first line of ``piaohao audit verify``."""
    return _command(data, "audit", "verify", environment=environment)


def _command(data: Path, *words: str, environment: Environment = None) -> tuple[int, str]:
    status, said = _run(data, *words, environment=environment)
    return status, (said.strip().splitlines() or ["-"])[0]


def _run(data: Path, *words: str, environment: Environment = None) -> tuple[int, str]:
    command = [sys.executable, "-m", "exchange", "--data", str(data), "--profile", "demo", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stdout + done.stderr


def copy(data: Path, target: Path) -> Path:
    """Copy what proves the log, consistently while the exchange runs; answers the copied database."""
    for path in data.rglob("*"):
        inside = path.relative_to(data)
        if path.is_file() and inside.parts[0] in ("secrets", "signer"):
            (target / inside.parent).mkdir(parents=True, exist_ok=True)
            (target / inside).write_bytes(path.read_bytes())
    with sqlite3.connect(data / _DATABASE) as source, sqlite3.connect(target / _DATABASE) as copied:
        source.backup(copied)
    return target / _DATABASE


def change_one_byte(database: Path) -> None:
    """Change a byte of an entry, as somebody would who holds the disk: triggers are dropped before."""
    with sqlite3.connect(database) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        victim, body = connection.execute("SELECT id, body FROM audit_entry ORDER BY id LIMIT 1 OFFSET 20").fetchone()
        changed = bytearray(body if isinstance(body, bytes) else body.encode())
        changed[len(changed) // 2] ^= 1
        connection.execute("UPDATE audit_entry SET body = ? WHERE id = ?", (bytes(changed), victim))

"""The data folder: who can read it, how much room there is, whether all secrets are there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from core.keyring import Keyring, SecretUnusable
from core.settings import Settings
from exchange.checkup.finding import Finding, note
from exchange.installation import UNFINISHED
from exchange.secret_names import SECRETS

_LEAST_FREE_BYTES = 1 << 30


def folder(settings: Settings) -> Iterator[Finding]:
    mode = settings.data.stat().st_mode & 0o777
    yield Finding(
        mode & 0o077 == 0, f"data folder {settings.data} has mode {mode:03o}",
        f"others should not read it: chmod 700 {settings.data}",
    )  # fmt: skip
    disk = shutil.disk_usage(settings.data)
    yield Finding(
        disk.free >= _LEAST_FREE_BYTES, f"{disk.free / 1e9:.1f} GB of disk space are free of {disk.total / 1e9:.0f}",
        "at least 1 GB is needed: free some, or move the folder",
    )  # fmt: skip


def secrets(settings: Settings) -> Iterator[Finding]:
    where = settings.data / "secrets"
    for path in sorted(where.glob("[!.]*")):
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            yield Finding(False, f"secret {path.name} has mode {mode:03o}", f"chmod 600 {path}")
    keyring = Keyring(where, may_generate=False)
    missing = [each.name for each in SECRETS if not (where / each.name).exists()]
    for each in (known for known in SECRETS if known.name not in missing):
        try:
            keyring.secret(each.name)
        except SecretUnusable as error:
            yield Finding(False, str(error), "put it back from where you keep copies, before anything else is done")
    yield _missing(settings, missing) if missing else Finding(True, f"all {len(SECRETS)} secrets are there")


def _missing(settings: Settings, missing: list[str]) -> Finding:
    text = f"{len(missing)} secrets are missing ({', '.join(missing)})"
    if settings.production:
        return Finding(
            False, text, "`piaohao keys make` before the first use, or the old ones from where you keep them"
        )
    return note(text, "each is made when it is first needed")


def unfinished(settings: Settings) -> Iterator[Finding]:
    if (settings.data / UNFINISHED).exists():
        yield Finding(False, "a backup was not put back to the end", "run `piaohao restore` again")

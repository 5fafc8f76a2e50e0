"""The policy documents that decisions were made by, kept by their hash, so that an old decision can be repeated."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from compliance.policy import policy_document
from core.house import House

_CITED = re.compile(rb'"policy":"([0-9a-f]{64})"')


def keep(house: House) -> None:
    """Keep the policy of this process; a document that is kept already is left alone."""
    document = policy_document()
    path = _folder(house) / f"{hashlib.sha256(document).hexdigest()}.json"
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.write_bytes(document)
    temporary.replace(path)


def cited(house: House, bodies: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Hash and document of every policy that the entries cite and that is at hand."""
    keep(house)
    for name in sorted({found.decode() for body in bodies for found in _CITED.findall(body)}):
        path = _folder(house) / f"{name}.json"
        if path.exists():
            yield name, path.read_bytes()


def _folder(house: House) -> Path:
    return house.settings.data / "policies"

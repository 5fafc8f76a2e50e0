"""Facts of files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class FileScanned(Event):
    """All of a large file was looked at for identifiers: what is known of it may ask for a higher tier."""

    name: ClassVar[str] = "files.scanned"
    file_id: str

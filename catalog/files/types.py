"""Snapshots of files and uploads."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from catalog.profiles import Profile

PART_BYTES = 16 << 20
FORM_BYTES = 64 << 20


@dataclass(frozen=True)
class UploadSnapshot:
    """An upload on its way: ``received`` bytes of ``size`` have come."""

    id: str
    name: str
    size: int
    sha256: str
    received: int
    state: str
    file_id: str | None
    part_bytes: int
    expires_at: datetime


class ScanState(StrEnum):
    """Whether all of a file was looked at for identifiers, as far as it can be read; until then it cannot be listed."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class Scanning:
    """How far the scan of a whole file is: ``done`` bytes of ``total``, unpacked."""

    state: str = ScanState.DONE
    done: int = 0
    total: int = 0

    @property
    def finished(self) -> bool:
        return self.state == ScanState.DONE

    @property
    def percent(self) -> int:
        if self.finished:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0


@dataclass(frozen=True)
class FileSnapshot:
    """A file whose length and hash were checked; ``rows`` when it is a table.

    The profile is read when first asked for. Lists have none.
    """

    id: str
    name: str
    size: int
    sha256: str
    media_type: str
    rows: int | None = None
    stored_profile: str | None = field(default=None, repr=False)
    facts: dict[str, Any] = field(default_factory=dict)
    scanning: Scanning = Scanning()

    @cached_property
    def profile(self) -> Profile | None:
        return Profile.from_dict(json.loads(self.stored_profile)) if self.stored_profile else None

    def with_profile(self, profile: Profile | None) -> FileSnapshot:
        """The same file, told of with another profile."""
        text = json.dumps(profile.as_dict(), ensure_ascii=False) if profile else None
        return dataclasses.replace(self, stored_profile=text)

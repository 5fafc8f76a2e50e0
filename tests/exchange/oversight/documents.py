"""The document of thresholds, and changes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from exchange.oversight import thresholds


def document() -> dict[str, Any]:
    file = Path(thresholds.__file__).with_name("thresholds.yaml")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def changed(change: dict[str, dict[str, object]]) -> dict[str, Any]:
    found = document()
    for rule, numbers in change.items():
        found[rule] |= numbers
    return found

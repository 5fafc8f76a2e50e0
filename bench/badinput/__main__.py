"""Bad input of every kind against a real exchange: one line each, with the answer as it came.

Files that differ from what was declared, OpenAPI documents that are none, upstreams that misbehave, prices that
are none, ids of others, used keys, damaged imports, bundles that are weapons, a full disk. Each line is followed by
a check that nothing changed. Answers 1 when anything was not as expected, such as an answer of 5xx other than 507.

    python -m bench.badinput
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench.badinput import archives, disk, imports, interfaces, requests, uploads
from bench.badinput.stage import staged


def main() -> int:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="piaohao-badinput-") as name:
        folder = Path(name)
        with staged(folder) as stage:
            for chapter in (uploads, interfaces, requests, imports, archives):
                chapter.play(stage)
        sheets = [stage.sheet, disk.play(folder)]
    cases, faults = (sum(getattr(sheet, what) for sheet in sheets) for what in ("cases", "faults"))
    print(f"{cases} cases, {faults} unexpected, {time.monotonic() - begun:.0f} s")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())

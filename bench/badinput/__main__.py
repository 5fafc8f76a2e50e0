"""Bad input of every kind against a real exchange: one line each, with the answer as it came.

Files that differ from what was declared, OpenAPI documents that are none, upstreams that misbehave, prices that
are none, ids of others, used keys, damaged imports, bundles that are weapons, a full disk; forged messages of the
payment processor, amounts, currencies and refunds that are none, the processor away. Each line is followed by a check
that nothing changed. Answers 1 when anything was not as expected, such as an answer of 5xx other than 507.

    python -m bench.badinput [--only money]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.badinput import archives, disk, imports, interfaces, money, requests, uploads
from bench.badinput.sheet import Sheet
from bench.badinput.stage import staged


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(_PARTS))
    only, begun = parser.parse_args().only, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="piaohao-badinput-") as name:
        sheets = [play(Path(name)) for part, play in _PARTS.items() if only in (None, part)]
    cases, faults = (sum(getattr(sheet, what) for sheet in sheets) for what in ("cases", "faults"))
    print(f"{cases} cases, {faults} unexpected, {time.monotonic() - begun:.0f} s")
    return int(faults > 0)


def _trade(folder: Path) -> Sheet:
    with staged(folder) as stage:
        for chapter in (uploads, interfaces, requests, imports, archives):
            chapter.play(stage)
    return stage.sheet


_PARTS = {"trade": _trade, "disk": disk.play, "money": money.play}


if __name__ == "__main__":
    sys.exit(main())

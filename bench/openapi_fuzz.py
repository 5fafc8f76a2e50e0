"""Schemathesis over the exchange's own OpenAPI document, against real processes: no answer is a 5xx.

    python -m bench.openapi_fuzz [--requests 10000] [--database sqlite|postgresql] [--seed 1]

Requests fit the document or break it in one place, from every role of an organisation and of the platform, of things
that exist (an order, a dispute, a payout run …), of ids that nothing has, and of what Schemathesis makes up. Besides
5xx it counts answers whose status or body the document does not tell of. Schemathesis has an environment of its own:
``sh tools/setup-schemathesis.sh``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.cast import open_house
from compliance.identity.types import Role
from core.house import House
from tests import build
from tests.journeys import denials
from tests.journeys.offices import MAY
from tests.servers import postgresql
from tests.servers.exchange import ROOT, Running

PYTHON = ROOT / ".venv-schemathesis" / "bin" / "python"
_SHOWN = 2_000  # characters of a line with a traceback: its end says what broke
_MEMBERS = [str(role) for role in Role if role is not Role.OWNER]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if not PYTHON.exists():
        print("Schemathesis not run: sh tools/setup-schemathesis.sh makes its environment")
        return 1
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = ""
        if given.database == "postgresql":
            server = postgresql.start()
            stack.callback(server.stop)
            url = postgresql.create_database(server.url("postgres"), "fuzz")
        return run(folder / "data", url, given.requests, given.seed)


def run(data: Path, url: str, requests: int, seed: int) -> int:
    """Prints what was asked and answered; answers 1 when something broke."""
    house = open_house(data, url)
    scene = denials.scene(house)
    plan = {
        "ids": scene.ids,
        "unknown": denials.unknown_ids(),
        "values": denials.VALUES,
        "people": _people(house, scene),
        "requests": requests,
        "seed": seed,
    }
    exchange = Running(data, database_url=url, profile="test")
    with contextlib.ExitStack() as stack:
        stack.callback(exchange.stop)
        exchange.wait()
        plan["address"] = f"http://127.0.0.1:{exchange.port}"
        began = time.monotonic()
        peer = subprocess.run(
            [str(PYTHON), "-m", "bench.openapi_fuzz_peer"], input=json.dumps(plan), text=True, cwd=ROOT, check=False
        )
        print(f"{time.monotonic() - began:.0f} s")
        log = exchange.log.read_text(errors="replace")
        print(f"{log.count('Traceback')} tracebacks in the log")
        print("\n".join(line[-_SHOWN:] for line in log.splitlines() if "Traceback" in line))
        checked = exchange.run("audit", "verify")
        print(checked.stdout.strip().splitlines()[-1] if checked.stdout else checked.stderr)
    return int(bool(peer.returncode or checked.returncode or "Traceback" in log))


def _people(house: House, scene: denials.Scene) -> dict[str, list[str]]:
    """Tokens by who they are of; several of each, for some requests sign their sender out."""
    sides = {"supplier": scene.owner, "buyer": scene.buyer, "outsider": scene.outsider}
    people = {
        side: [owner.token, *(build.member(house, owner, *_MEMBERS).token for _ in range(4))]
        for side, owner in sides.items()
    }
    return (
        people
        | {f"platform {role}": [build.platform_person(house, role).token for _ in range(3)] for role in MAY}
        | {"stranger": [""]}
    )


if __name__ == "__main__":
    sys.exit(main())

"""The whole story with its parts on machines of their own; then each part is killed under load.

    python -m bench.apart [--away 60] [--pause 5] [--connections 4] [--no-story]

Database, files and search are PostgreSQL, an S3 service and Elasticsearch, and an nginx stands in front of everything.
The first machine's data folder has web, worker and jobs, each under a supervisor of its own; the second and third have
gateways, each with a sidecar and a loader. First the demonstration is played through nginx, as everybody sees it. Then
calls, uploads in parts, downloads and searches go through nginx all the time, while one process of each role is killed
(SIGKILL), a whole machine of gateways too, PostgreSQL is restarted as after a crash, and Elasticsearch and the bucket
are each away for a while. Clients note what was acknowledged. Afterwards every whole answer of a call must stand in the
usage ledger once, every part that was acknowledged must have been received, every completed upload must be in the
bucket byte for byte; ledger, audit log, books, files and index must agree with the database.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.apart.campaign import campaign
from bench.apart.machines import machines, play
from bench.metered import verdict
from exchange import stage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--away", type=float, default=60, metavar="S", help="so long bucket and search are each away")
    parser.add_argument("--pause", type=float, default=5, metavar="S", help="between what is done to it")
    parser.add_argument("--connections", type=int, default=4, help="that call interfaces at once")
    parser.add_argument("--no-story", dest="story", action="store_false", help="only the campaign")
    given = parser.parse_args()
    secret = "the-secret-of-the-story"
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="piaohao-apart-")))
        upstream = held.enter_context(stage.supplier_answering(secret))
        on = held.enter_context(machines(folder, upstream))
        faults = play(on, upstream, secret) if given.story else []
        verdict(faults or campaign(on, given), "nothing that was acknowledged is lost")


if __name__ == "__main__":
    main()

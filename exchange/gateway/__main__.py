"""``python -m exchange.gateway``: one process of the data plane, without anything of the control plane in it."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.settings import PROFILES, Settings
from exchange.gateway.bounds import with_changes
from exchange.gateway.server import Options, run


def main() -> None:
    """Settings come from the environment; what only the supervisor or a test knows, from the command line."""
    parser = argparse.ArgumentParser(prog="exchange.gateway")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--profile", choices=PROFILES)
    parser.add_argument("--bind", required=True, help="fd://N or host:port")
    parser.add_argument("--socket", type=Path, required=True, help="where the sidecar listens")
    parser.add_argument("--no-access-log", action="store_true")
    parser.add_argument("--bound", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    settings = Settings.from_environment(given.data)
    changes = dict(each.partition("=")[::2] for each in given.bound)
    bounds = with_changes({"stale_s": str(settings.gateway_stale_s)} | changes)
    run(
        Options(
            data=settings.data,
            bind=given.bind,
            socket=given.socket,
            processes=settings.gateway_workers,
            fsync=settings.segment_fsync,
            access_log=None if given.no_access_log else 2,
            movable_clock="production" not in (settings.profile, given.profile),
            bounds=bounds,
        )
    )


if __name__ == "__main__":
    main()

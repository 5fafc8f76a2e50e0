"""``python -m exchange.demo.upstream --port 8470``: serves until it is stopped, or until its standard input ends.

``--port 0`` takes a free one; the address is printed when it listens.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading

from exchange.demo.upstream.server import Server


def main() -> None:
    options = argparse.ArgumentParser(prog="upstream")
    options.add_argument("--port", type=int, default=8470)
    options.add_argument("--secret", default="a-secret-of-the-supplier")
    options.add_argument("--until-stdin-ends", action="store_true")
    given = options.parse_args()
    server = Server(given.port, given.secret)
    if given.until_stdin_ends:
        threading.Thread(target=_end_with_input, daemon=True).start()
    print(server.url, flush=True)
    server.serve_forever()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


main()

"""``python -m tests.stripe``: serve until interrupted."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from tests.stripe.faults import Fault
from tests.stripe.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.stripe", description="A FAKE Stripe on the loopback.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--data", default=":memory:", help="a file that survives restarts; without it, memory")
    parser.add_argument("--secret", default="", help="whsec_… that webhooks are signed with")
    parser.add_argument("--notify", default="", help="the address that webhooks are sent to")
    parser.add_argument("--fault", action="append", default=[], help='JSON, e.g. {"kind": "500", "when": "after"}')
    parser.add_argument("--until-stdin-ends", action="store_true", help="end with whoever started it")
    given = parser.parse_args()
    server = Server(given.port, given.data, given.secret, given.notify)
    for fault in given.fault:
        server.faults.add(Fault(**json.loads(fault)))
    if given.until_stdin_ends:
        threading.Thread(target=_end_with_input, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"FAKE Stripe: {server.url}", flush=True)  # noqa: T201
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


main()

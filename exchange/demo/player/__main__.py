"""``python -m exchange.demo.player EXCHANGE GATEWAY UPSTREAM SECRET [zh|en]``: play against one whose staff exists.

The three are addresses such as http://127.0.0.1:8460; the secret is what the upstream was started with.
"""

from __future__ import annotations

import sys

from exchange.demo.player import main
from exchange.demo.player.filling import World

base_url, gateway, upstream, secret, *language = sys.argv[1:]
sys.exit(main(base_url, World(gateway, upstream, secret), *language))

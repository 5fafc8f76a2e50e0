"""``python -m exchange.demo.player EXCHANGE GATEWAY UPSTREAM SECRET LETTERS [zh|en]``: play where the staff exists.

The three are addresses such as http://127.0.0.1:8460; the secret is what the upstream was started with; the letters are
the folder ``mail`` of the exchange's data.
"""

from __future__ import annotations

import sys
from pathlib import Path

from exchange.demo.player import main
from exchange.demo.player.filling import World

base_url, gateway, upstream, secret, letters, *language = sys.argv[1:]
sys.exit(main(base_url, World(gateway, upstream, secret, Path(letters)), *language))

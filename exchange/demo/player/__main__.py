"""``python -m exchange.demo.player http://127.0.0.1:8460 [zh|en]``: play against an exchange whose staff exists."""

from __future__ import annotations

import sys

from exchange.demo.player import main

sys.exit(main(*sys.argv[1:3]))

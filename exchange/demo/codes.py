"""Shows the one-time code of a secret, for who looks at the demonstration in a browser.

The exchange's time may be ahead: it is asked for at ``--url``.
"""

from __future__ import annotations

import json
from datetime import datetime
from urllib.request import urlopen

import click

from exchange.demo.player.device import STEP_S, code_of


@click.command()
@click.argument("secret")
@click.option("--url", default="http://127.0.0.1:8460", show_default=True, help="Where the demonstration is.")
def main(secret: str, url: str) -> None:
    """Print the code that the exchange takes now."""
    with urlopen(f"{url}/api/v1/clock", timeout=10) as answer:
        now = datetime.fromisoformat(json.load(answer)["now"])
    click.echo(code_of(secret, int(now.timestamp()) // STEP_S))


if __name__ == "__main__":
    main()

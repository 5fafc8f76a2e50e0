"""``python -m exchange``: the command ``piaohao``."""

from exchange.cli import main

main(prog_name="piaohao")

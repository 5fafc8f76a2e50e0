"""The data plane is small: nothing of the control plane is loaded into its processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOREIGN = {"flask", "sqlalchemy", "marshmallow", "alembic", "jinja2", "werkzeug", "catalog", "compliance", "billing"}


def test_nothing_of_the_control_plane_is_loaded() -> None:
    program = "import exchange.gateway.__main__, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    )
    assert {name.partition(".")[0] for name in done.stdout.split()} & FOREIGN == set()

"""One gateway process with an upstream for a whole module; who changes what it knows puts it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.exchange.gateway import scene
from tests.exchange.gateway.asking import Asking
from tests.exchange.gateway.feeder import Feeder
from tests.exchange.gateway.running import GatewayProcess
from tests.exchange.gateway.upstream import Upstream


@dataclass
class Stage:
    """What a test acts on."""

    folder: Path
    upstream: Upstream
    feeder: Feeder
    gateway: GatewayProcess

    @property
    def port(self) -> int:
        return self.gateway.port

    def client(self, **headers: str) -> Asking:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return Asking(self.gateway.port, {"X-Api-Key": scene.KEY} | given)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("gateway")
    with (
        Upstream() as upstream,
        Feeder(folder / "s", scene.everything(upstream.port, files=folder / "files")) as feeder,
    ):
        gateway = GatewayProcess(folder, feeder, head_s=1, idle_s=3, body_s=1, stall_s=2, total_s=20)
        try:
            yield Stage(folder, upstream, feeder, gateway.wait())
        finally:
            gateway.kill()

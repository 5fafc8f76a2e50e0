"""Only the bootstrap of the demonstration knows services of the exchange."""

from __future__ import annotations

from tests.architecture.sources import PACKAGES, imports, modules

_MAY = {"exchange/demo/bootstrap.py"}


def test_the_demonstration_imports_the_standard_library_and_itself() -> None:
    offenders = {
        f"{path} imports {name}"
        for path, tree in modules().items()
        for name in imports(tree)
        if path.startswith("exchange/demo/") and path not in _MAY
        if name.split(".")[0] in PACKAGES and not name.startswith("exchange.demo")
    }
    assert offenders == set()

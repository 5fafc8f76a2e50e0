"""Makes and tries interfaces of each of the demonstration's documents; `tests/build.py` has one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import exchange.demo.upstream
from catalog.interfaces import service
from catalog.interfaces.types import OwnInterface, Trial
from core.house import House
from exchange.demo.upstream import registry
from exchange.demo.upstream.server import USER
from tests.build import Built
from tests.servers.upstream import Upstream

DOCUMENTS = Path(exchange.demo.upstream.__file__).parent / "documents"
VERDICTS = {
    "statuses": {"200": "hit"}, "pointer": "/result/verdict", "hit": ["consistent", "inconsistent"],
    "miss": ["not_found"],
}  # fmt: skip
PICKED: dict[str, list[dict[str, Any]]] = {
    "companies.json": [{"operation": "getCompany"}],
    "identity.json": [{"operation": "verifyIdentity", "outcome": VERDICTS}],
    "digits.yaml": [{"operation": "recogniseDigit", "outcome": {"statuses": {"200": "hit", "422": "miss"}}}],
}


def document(name: str, upstream: Upstream) -> bytes:
    return (DOCUMENTS / name).read_bytes().replace(b"{base_url}", upstream.url.encode())


def credential(name: str, upstream: Upstream) -> str:
    """What the service demands for that document's operations."""
    return f"{USER}:{upstream.secret}" if name == "digits.yaml" else upstream.secret


def made(
    house: House, supplier: Built, upstream: Upstream, *, name: str = "companies.json",
    operations: Sequence[Mapping[str, Any]] | None = None, sealed: bool = True,
) -> OwnInterface:  # fmt: skip
    """An interface of the service, with its credential unless ``sealed`` is False."""
    found = service.check(house, supplier.actor, document(name, upstream))
    interface = house.db.write(
        lambda uow: service.create(
            uow, supplier.actor, openapi_check_id=found.id, title=None, credential=found.credential,
            upstream={"base_url": upstream.url, "timeout_ms": 5000, "connect_timeout_ms": 1000},
            operations=operations or PICKED[name],
        )
    )  # fmt: skip
    return seal(house, supplier, interface, credential(name, upstream)) if sealed else interface


def seal(house: House, supplier: Built, interface: OwnInterface, value: str) -> OwnInterface:
    return house.db.write(lambda uow: service.set_credential(uow, supplier.actor, interface.interface.id, value=value))


def tried(house: House, supplier: Built, interface: OwnInterface) -> list[Trial]:
    """One trial of each operation, with values of the service's own registers."""
    firm = next(each for each in registry.firms().values() if not each.filed)
    id_number, name = registry.known_person(0)
    values = {"getCompany": {"credit_code": firm.credit_code}, "getFilings": {"credit_code": firm.credit_code}}
    bodies = {"verifyIdentity": f'{{"name": "{name}", "id_number": "{id_number}"}}', "recogniseDigit": _PICTURE}
    return [
        service.try_operation(
            house, supplier.actor, interface.interface.id, operation=each["id"], values=values.get(each["id"], {}),
            body=bodies.get(each["id"]),
        )
        for each in interface.interface.operations
    ]  # fmt: skip


_PICTURE = '{"image": "iVBORw0KGgo="}'

"""The interfaces' place in the house."""

from __future__ import annotations

from catalog.interfaces.models import InterfaceCredential
from catalog.interfaces.queries import SECRET
from catalog.interfaces.views import api
from core.house import House
from core.sealing import SealedColumn


def include(house: House) -> None:
    house.sealed.append(SealedColumn(SECRET, InterfaceCredential.sealed, InterfaceCredential.interface_id))
    house.add_api(api)

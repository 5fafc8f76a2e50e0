"""The documents' place in the house."""

from __future__ import annotations

from compliance.documents import store
from compliance.documents.views import api
from core.house import House
from core.sealing import SealedFiles


def include(house: House) -> None:
    house.sealed.append(SealedFiles(store.SEALED_BY, store.seal_anew))
    house.add_api(api)

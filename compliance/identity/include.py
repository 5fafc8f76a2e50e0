"""Identity's place in the house."""

from __future__ import annotations

from compliance.identity import factors, queries, service, signing_keys
from compliance.identity.factor_views import api as factor_api
from compliance.identity.member_views import api as member_api
from compliance.identity.models import SecondFactor, SigningKey
from compliance.identity.views import api
from core.db import Uow
from core.house import House
from core.mail import Addresses
from core.sealing import SealedColumn


class _Addresses:
    def address(self, uow: Uow, account_id: str) -> str | None:
        return queries.address_of(uow, account_id)


def include(house: House) -> None:
    house.authenticator = service.authenticate
    house.registry.on_refusal.append(factors.count_wrong)
    house.provide(Addresses, _Addresses())  # type: ignore[type-abstract]
    house.sealed += [
        SealedColumn(factors.SEALED_BY, SecondFactor.sealed, SecondFactor.account_id),
        SealedColumn(factors.SEALED_BY, SecondFactor.offered, SecondFactor.account_id),
        SealedColumn(signing_keys.SEALED_BY, SigningKey.sealed, SigningKey.id),
    ]
    house.add_api(api)
    house.add_api(factor_api)
    house.add_api(member_api)

"""Links to files as a tier wants them: how long, how often, for whose key, confirmed by what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from compliance.identity import factors
from compliance.tiers import profile
from core.actor import Actor
from core.db import Uow
from core.house import House
from exchange.delivery.errors import GatewayNeeded, LinkNotBuilt


@dataclass(frozen=True)
class Link:
    """``tries`` 0 is as often as one likes; ``own_key``: only with a key or token of the holder's organisation."""

    lasts: timedelta
    tries: int = 0
    own_key: bool = False
    second_factor: bool = False


_LINKS = {
    "any": Link(timedelta(minutes=10)),
    "day_own_key": Link(timedelta(hours=24), tries=3, own_key=True),
    "day_own_key_mfa": Link(timedelta(hours=24), tries=3, own_key=True, second_factor=True),
}
_CONFIRMED = "signing_and_download"


def of_tier(house: House, tier: int) -> Link:
    """What the profile's columns ask of a link. Raises LinkNotBuilt for what is released by two people."""
    row = profile(house.settings.tier_profile).row(tier)
    link = _LINKS.get(row.link)
    if link is None:
        raise LinkNotBuilt()
    return link if row.second_factor != _CONFIRMED else Link(link.lasts, link.tries, link.own_key, second_factor=True)


def confirm(uow: Uow, actor: Actor, link: Link, otp: str) -> None:
    """Raises SecondFactorNeeded or SecondFactorWrong where the tier asks for one."""
    if link.second_factor:
        factors.confirm(uow, actor, otp)


def require_plain(house: House, tier: int) -> None:
    """That the web process itself may stream a file of this tier. Raises GatewayNeeded, LinkNotBuilt."""
    link = of_tier(house, tier)
    if link.own_key or link.tries or link.second_factor:
        raise GatewayNeeded(hint="Run the exchange with a gateway: PIAOHAO_GATEWAY_WORKERS=1 or more.")

"""Whether what is sold can be marked for each buyer, asked before anybody agrees or orders."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import select

from catalog.listings import queries as listings
from catalog.listings.types import RevisionSnapshot
from compliance.tiers import profile
from core.db import Uow
from core.house import House
from core.problems import Conflict, Sentence
from exchange.trading.models import Entitlement


class WatermarkUnavailable(Conflict):
    code, title = "watermark_unavailable", "The data cannot carry the mark that its tier demands"


class Marks(Protocol):
    """Who makes marked copies."""

    def unmarkable(self, revision: RevisionSnapshot, *, by_row: bool) -> list[tuple[str, str]]:
        """(file name, reason) of every file that cannot carry a mark, or be read ``by_row``, as far as one can tell."""
        ...


def demanded(house: House, tier: int) -> bool:
    """Whether what leaves at this tier carries a mark: from the profile's first kind of delivery that says so."""
    found = profile(house.settings.tier_profile)
    order = found.orders["delivery"]
    return order.index(found.row(tier).delivery) >= order.index("watermarked_download")


def by_row(house: House, tier: int) -> bool:
    """Whether this tier delivers by rows, under a quota."""
    return profile(house.settings.tier_profile).row(tier).delivery == "api_quota"


def order_of(uow: Uow, entitlement_id: str) -> str | None:
    """The order that brought a right; None when there is no such right."""
    return uow.session.execute(
        select(Entitlement.order_id).where(Entitlement.id == entitlement_id)
    ).scalar_one_or_none()


def require_markable(
    uow: Uow, *, kind: str, revision_id: str, tier: int, agreed: bool = False, by_row: bool = False
) -> None:
    """Nothing, when no mark is demanded (by the tier, or ``agreed``) or the files can carry one and be read ``by_row``.

    Raises WatermarkUnavailable naming each file and its reason.
    """
    if kind != "dataset" or not (agreed or demanded(uow.house, tier)):
        return
    marks: Marks = uow.house.adapter(Marks)  # type: ignore[type-abstract]
    found = marks.unmarkable(listings.revision(uow, revision_id), by_row=by_row)
    if found:
        raise WatermarkUnavailable(
            Sentence("%(names)s", names="; ".join(f"{name}: {reason}" for name, reason in found)),
            hint="The supplier can offer tables (CSV, TSV, lines of JSON) with decimals, moments or sentences in them.",
            field="listing_id", files=[{"name": name, "reason": reason} for name, reason in found],
        )  # fmt: skip

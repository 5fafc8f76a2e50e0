"""Gap-less numbers of documents."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, bindparam, func, update

from billing.invoices.models import InvoiceSeries
from billing.invoices.types import ISSUER, Series
from core.db import Uow
from core.rows import insert_missing


def next_number(uow: Uow, series: Series) -> int:
    """The next serial; its row stays locked until the unit ends, so a number is used or was never given."""
    serial = _advance(uow, series)
    if serial is None:
        insert_missing(uow, InvoiceSeries, [{"issuer": ISSUER, "series": str(series), "last_number": None}])
        serial = _advance(uow, series)
    assert serial is not None
    return serial


def _advance(uow: Uow, series: Series) -> int | None:
    return uow.connection.execute(_NEXT, {"of": str(series)}).scalar_one_or_none()


_SERIES = cast(Table, InvoiceSeries.__table__)
_NEXT = (
    update(_SERIES)
    .where(_SERIES.c.issuer == ISSUER, _SERIES.c.series == bindparam("of"))
    .values(last_number=func.coalesce(_SERIES.c.last_number, 0) + 1)
    .returning(_SERIES.c.last_number)
)

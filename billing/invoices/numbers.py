"""Gap-less numbers of documents."""

from __future__ import annotations

from sqlalchemy import func, update

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
    return uow.session.execute(
        update(InvoiceSeries)
        .where(InvoiceSeries.issuer == ISSUER, InvoiceSeries.series == str(series))
        .values(last_number=func.coalesce(InvoiceSeries.last_number, 0) + 1)
        .returning(InvoiceSeries.last_number)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()

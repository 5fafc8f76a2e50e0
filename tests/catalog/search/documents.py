"""Search documents for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from catalog.search.types import SearchDocument
from compliance.policy import Clause

EVERYTHING = (Clause(),)
_PLAIN = SearchDocument(
    id="lst_0", kind="dataset", title={}, summary={}, description={}, tags=(), scene="", origin="enterprise", tier=1,
    state="listed", owner="org_a", owner_name="", price_kind="free", price=0, orderable=True,
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip


def document(document_id: str, zh: str = "", en: str = "", **given: Any) -> SearchDocument:
    title = {key: text for key, text in (("zh", zh), ("en", en)) if text}
    return replace(_PLAIN, id=document_id, title=title, **given)

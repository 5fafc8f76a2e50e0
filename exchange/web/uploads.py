"""Files that come with a form: stored one by one, then made one new revision together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, cast

from werkzeug.datastructures import FileStorage

from catalog.files import service as files
from catalog.listings import queries, service
from compliance.policy import require
from core.db import Uow
from core.problems import Invalid
from exchange.web.session import actor, house
from exchange.web.shell import act, read


def add_revision(listing_id: str, sent: Iterable[FileStorage], notes: str) -> None:
    """Raises Invalid without a file, ListingNotFound or PolicyRefused before anything is stored."""
    chosen = [file for file in sent if file.filename]
    if not chosen:
        raise Invalid("Choose at least one file.", field="files")
    read(lambda uow: _may_edit(uow, listing_id))
    kept = [
        files.store_form_file(house(), actor(), cast(BinaryIO, file.stream), file.filename or "") for file in chosen
    ]
    act(lambda uow: service.add_revision(uow, actor(), listing_id, file_ids=[file.id for file in kept], notes=notes))


def _may_edit(uow: Uow, listing_id: str) -> None:
    found = queries.get(uow, actor(), listing_id)
    require(actor(), "listing:edit", queries.resource_of(uow.house, found))

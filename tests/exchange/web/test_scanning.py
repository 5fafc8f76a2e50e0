"""The editor of a listing shows how far a large file's scan is, and what became of it."""

from __future__ import annotations

import dataclasses

import pytest

from catalog.listings.types import DECLARATIONS
from catalog.profiles import WholeScan
from core import jobs
from core.house import House
from exchange.app import build_house, create_app_of
from tests import build
from tests.exchange.web.browser import Browser

_TABLE = "n,note\n" + "".join(f"{n},nothing to see\n" for n in range(4_000)) + "9,call 13812345678\n"


def _disk_full(*_: object) -> None:
    raise OSError("No space left on device")


def test_the_editor_shows_how_far_the_scan_is(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    small = build_house(dataclasses.replace(house.settings, scanned_at_once_bytes=2_000))
    supplier = build.organisation(small)
    file = build.file(small, supplier, _TABLE)
    draft = build.draft(small, supplier, files=[file.id])
    writer = Browser(create_app_of(small)).sign_in(supplier)
    address = f"/listings/{draft.id}/edit"
    assert "0 % looked at" in writer.get(address)
    declared = dict.fromkeys(DECLARATIONS, "as stated in the contract")
    refused = writer.send(f"/listings/{draft.id}/submit", 409, **declared).get_data(as_text=True)
    assert "still being looked at for identifiers" in refused
    with monkeypatch.context() as patch:
        patch.setattr(WholeScan, "run", _disk_full)
        jobs.run_one(small)
    assert "broke off" in writer.get(address)
    writer.send(f"/listings/{draft.id}/files/{file.id}/scan")
    assert "The file is scanned again from the beginning." in writer.get(f"{address}?done=scan-begun")
    jobs.run_one(small)
    assert "cells with an identifier of a person: 1" in writer.get(address)
    stranger = Browser(create_app_of(small)).sign_in(build.organisation(small))
    stranger.send(f"/listings/{draft.id}/files/{file.id}/scan", 404)

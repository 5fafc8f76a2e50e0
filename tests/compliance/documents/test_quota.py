"""What one organisation may hand in, by number and by bytes."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from compliance.documents import queries, service
from compliance.documents.errors import DocumentQuotaReached
from core.house import House
from tests import build
from tests.build import Built
from tests.client import ApiClient


def _hand_in(house: House, who: Built, size: int = 10) -> None:
    service.hand_in(house, who.actor, name="proof.pdf", content=b"x" * size)


def test_an_organisation_hands_in_so_many_and_no_more(house: House, client: ApiClient) -> None:
    owner, other = build.organisation(house), build.organisation(house)
    officer = build.platform_person(house, "officer")
    with patch.object(service, "MOST_DOCUMENTS", 2):
        for _ in range(2):
            _hand_in(house, owner)
        mine = ApiClient(client.app, owner.token)
        refused = mine.send("POST", "/documents?name=a.pdf", data=b"x").expect(409)
        assert (refused.code, refused.json["most_documents"]) == ("document_quota_reached", 2)
        _hand_in(house, other)
        for _ in range(3):
            _hand_in(house, officer)
    folder = house.settings.data / "documents"
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 6, "of what was refused nothing stays"


def test_the_bytes_of_all_together_are_bounded(house: House) -> None:
    owner = build.organisation(house)
    with patch.object(service, "MOST_BYTES_TOGETHER", 100):
        _hand_in(house, owner, 60)
        with pytest.raises(DocumentQuotaReached):
            _hand_in(house, owner, 41)
        _hand_in(house, owner, 40)
    assert house.db.read(lambda uow: queries.handed_in(uow, owner.organisation_id or "")) == (2, 100)

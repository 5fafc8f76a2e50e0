"""The listings' place in the house."""

from __future__ import annotations

from catalog.files.events import FileScanned
from catalog.listings import handlers
from catalog.listings.views import api
from compliance.review.events import ReviewApproved, ReviewReturned
from core.house import House


def include(house: House) -> None:
    house.registry.inline(ReviewApproved, handlers.publish)
    house.registry.inline(ReviewReturned, handlers.give_back)
    house.registry.inline(FileScanned, handlers.regrade)
    house.add_api(api)

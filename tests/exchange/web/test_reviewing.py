"""The review workbench and the claims of references on pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.listings import service as listings
from catalog.references import queries as references
from catalog.references import service as importing
from compliance.review import queries as reviews
from compliance.review.types import checklist
from core.actor import SYSTEM
from core.house import House
from tests import build
from tests.build import Built
from tests.catalog.references.test_claims import MAPPING
from tests.exchange.web.browser import Browser

ITEMS = [item.id for item in checklist()]
Open = Callable[..., Browser]


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house)


def _handed_in(house: House, supplier: Built, tier: int) -> str:
    made = build.draft(house, supplier)
    if tier > made.tier:
        house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, made.id, tier=tier))
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, made.id))
    found = house.db.read(lambda uow: reviews.of_subject(uow, supplier.actor, made.id))
    assert found is not None
    return found.id


def test_taken_talked_about_lowered_assessed_and_approved(browser: Open, house: House, supplier: Built) -> None:
    review_id = _handed_in(house, supplier, 4)
    path = f"/review/{review_id}"
    reviewer = browser().sign_in(build.platform_person(house, "reviewer"))
    officer = browser().sign_in(build.platform_person(house, "officer"))
    seller = browser().sign_in(supplier)
    assert "Take this review" in reviewer.get(path)
    reviewer.send(f"{path}/claim")
    assert "Yours until" in reviewer.get(path)
    officer.get(path)
    officer.send(f"{path}/claim", status=409)
    reviewer.send(f"{path}/comments", text="Who collected it?", item="source")
    assert "Who collected it?" in seller.get(path)
    seller.send(f"{path}/comments", text="We did.", item="source", file=(io.BytesIO(b"%PDF"), "deed.pdf"))
    assert "deed.pdf" in reviewer.get(path)
    answers: dict[str, Any] = {f"answer-{item}": "pass" for item in ITEMS}
    reviewer.send(f"{path}/items", **answers)
    reviewer.send(f"{path}/approve")
    officer.get(path)
    officer.send(f"{path}/approve")
    page = officer.get(path)
    assert "Documents that the tier asks for are awaited" in page
    officer.send(f"{path}/approvals/assessment", file=(io.BytesIO(b"%PDF"), "report.pdf"), number="2026-17")
    page = officer.get(path)
    assert "report.pdf" in page
    assert "This review is closed" in page


def test_a_tier_is_lowered_with_a_reason_on_the_page(browser: Open, house: House, supplier: Built) -> None:
    review_id = _handed_in(house, supplier, 3)
    path = f"/review/{review_id}"
    reviewer = browser().sign_in(build.platform_person(house, "reviewer"))
    assert "Lower it to" in reviewer.get(path)
    reviewer.send(f"{path}/lower-tier", tier="2", reason="only weather")
    assert "0 / 1" in reviewer.get(path)
    reviewer.send(f"{path}/lower-tier", status=403, tier="0", reason="only weather")


def test_a_reference_is_claimed_and_an_officer_decides(
    browser: Open, house: House, supplier: Built, tmp_path: Path
) -> None:
    mapping, rows = tmp_path / "harbour.yaml", tmp_path / "rows.csv"
    mapping.write_text(MAPPING)
    rows.write_text("id,title,summary,supplier,tags\n1,Tide gauge readings,Hourly,Tide Works,sea\n")
    importing.import_file(house, SYSTEM, path=rows, source=str(mapping))
    (found,) = house.db.read(lambda uow: references.findable_after(uow, "", 10))
    seller = browser().sign_in(supplier)
    assert "Claim it" in seller.get(f"/references/{found.id}")
    seller.get(f"/references/{found.id}/claim")
    answer = seller.send(
        f"/references/{found.id}/claim", statement="It is ours.", files=(io.BytesIO(b"%PDF"), "deed.pdf")
    )
    address = answer.headers["Location"].split("?")[0]
    assert "Take the claim back" in seller.get(address)
    officer = browser().sign_in(build.platform_person(house, "officer"))
    assert address in officer.get("/claims")
    assert "deed.pdf" in officer.get(address)
    officer.send(f"{address}/approve")
    assert "Complete it and hand it in" in seller.get(address)
    assert "claimed" in seller.get(f"/references/{found.id}")
    browser().sign_in(build.organisation(house)).get(address, status=404)

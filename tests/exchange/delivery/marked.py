"""What the tests of marked copies share: a listing at a tier that demands marks, and buyers of it."""

from __future__ import annotations

from catalog.listings.types import ListingSnapshot
from core import jobs
from core.house import House
from exchange.app import create_app_of
from exchange.trading import negotiating
from exchange.trading import service as trading
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.client import ApiClient


def raised(house: House, supplier: Built, content: str | bytes, tier: int = 2, name: str = "t.csv") -> ListingSnapshot:
    """A listing of that one file, on sale at that tier."""
    file = build.file(house, supplier, content, name)
    listing = build.listed(house, supplier, files=[file.id])
    build.forced_tier(house, listing.id, tier)
    return listing


def made(house: House) -> None:
    """Every copy that waits is made."""
    while jobs.run_one(house):
        pass


def downloaded(house: House, buyer: Built, order_id: str) -> bytes:
    """The first file of an order, as it leaves."""
    client = ApiClient(create_app_of(house), buyer.token)
    file = client.get(f"/orders/{order_id}/files").json["items"][0]
    return client.get(f"/orders/{order_id}/files/{file['file_id']}").expect(200).body


def bought(house: House, listing: ListingSnapshot) -> tuple[str, str, bytes]:
    """(order, buyer, copy) of a new buyer."""
    buyer = build.organisation(house)
    build.funded(house, buyer)
    order = build.paid(house, buyer, listing)
    made(house)
    return order.id, buyer.organisation_id or "", downloaded(house, buyer, order.id)


def contracted(
    house: House, tier: int = 3, *, content: str | bytes = "", name: str = "t.csv",
    deliveries: tuple[str, ...] = ("api", "download"),
) -> tuple[Built, OrderSnapshot]:  # fmt: skip
    """A buyer with a paid order under a contract that allows a download of the marked copy, which is made."""
    supplier, buyer = build.organisation(house), build.organisation(house, level=3)
    build.funded(house, buyer)
    listing = raised(house, supplier, content or build.measured(300), tier=tier, name=name)
    assert listing.revision is not None
    terms = {
        "version": 1, "revision": listing.revision.id, "limits": None, "purposes": ["training"],
        "plan": {"version": 1, "kind": "one_off", "currency": "CNY", "amount": "10.00"},
        "territories": ["CN"], "recipients": [], "count": 300, "term_months": 12, "starts": None,
        "deliveries": list(deliveries), "watermark": True, "contract": "provision", "nda": True, "clauses": {},
    }  # fmt: skip
    buyer_id = buyer.organisation_id or ""
    offered = house.db.write(
        lambda uow: negotiating.offer(uow, supplier.actor, listing_id=listing.id, buyer_id=buyer_id, given=terms)
    )
    agreed = house.db.write(lambda uow: negotiating.agree(uow, buyer.actor, offered.id, in_reply_to=offered.head or ""))
    build.settled(
        house, agreed, buyers=[buyer, build.member(house, buyer, "buyer")],
        suppliers=[supplier, build.member(house, supplier, "supplier")],
    )  # fmt: skip
    order = house.db.write(lambda uow: trading.pay(uow, buyer.actor, agreed.id))
    made(house)
    return buyer, order

"""The tracer's pages: a leaked table handed in by a form, and its report; none for anybody but officers."""

from __future__ import annotations

import io

import flask

from core.house import House
from tests import build
from tests.exchange.delivery.marked import bought, made, raised
from tests.exchange.web.browser import Browser


def test_an_officer_reads_whose_copy_it_was(app: flask.Flask, house: House) -> None:
    listing = raised(house, build.organisation(house), build.measured(400))
    order_id, _, copy = bought(house, listing)
    officer = Browser(app).sign_in(build.platform_person(house, "officer"))
    assert "Nothing was handed in" in officer.get("/review/tracer")
    assert "Choose a file." in officer.send("/review/tracer", status=422).get_data(as_text=True)
    taken = officer.send("/review/tracer", leak=(io.BytesIO(copy), "found <b>.csv"))
    address = taken.headers["Location"]
    assert "Being traced" in officer.get(address)
    made(house)
    page = officer.get(address)
    assert "from this copy" in page
    assert f"/orders/{order_id}" in page
    assert "<b>" not in page.split("<h1>")[1].split("</h1>")[0]
    assert "1 buyer named" in officer.get("/review/tracer")
    buyer = Browser(app).sign_in(build.organisation(house))
    buyer.get("/review/tracer", status=403)
    buyer.get(address.split("?")[0], status=403)


def test_why_a_file_cannot_be_traced_is_said_in_the_readers_language(app: flask.Flask, house: House) -> None:
    officer = Browser(app).sign_in(build.platform_person(house, "officer"))
    taken = officer.send("/review/tracer", leak=(io.BytesIO(b"\x89PNG"), "found.png"))
    made(house)
    address = taken.headers["Location"].split("?")[0]
    assert "Hand in a table" in officer.get(address)
    assert "请提交表格" in officer.get(f"{address}?lang=zh")

"""A trade by forms alone: supplier, reviewer, officer and buyer, two people at each end, in one language.

Nothing is looked up by its text, so the same journey is made in both languages.
"""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from bench.browser.pages import Findings, judge
from bench.browser.people import Visitor, come_in
from exchange.demo.generators.speakers import voices
from exchange.demo.listings import COMMERCIAL

_AMOUNT, _ROWS = "8000.00", "500"
_DECLARED = ("source", "authorisation", "personal_data", "important_data", "intellectual_property", "prohibited")
_WORDS = {"zh": "方言测量值", "en": "Dialect measurements"}


@dataclass
class Stage:
    """Where it is played, in which language, and what was found on the way."""

    browser: Browser
    url: str
    language: str
    shots: Path | None = None
    found: Findings = field(default_factory=Findings)
    steps: int = 0

    @contextmanager
    def as_(self, visitor: Visitor) -> Iterator[Page]:
        """A window of that person's own."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        page = context.new_page()
        page.set_default_timeout(20_000)
        try:
            come_in(page, self.url, visitor)
            page.goto(f"{self.url}/?lang={self.language}")
            yield page
        finally:
            context.close()

    def look(self, page: Page, name: str) -> None:
        """Judge the page that the person is on, and keep its picture."""
        self.steps += 1
        path = page.url.removeprefix(self.url)
        assert page.get_attribute("html", "lang") == {"zh": "zh-CN", "en": "en"}[self.language], page.url
        judge(page, path, self.found)
        self.found.pages.append(path)
        if self.shots is not None:
            page.screenshot(path=self.shots / f"journey-{self.language}-{self.steps:02d}-{name}.png", full_page=True)


@dataclass(frozen=True)
class Cast:
    """Two people of the supplier, two of the buyer, and those of the platform."""

    supplier: Visitor
    seller: Visitor
    buyer: Visitor
    owner: Visitor
    reviewer: Visitor
    officer: Visitor


def trade(stage: Stage, cast: Cast) -> None:
    """From a draft to a ruled dispute. Raises playwright's errors where a page is not as a person needs it."""
    listing = _list(stage, cast)
    _review(stage, cast, listing)
    order = _negotiate(stage, cast, listing)
    _sign(stage, cast, order)
    _deliver(stage, cast, order)
    _dispute(stage, cast, order)
    _oversee(stage, cast, order)


def send(page: Page, action: str, **values: str) -> None:
    """Fill the form with that address, and send it by its own button."""
    form = page.locator(f"form[action^='{action}']").first
    for parent in form.locator("xpath=ancestor::details[not(@open)]").all():
        parent.locator("> summary").click()
    for name, value in values.items():
        one = form.locator(f"[name='{name}']")
        kind = one.first.get_attribute("type")
        if kind in ("radio", "checkbox"):
            for each in value.split():
                form.locator(f"[name='{name}'][value='{each}']").check()
        elif one.first.evaluate("element => element.tagName") == "SELECT":
            one.select_option(value)
        else:
            one.fill(value)
    form.locator("button:not([type=button])").last.click()
    page.wait_for_load_state()


def _list(stage: Stage, cast: Cast) -> str:
    with stage.as_(cast.supplier) as page:
        page.goto(f"{stage.url}/listings/new")
        stage.look(page, "new-listing")
        title = f"{_WORDS[stage.language]} {random.randrange(10**6)}"
        send(
            page, "/listings/new", title_zh=title, title_en=title, summary_zh=title, summary_en=title, scene="speech",
            terms_zh=COMMERCIAL.terms[0], terms_en=COMMERCIAL.terms[1],
        )  # fmt: skip
        listing = re.search(r"lst_[0-9a-z]+", page.url)
        assert listing is not None, page.url
        made = voices(random.randrange(10**6), 24, 3000)[0]
        page.set_input_files("#field-files", {"name": made.name, "mimeType": "text/csv", "buffer": made.content})
        send(page, f"/listings/{listing[0]}/files", notes="r1")
        send(page, f"/listings/{listing[0]}/offer", kind="negotiated", purposes="training evaluation", term_months="12")
        stage.look(page, "draft")
        send(page, f"/listings/{listing[0]}/submit", **{name: f"{name}: {title}" for name in _DECLARED})
        stage.look(page, "handed-in")
        return listing[0]


def _review(stage: Stage, cast: Cast, listing: str) -> None:
    with stage.as_(cast.reviewer) as page:
        _open_review(stage, page, listing)
        if page.locator("form[action$='/claim']").count():
            page.locator("form[action$='/claim'] button").click()
            page.wait_for_load_state()
        for one in page.locator("input[type=radio][value=pass]").all():
            one.check()
        stage.look(page, "review")
        page.locator("form[action$='/items'] button:not([type=button])").last.click()
        page.wait_for_load_state()
        page.locator("form[action$='/approve'] button").last.click()
        page.wait_for_load_state()
        stage.look(page, "review-approved-first")
    with stage.as_(cast.officer) as page:
        _open_review(stage, page, listing)
        page.locator("form[action$='/approve'] button").last.click()
        page.wait_for_load_state()
        stage.look(page, "review-approved")


def _open_review(stage: Stage, page: Page, listing: str) -> None:
    page.goto(f"{stage.url}/review")
    stage.look(page, "review-queue")
    for link in page.eval_on_selector_all("a[href^='/review/rvw_']", "all => all.map(a => a.getAttribute('href'))"):
        page.goto(stage.url + link)
        if listing in page.content():
            return
    raise AssertionError(f"no review of {listing} in the queue")


def _negotiate(stage: Stage, cast: Cast, listing: str) -> str:
    with stage.as_(cast.buyer) as page:
        page.goto(f"{stage.url}/listings/{listing}")
        stage.look(page, "listing")
        send(page, "/orders/inquiries", purpose="training", text=_WORDS[stage.language])
        order = re.search(r"ord_[0-9a-z]+", page.url)
        assert order is not None, page.url
        stage.look(page, "inquiry")
    with stage.as_(cast.supplier) as page:
        page.goto(f"{stage.url}/orders/{order[0]}")
        stage.look(page, "asked")
        send(
            page, f"/orders/{order[0]}/terms", kind="one_off", amount=_AMOUNT, term_months="12", count=_ROWS,
            territories="CN", purposes="training", deliveries="api download", watermark="true", contract="provision",
            nda="true",
        )  # fmt: skip
        stage.look(page, "offered")
    with stage.as_(cast.buyer) as page:
        page.goto(f"{stage.url}/orders/{order[0]}")
        stage.look(page, "terms")
        send(page, f"/orders/{order[0]}/agree")
        stage.look(page, "agreed")
    return order[0]


def _sign(stage: Stage, cast: Cast, order: str) -> None:
    """Each person meets what the page offers it, until nothing is left."""
    whole = {
        cast.owner: ("acceptance.buyer", "nda.buyer"), cast.buyer: ("contract.buyer",),
        cast.seller: ("acceptance.supplier", "nda.supplier"), cast.supplier: ("contract.supplier",),
    }  # fmt: skip
    for visitor, names in (*whole.items(), (cast.seller, ("approval.supplier",))):
        with stage.as_(visitor) as page:
            for name in names:
                _meet(stage, page, visitor, order, name)
            stage.look(page, f"signed-{names[-1]}")
    with stage.as_(cast.buyer) as page:
        page.goto(f"{stage.url}/orders/{order}/contract")
        stage.look(page, "contract")


def _meet(stage: Stage, page: Page, visitor: Visitor, order: str, name: str) -> None:
    """With a code of the person's device; the story may have used it already, then with the next one."""
    action = f"/orders/{order}/requirements/{name}"
    if not visitor.has_factor:
        visitor.enrol(page, stage.url)
        stage.look(page, "second-factor")
    for _ in range(5):
        page.goto(f"{stage.url}/orders/{order}")
        if not page.locator(f"form[action^='{action}']").count():
            return
        send(page, action, otp=visitor.code(stage.url))
    told = page.locator(".flash, [role=alert]").all_inner_texts()
    raise AssertionError(f"{visitor.name} could not meet {name}: {told}")


def _deliver(stage: Stage, cast: Cast, order: str) -> None:
    with stage.as_(cast.buyer) as page:
        page.goto(f"{stage.url}/orders/{order}")
        send(page, f"/orders/{order}/pay")
        stage.look(page, "paid")
        page.goto(f"{stage.url}/orders/{order}/licence")
        stage.look(page, "licence")


def _dispute(stage: Stage, cast: Cast, order: str) -> None:
    with stage.as_(cast.buyer) as page:
        page.goto(f"{stage.url}/orders/{order}/dispute")
        send(page, f"/orders/{order}/dispute", ground="quality", text=_WORDS[stage.language], amount="848.00")
        stage.look(page, "disputed")
    with stage.as_(cast.seller) as page:
        page.goto(f"{stage.url}/orders/{order}/dispute")
        send(page, "/disputes/", text=_WORDS[stage.language])
        stage.look(page, "answered")
    with stage.as_(cast.officer) as page:
        page.goto(f"{stage.url}/orders/{order}/dispute")
        page.locator("form[action$='/rule']").first.wait_for()
        action = page.locator("form[action$='/rule']").first.get_attribute("action") or ""
        send(page, action, outcome="part", amount="848.00", reason=_WORDS[stage.language])
        stage.look(page, "ruled")


def _oversee(stage: Stage, cast: Cast, order: str) -> None:
    with stage.as_(cast.officer) as page:
        page.goto(f"{stage.url}/orders/{order}")
        send(page, f"/orders/{order}/freeze", reason=_WORDS[stage.language])
        stage.look(page, "frozen")
        expect(page.locator(f"form[action='/orders/{order}/release']")).to_have_count(1)
        page.goto(f"{stage.url}/freezes")
        stage.look(page, "freezes")
        page.goto(f"{stage.url}/orders/{order}")
        send(page, f"/orders/{order}/release")
        page.goto(f"{stage.url}/review/tracer")
        rows = io.StringIO()
        csv.writer(rows).writerows([["utterance", "pitch_hz"], ["U00000", "188.00"]])
        page.set_input_files("#leak", {"name": "leak.csv", "mimeType": "text/csv", "buffer": rows.getvalue().encode()})
        send(page, "/review/tracer")
        stage.look(page, "traced")

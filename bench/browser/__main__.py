"""``python -m bench.browser``: the pages of a demonstration in Chromium, as each role, judged by axe.

``--url`` looks at an exchange that is running already; ``--shots`` keeps a picture of each kind of page.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import nullcontext
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.browser import exchange
from bench.browser.pages import Findings, look_around
from bench.browser.people import VISITORS, Visitor, sign_in
from exchange.demo.player.client import Door, Person
from exchange.demo.player.device import Device

_CHROMIUM = "/usr/bin/chromium"
_STARTS = ("/", "/desk", "/search", "/privacy", "/verify", "/audit")
_VIEWS = (("zh", 1280, "light"), ("en", 390, "dark"))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", default="")
    options.add_argument("--shots", type=Path)
    options.add_argument("--only", default="", help="the name of one visitor")
    given = options.parse_args()
    log = Path(tempfile.gettempdir()) / "browser-demo.log"
    visitors = [visitor for visitor in VISITORS if given.only in ("", visitor.name)]
    place = nullcontext(given.url) if given.url else exchange.told(log)
    with (
        place as url,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=_CHROMIUM) as browser,
    ):
        grave = [_tell(browser, url, visitor, *view, given.shots) for visitor, view in product(visitors, _VIEWS)]
    print(f"{sum(grave)} serious or critical findings, broken pages and complaints in all")
    return 1 if any(grave) else 0


def _tell(
    browser: Browser, base_url: str, visitor: Visitor, language: str, width: int, theme: str, shots: Path | None
) -> int:
    found = _look(browser, base_url, visitor, language, width, theme, shots)
    print(
        f"{visitor.name:10} {language} {width:4} {theme:5}: {len(found.pages)} pages, "
        f"{len(found.grave)} serious or critical, {found.slight} lesser, {len(found.wrong)} broken",
        flush=True,
    )
    for line in (*found.grave, *found.wrong):
        print(f"    {line}", flush=True)
    return len(found.grave) + len(found.wrong)


def _look(
    browser: Browser, base_url: str, visitor: Visitor, language: str, width: int, theme: str, shots: Path | None
) -> Findings:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    if visitor.email:
        _come_in(page, base_url, visitor)
    page.goto(f"{base_url}/?lang={language}")
    folder = shots / f"{visitor.name}-{language}-{width}" if shots else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        return look_around(page, base_url, _STARTS, folder)
    finally:
        context.close()


def _come_in(page: Page, base_url: str, visitor: Visitor) -> None:
    """The story's own device may have shown some of the codes: then the next one."""
    for _ in range(3):
        if sign_in(page, base_url, visitor, _code(base_url, visitor)):
            return
    raise AssertionError(f"{visitor.name} was not let in: {page.inner_text('main')[:400]}")


def _code(base_url: str, visitor: Visitor) -> str:
    """A code that was not used yet: each is good once, so a second visit may have to wait for the next."""
    if not visitor.otp_secret:
        return ""
    person = Person(Door(base_url, "en"), visitor.name)
    person.device = _DEVICES.setdefault(visitor.name, Device(visitor.otp_secret))
    return person.otp()


_DEVICES: dict[str, Device] = {}

if __name__ == "__main__":
    sys.exit(main())

"""``python -m bench.browser``: the pages of a demonstration in Chromium, judged by axe.

First a whole trade by forms, in both languages; then every page that each role reaches by links. ``--url`` and
``--log`` look at a demonstration that is running already; ``--shots`` keeps pictures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from bench.browser import exchange
from bench.browser.journeys import Cast, Stage, trade
from bench.browser.pages import Findings, look_around
from bench.browser.people import Visitor, come_in, secrets_told, visitors

_CHROMIUM = "/usr/bin/chromium"
_STARTS = ("/", "/desk", "/search", "/privacy", "/verify", "/audit")
_Theme = Literal["light", "dark"]
_View = tuple[str, int, _Theme]
_VIEWS: tuple[_View, ...] = (("zh", 1280, "light"), ("en", 390, "dark"))
_OTHER_VIEWS: tuple[_View, ...] = (("en", 1280, "light"), ("zh", 390, "dark"))
_PLAYERS = ("supplier", "seller", "buyer", "owner", "reviewer", "officer")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", default="")
    options.add_argument("--log", type=Path, default=Path(tempfile.gettempdir()) / "browser-demo.log")
    options.add_argument("--shots", type=Path)
    options.add_argument("--only", default="", help="the name of one visitor, or journeys")
    options.add_argument("--all-views", action="store_true", help="both languages in both themes and widths")
    given = options.parse_args()
    if given.shots is not None:
        given.shots.mkdir(parents=True, exist_ok=True)
    place = nullcontext(given.url) if given.url else exchange.told(given.log)
    with place as url, sync_playwright() as driver, driver.chromium.launch(executable_path=_CHROMIUM) as browser:
        people = visitors(secrets_told(given.log.read_text(errors="replace") if given.log.exists() else ""))
        grave = 0
        if given.only in ("", "journeys"):
            grave += sum(_journey(browser, url, language, people, given.shots) for language in ("zh", "en"))
        chosen = [visitor for visitor in people if given.only in ("", visitor.name)]
        views = _VIEWS + _OTHER_VIEWS if given.all_views else _VIEWS
        grave += sum(_look(browser, url, visitor, view, given.shots) for visitor, view in product(chosen, views))
    print(f"{grave} serious or critical findings, broken pages and complaints in all")
    return 1 if grave else 0


def _journey(browser: Browser, url: str, language: str, people: tuple[Visitor, ...], shots: Path | None) -> int:
    by_name = {visitor.name: visitor for visitor in people}
    stage = Stage(browser, url, language, shots)
    trade(stage, Cast(**{name: by_name[name] for name in _PLAYERS}))
    return _tell(f"a trade by forms, {language}", stage.found)


def _look(
    browser: Browser, url: str, visitor: Visitor, view: _View, shots: Path | None
) -> int:  # fmt: skip
    language, width, theme = view
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    folder = shots / f"{visitor.name}-{language}-{width}" if shots else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        if visitor.email:
            come_in(page, url, visitor)
        page.goto(f"{url}/?lang={language}")
        return _tell(f"{visitor.name}, {language}, {width}, {theme}", look_around(page, url, _STARTS, folder))
    finally:
        context.close()


def _tell(who: str, found: Findings) -> int:
    print(
        f"{who:34}: {len(found.pages)} pages, {len(found.grave)} serious or critical, {found.slight} lesser, "
        f"{len(found.wrong)} broken",
        flush=True,
    )
    for line in (*found.grave, *found.wrong, *dict.fromkeys(f"to look at: {each}" for each in found.odd)):
        print(f"    {line}", flush=True)
    return len(found.grave) + len(found.wrong)


if __name__ == "__main__":
    sys.exit(main())

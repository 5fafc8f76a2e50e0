"""Every page that a person reaches by links, one or two of each kind, looked at and judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import APIResponse, ConsoleMessage, Page, Response
from playwright.sync_api import Error as BrowserError

_ID = re.compile(r"\b[a-z]{3}_[0-9a-hjkmnp-tv-z]{20,}|\b\d{2,}\b|\b[0-9a-f]{16,}(-\d+)?\b")
_VALUE = re.compile(r"=[^&]*")
_OF_A_KIND = 2
_MANY_STATES = {"/orders/*": 14, "/listings/*": 5, "/review/*": 4}
_MOST_PAGES = 120
_NOT_A_PAGE = (".zip", ".json", ".pdf", ".csv", "/sign-out", "/files/")
_GRAVE = ("serious", "critical")
_ODD = """() => {
  const odd = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const chinese = document.documentElement.lang === "zh-CN";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const where = node.parentElement, text = node.textContent.trim();
    if (!text || where.closest("code, pre, script, .hash, .prose, textarea, [lang]:not(html)")) continue;
    if (/[a-z]{3}_[0-9a-z]{26}/.test(text)) odd.push("an id in plain text: " + text.slice(0, 80));
    if (chinese && !/[\u4e00-\u9fff]/.test(text) && /[A-Za-z]{2,}( [a-z]{2,}){2,}/.test(text))
      odd.push("not in Chinese: " + text.slice(0, 80));
  }
  return odd;
}"""
"""Text in another language than the page, and ids where a name would stand; what people wrote is left out."""


@dataclass
class Findings:
    """What was found on the pages of one person; ``grave`` are axe's findings that are serious or critical.

    ``odd`` is for somebody to look at: it may be data that is like that.
    """

    pages: list[str] = field(default_factory=list)
    grave: list[str] = field(default_factory=list)
    slight: int = 0
    wrong: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)


def kind_of(path: str) -> str:
    """The path with its ids and the values of its query left out: pages of one kind look alike."""
    return _VALUE.sub("", _ID.sub("*", path))


def look_around(page: Page, base_url: str, starts: tuple[str, ...], shots: Path | None = None) -> Findings:
    """Follow links from the first pages on, breadth first."""
    found = Findings()
    page.on("console", lambda message: _complaint(found, page, message))
    seen: dict[str, int] = {}
    waiting = list(starts)
    while waiting and len(found.pages) < _MOST_PAGES:
        path = waiting.pop(0)
        kind = kind_of(path)
        if seen.get(kind, 0) >= _MANY_STATES.get(kind, _OF_A_KIND):
            continue
        seen[kind] = seen.get(kind, 0) + 1
        answer = _open(page, base_url + path)
        if answer is None or answer.status >= 400:
            found.wrong.append(f"{path}: {answer.status if answer else 'does not open'}")
        if answer is None or "text/html" not in (answer.headers.get("content-type") or ""):
            continue
        found.pages.append(path)
        judge(page, path, found)
        if shots is not None:
            _shoot(page, shots, kind, seen[kind])
        waiting += [link for link in _links(page, base_url) if link not in waiting]
    return found


def _open(page: Page, address: str) -> Response | APIResponse | None:
    """What stands there; a page is opened, a file is only asked for."""
    try:
        return page.goto(address)
    except BrowserError as error:
        if "Download is starting" not in error.message:
            return None
        return page.request.get(address)


def judge(page: Page, path: str, found: Findings) -> None:
    """What axe finds on the page as it stands, and whether it is wider than its window."""
    page.evaluate(_axe())
    result = page.evaluate("axe.run({resultTypes: ['violations']})")
    for violation in result["violations"]:
        if violation["impact"] in _GRAVE:
            found.grave += [f"{path}: {violation['id']} at {each['html'][:140]}" for each in violation["nodes"][:3]]
        else:
            found.slight += 1
    found.odd += [f"{path}: {each}" for each in page.evaluate(_ODD)]
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if width > 1:
        found.wrong.append(f"{path}: {width} pixels wider than its window")


def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def _links(page: Page, base_url: str) -> Iterator[str]:
    for href in page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))"):
        url = urlsplit(urljoin(page.url, href))
        if f"{url.scheme}://{url.netloc}" == base_url and not any(part in url.path for part in _NOT_A_PAGE):
            yield url.path + (f"?{url.query}" if url.query and "lang=" not in url.query else "")


def _shoot(page: Page, shots: Path, kind: str, number: int) -> None:
    name = re.sub(r"[^a-z0-9*]+", "-", kind.lower()).strip("-").replace("*", "x")[:80] or "home"
    page.screenshot(path=shots / f"{name}{f'-{number}' if number > 1 else ''}.png", full_page=True)


def _complaint(found: Findings, page: Page, message: ConsoleMessage) -> None:
    if message.type == "error" and "status of 4" not in message.text:
        found.wrong.append(f"{page.url}: {message.text[:200]}")

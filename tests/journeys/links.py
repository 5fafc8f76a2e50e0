"""Follows the links that a person is shown, from page to page, and tells which of them do not open."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urljoin, urlsplit

from tests.exchange.web.browser import Browser

_HREF = re.compile(r'<a [^>]*?href="([^"]+)"')
_ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}|\d+")
_STARTS = ("/desk", "/orders", "/usage", "/audit", "/", "/search")
_NOT_PAGES = (".zip", ".json", ".pdf", ".csv", "/static/", "/api/", "lang=")


def closed_doors(browser: Browser, most: int, of_a_kind: int = 2) -> list[str]:
    """At most so many pages, breadth first, and so many of each kind; what answered with an error, and its source.

    A page to begin with may be closed to somebody: no link led there.
    """
    waiting = [(path, "") for path in _STARTS]
    seen, kinds, closed = set[str](), Counter[str](), list[str]()
    while waiting and len(seen) < most:
        path, source = waiting.pop(0)
        kind = _ID.sub("*", re.sub(r"=[^&]*", "", path))
        if path in seen or kinds[kind] >= of_a_kind:
            continue
        seen.add(path)
        kinds[kind] += 1
        answer = browser.client.get(path, follow_redirects=True)
        if answer.status_code >= 400 and (source or answer.status_code != 403):
            closed.append(f"{path} of {source}: {answer.status_code}")
        elif answer.mimetype == "text/html":
            waiting += [(link, path) for link in _links(path, answer.get_data(as_text=True))]
    return closed


def _links(path: str, text: str) -> list[str]:
    found = (urlsplit(urljoin(path, href.replace("&amp;", "&"))) for href in _HREF.findall(text))
    addresses = [each.path + (f"?{each.query}" if each.query else "") for each in found if not each.netloc]
    return [each for each in addresses if not any(part in each for part in _NOT_PAGES)]

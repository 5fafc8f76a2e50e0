"""The three interfaces: what is asked, what is answered; no HTTP beyond statuses and bytes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

from exchange.demo.upstream import digits, registry

_CODE = re.compile(r"\A[0-9A-HJ-NPQRTUWXY]{18}\Z")
_PAPER_BYTES = 32 << 10


@dataclass(frozen=True)
class Answer:
    """A status and a body; ``pages`` come after it, one by one, slowly."""

    status: int
    body: bytes
    pages: Iterator[bytes] | None = None
    media_type: str = "application/json; charset=utf-8"


def identity(body: bytes) -> Answer:
    """Do a name and an identity number belong together?"""
    try:
        asked = json.loads(body)
        id_number, name = asked["id_number"], asked["name"]
    except (ValueError, KeyError, TypeError):
        return _said(400, error="send name and id_number")
    if not isinstance(id_number, str) or not isinstance(name, str):
        return _said(400, error="name and id_number are texts")
    return _said(200, result={"verdict": registry.verdict(id_number, name)})


def digit(body: bytes) -> Answer:
    """Which digit is in the picture?"""
    try:
        found = digits.recognise(base64.b64decode(json.loads(body)["image"], validate=True))
    except digits.NotAPicture as reason:
        return _said(400, error=str(reason))
    except (ValueError, KeyError, TypeError):
        return _said(400, error="send the picture as image, in Base64")
    return _said(422, error="no digit to be seen") if found is None else _said(200, digit=found[0], sure=found[1])


def company(code: str, _body: bytes) -> Answer:
    """A firm by its credit code; 503 while the archive with its papers is closed."""
    firm = registry.firms().get(code)
    if not _CODE.match(code):
        return _said(400, error="a credit code has 18 characters")
    if firm is None:
        return _said(404, error="no such firm")
    return _said(503, error="the archive is closed") if firm.filed else _said(200, company=asdict(firm))


def filings(code: str, _body: bytes) -> Answer:
    """The papers of a firm, page after page."""
    firm = registry.firms().get(code)
    if firm is None:
        return _said(404, error="no such firm")
    page = f"{firm.name} {firm.credit_code}\n".encode()
    pages = (page * (_PAPER_BYTES // len(page)) for _ in range(40))
    return Answer(200, b"", pages, "text/plain; charset=utf-8")


def _said(status: int, **said: object) -> Answer:
    return Answer(status, json.dumps(said, ensure_ascii=False).encode())


def route(method: str, path: str) -> Callable[[bytes], Answer] | int:
    """What answers this request, or the status of why nothing does."""
    for known, pattern, act in _ROUTES:
        match = re.fullmatch(pattern, path)
        if match:
            return partial(act, *match.groups()) if method == known else 405
    return 404


_ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("POST", r"/identity/verify", identity),
    ("POST", r"/digits/recognise", digit),
    ("GET", r"/companies/([^/]+)", company),
    ("GET", r"/companies/([^/]+)/filings", filings),
)

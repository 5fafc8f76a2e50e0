"""Reading objects of a bucket with the standard library alone: one signed request for a range, again for its rest.

The signature is AWS Signature Version 4 of a request without a body. Runs in threads; knows no event loop.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_NO_BODY = hashlib.sha256(b"").hexdigest()
_CHUNK_BYTES = 1 << 18
_PATIENCE_S = 10.0
_TRIES = 4
_PAUSE_S = 0.2


class ObjectUnavailable(Exception):
    """The bucket does not give these bytes."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, the prefix of what is delivered, and a key that opens it."""

    url: str
    bucket: str
    prefix: str
    region: str
    access_key: str
    secret_key: str


def chunks(place: Place, name: str, start: int, stop: int, size: int) -> Iterator[bytes]:
    """The bytes from ``start`` to ``stop`` of an object that has ``size`` of them. Raises ObjectUnavailable.

    What breaks off is asked for again from where it broke.
    """
    at, failures = start, 0
    while at < stop:
        try:
            for chunk in _ask(place, name, at, stop, size):
                at, failures = at + len(chunk), 0
                yield chunk
            if at < stop:
                raise OSError("less than was said")
        except (OSError, http.client.HTTPException):
            failures += 1
            if failures >= _TRIES:
                raise ObjectUnavailable(name) from None
            time.sleep(_PAUSE_S * 2**failures)


def _ask(place: Place, name: str, at: int, stop: int, size: int) -> Iterator[bytes]:
    address = urlsplit(place.url)
    path = quote(f"{address.path.rstrip('/')}/{place.bucket}/{place.prefix}{name}", safe="/~-._")
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.netloc, timeout=_PATIENCE_S)
    try:
        heads = {"host": address.netloc, "range": f"bytes={at}-{stop - 1}"}
        connection.request("GET", path, headers=signed(place, path, heads, time.gmtime()))
        answer = connection.getresponse()
        if answer.status >= 500 or answer.status == 429:
            raise OSError(f"status {answer.status}")
        if answer.status != 206 or (answer.getheader("Content-Range") or "").rpartition("/")[2] != str(size):
            raise ObjectUnavailable(name)
        while chunk := answer.read(_CHUNK_BYTES):
            yield chunk
    finally:
        connection.close()


def signed(place: Place, path: str, heads: Mapping[str, str], at: time.struct_time) -> dict[str, str]:
    """The heads of a GET of ``path``, with the signature over all of them."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", at)
    scope = f"{moment[:8]}/{place.region}/s3/aws4_request"
    heads = dict(heads) | {"x-amz-content-sha256": _NO_BODY, "x-amz-date": moment}
    names = ";".join(sorted(heads))
    lines = "".join(f"{name}:{heads[name]}\n" for name in sorted(heads))
    asked = hashlib.sha256(f"GET\n{path}\n\n{lines}\n{names}\n{_NO_BODY}".encode()).hexdigest()
    key = b"AWS4" + place.secret_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{asked}".encode(), "sha256").hex()
    credential = f"{place.access_key}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return heads | {"Authorization": authorization}

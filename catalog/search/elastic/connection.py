"""How Elasticsearch is reached, and how its failures are told.

While it does not answer, one call in two seconds tries whether it does again; all others are refused at once, so that
nobody waits for what is not there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from catalog.search.errors import SearchAway

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

T = TypeVar("T")
WRITING_S = 60.0
_TRIES_AGAIN_AFTER_S = 2.0
_OVERLOADED = 429
log = logging.getLogger("piaohao.search")


@dataclass(frozen=True)
class Place:
    """Where Elasticsearch answers and who we are there: an API key, or a user; a file of authorities for TLS.

    A person who searches waits for ``asking_s`` at most.
    """

    urls: tuple[str, ...]
    api_key: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    asking_s: float = 5.0


class Connection:
    """One process' connection, made at the first call by whichever thread comes first."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._made: Elasticsearch | None = None
        self._lock = threading.Lock()
        self._again_at: float | None = None

    def call(self, ask: Callable[[Elasticsearch], T], within_s: float = 0.0) -> T:
        """What ``ask`` answers. Raises SearchAway when Elasticsearch does not answer, is overloaded or lets us not in.

        Whatever else it refuses is raised as the client's ApiError.
        """
        import elasticsearch

        self._admit()
        try:
            answer = ask(self._client().options(request_timeout=within_s or self._place.asking_s))
        except (elasticsearch.TransportError, elasticsearch.UnsupportedProductError) as error:
            self._failed()
            raise SearchAway(hint="Try again in a moment.") from error
        except elasticsearch.ApiError as error:
            self._answered()
            _raise_if_away(error)
            raise
        self._answered()
        return answer

    def _admit(self) -> None:
        with self._lock:
            if self._again_at is None:
                return
            if time.monotonic() < self._again_at:
                raise SearchAway(hint="Try again in a moment.")
            self._again_at = time.monotonic() + _TRIES_AGAIN_AFTER_S  # this one tries for all

    def _failed(self) -> None:
        with self._lock:
            self._again_at = time.monotonic() + _TRIES_AGAIN_AFTER_S

    def _answered(self) -> None:
        self._again_at = None

    def _client(self) -> Elasticsearch:
        with self._lock:
            if self._made is None:
                self._made = _client(self._place)
            return self._made


def _client(place: Place) -> Elasticsearch:
    from elasticsearch import Elasticsearch

    others = len(place.urls) - 1
    trusted: dict[str, Any] = {"ca_certs": place.ca_file} if place.ca_file else {}
    return Elasticsearch(
        list(place.urls), api_key=place.api_key or None,
        basic_auth=(place.user, place.password) if place.user else None, max_retries=others, retry_on_timeout=False,
        connections_per_node=32, **trusted,
    )  # fmt: skip


def _raise_if_away(error: Exception) -> None:
    status = getattr(error, "status_code", 0)
    if status in (401, 403):
        log.error("Elasticsearch does not let us in: %s", error)
    if status in (401, 403, _OVERLOADED) or status >= 500:
        raise SearchAway(hint="Try again in a moment.") from error

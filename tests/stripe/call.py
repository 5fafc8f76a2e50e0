"""One request to the API, and the table of what answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.stripe.errors import Refused, not_imitated
from tests.stripe.store import Object, Store
from tests.stripe.typed import accepted

_MOST_KEYS, _LONGEST_NAME, _LONGEST_VALUE = 50, 40, 500
_EVERYWHERE = frozenset({"expand"})


@dataclass
class Call:
    """Whose it is, what it asks for, and where the fake's own pages are."""

    store: Store
    account: str
    params: dict[str, Any]
    base_url: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None

    def emit(self, kind: str, body: Object, previous: Object | None = None) -> None:
        from tests.stripe.events import record

        record(self, kind, body, previous)

    def within(self, account: str) -> Call:
        """The same on behalf of a connected account."""
        return Call(self.store, account, {}, self.base_url, self.request_id, self.idempotency_key)


Answering = Callable[..., Object]


@dataclass(frozen=True)
class Route:
    """``honoured`` are the typed parameters that the fake acts upon; others are refused, not passed over."""

    method: str
    pattern: re.Pattern[str]
    params: str
    honoured: frozenset[str]
    answer: Answering

    def checked(self, given: dict[str, Any]) -> dict[str, Any]:
        params = accepted(self.params, given)
        for name in params:
            if name not in self.honoured | _EVERYWHERE:
                raise not_imitated(f"the parameter {name} of {self.method} {self.pattern.pattern}", name)
        return params


ROUTES: list[Route] = []


def route(method: str, path: str, params: str, honoured: str = "") -> Callable[[Answering], Answering]:
    """``path`` with ``{name}`` for each identity, handed to the function by that name."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + r"\Z")

    def keep(answer: Answering) -> Answering:
        ROUTES.append(Route(method, pattern, params, frozenset(honoured.split()), answer))
        return answer

    return keep


def merged(old: Object | None, given: Any) -> Object:
    """Metadata: an empty value unsets a key, an empty string unsets all."""
    if given == "":
        return {}
    if len(given or ()) > _MOST_KEYS or any(len(name) > _LONGEST_NAME for name in given or ()):
        raise Refused("Metadata has at most 50 keys of at most 40 characters.", param="metadata", validation=True)
    for name, value in (given or {}).items():
        if len(value) > _LONGEST_VALUE:
            where = f"metadata[{name}]"
            raise Refused("Metadata values have at most 500 characters.", param=where, validation=True)
    both = (old or {}) | {name: str(value) for name, value in (given or {}).items()}
    return {name: value for name, value in both.items() if value != ""}

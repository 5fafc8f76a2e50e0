"""Paths: spelled in the one way that is understood, and found among an interface's operations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from exchange.gateway.outcome import Rule

_PLAIN = re.compile(rb"\A(?:/(?!\.{1,2}(?:[/;]|\Z))[A-Za-z0-9\-._~!$&'()*+,;=:@]+)+/?\Z")
_ENCODED = re.compile(rb"\A(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+)+/?\Z")
_HIDDEN = re.compile(rb"%(?:2[Ff]|5[Cc]|[01][0-9A-Fa-f]|7[Ff]|[Cc][01])")
_DOTS = re.compile(rb"/(?:\.|%2[Ee]){1,2}(?=[/;]|%3[Bb]|\Z)")
_PARAMETER = re.compile(r"\{[^{}/]+\}")
_SAFE = "/-._~!$&'()*+,;=:@%"


def well_spelled(path: bytes) -> bool:
    """Whether every reader of the path sees the same segments: none empty or a dot, no hidden slash, no control."""
    if path == b"/" or _PLAIN.match(path):
        return True
    return bool(_ENCODED.match(path)) and not _HIDDEN.search(path) and not _DOTS.search(path)


@dataclass(slots=True)
class Operation:
    """One operation: what it is called, and how its answers read."""

    id: str
    rule: Rule


@dataclass(slots=True)
class Route:
    """The operations of one path, by method."""

    methods: dict[bytes, Operation] = field(default_factory=dict)

    def operation(self, method: bytes) -> Operation | None:
        """HEAD is answered by GET where it is not an operation of its own, unless the body says what an answer is."""
        found = self.methods.get(method)
        if found is None and method == b"HEAD":
            found = self.methods.get(b"GET")
            return found if found is not None and not found.rule.needs_body else None
        return found

    @property
    def allow(self) -> bytes:
        heads = [b"HEAD"] if b"HEAD" not in self.methods and self.operation(b"HEAD") else []
        return b", ".join([*self.methods, *heads])


class Router:
    """An interface's paths: literal ones first, then templates with the fewest parameters."""

    __slots__ = ("_literal", "_templates")

    def __init__(self, operations: Iterable[tuple[str, str, Operation]]) -> None:
        self._literal: dict[bytes, Route] = {}
        by_template: dict[str, Route] = {}
        for method, path, operation in operations:
            if _PARAMETER.search(path):
                route = by_template.setdefault(path, Route())
            else:
                literal = quote(path, safe=_SAFE).encode()
                if not well_spelled(literal):
                    continue
                route = self._literal.setdefault(literal, Route())
            route.methods[method.upper().encode()] = operation
        ordered = sorted(by_template, key=lambda path: (len(_PARAMETER.findall(path)), path))
        self._templates = [(_compiled(path), by_template[path]) for path in ordered]

    def literal(self, path: bytes) -> Route | None:
        return self._literal.get(path)

    def find(self, path: bytes) -> Route | None:
        """The route of a well-spelled path."""
        if (route := self._literal.get(path)) is not None:
            return route
        for pattern, candidate in self._templates:
            if pattern.match(path):
                return candidate
        return None


def _compiled(template: str) -> re.Pattern[bytes]:
    literals = [re.escape(quote(part, safe=_SAFE)) for part in _PARAMETER.split(template)]
    return re.compile((r"\A" + "[^/]+".join(literals) + r"\Z").encode())

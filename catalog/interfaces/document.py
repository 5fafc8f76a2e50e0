"""An OpenAPI document that was read: refusing at a place in it, and following its references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import unquote

from catalog.interfaces.errors import OpenApiInvalid, OpenApiVersionUnknown, ReferenceBroken, RemoteReference
from catalog.interfaces.places import Place, line_of, pointer, shown
from core.problems import Invalid, Sentence

_MOST_STEPS = 20


class Document:
    """Text and content of a document of version 3.0 or 3.1, in which every reference stays inside.

    Raises OpenApiInvalid, OpenApiVersionUnknown, RemoteReference.
    """

    def __init__(self, text: str, content: dict[str, Any]) -> None:
        self.text, self.content = text, content
        self.version = self._version()
        for place, target in _references(content):
            if not target.startswith("#"):
                self.refuse(
                    place, f"{target[:120]!r} is another document, and none is fetched.", RemoteReference,
                    hint="Put what it refers to into this document, under components.",
                )  # fmt: skip

    def _version(self) -> str:
        declared = self.content.get("openapi")
        if declared is None and "swagger" in self.content:
            self.refuse(
                ("swagger",), "This is Swagger 2.0.", OpenApiVersionUnknown, hint="Convert it to OpenAPI 3.0 or 3.1.",
            )  # fmt: skip
        if declared is None:
            self.refuse((), "There is no field openapi.", hint='An OpenAPI document begins with openapi: "3.1.0".')
        if isinstance(declared, float) and str(declared) in ("3.0", "3.1"):
            self.refuse(("openapi",), "The version is a text.", hint=f'Write openapi: "{declared}.0".')
        if not isinstance(declared, str) or not declared.startswith(("3.0.", "3.1.")):
            self.refuse(
                ("openapi",), f"The version is {str(declared)[:20]!r}.", OpenApiVersionUnknown,
                hint='Use openapi: "3.0.3" or "3.1.0".',
            )  # fmt: skip
        return declared[:3]

    def refuse(
        self, place: Place, problem: str, kind: type[Invalid] = OpenApiInvalid, *, hint: str | None = None
    ) -> NoReturn:
        """Raise ``kind``, naming the place as pointer, in words and by its line."""
        line = line_of(self.text, place)
        raise kind(
            Sentence("At %(place)s: %(problem)s", place=shown(place), problem=problem),
            field=pointer(place),
            hint=hint,
            **({} if line is None else {"line": line}),
        )

    def resolve(self, node: Any, place: Place) -> tuple[Any, Place]:
        """What stands there, or what the reference there leads to, with its place. Raises ReferenceBroken."""
        began, steps = place, 0
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            steps += 1
            if steps > _MOST_STEPS:
                self.refuse(began, "these references lead in a circle.", ReferenceBroken, hint="Let one of them end.")
            place = _place_of(node["$ref"])
            node = self._at(place, began)
        return node, place

    def _at(self, place: Place, asked_from: Place) -> Any:
        node: Any = self.content
        for part in place:
            if isinstance(node, dict) and part in node:
                node = node[part]
            elif isinstance(node, list) and str(part).isdecimal() and int(part) < len(node):
                node = node[int(part)]
            else:
                self.refuse(asked_from, f"{pointer(place)} is not in this document.", ReferenceBroken)
        return node


def _place_of(reference: str) -> Place:
    parts = unquote(reference.removeprefix("#")).split("/")[1:]
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def _references(content: Any) -> Iterator[tuple[Place, str]]:
    waiting: list[tuple[Any, Place]] = [(content, ())]
    while waiting:
        node, place = waiting.pop()
        if isinstance(node, list):
            waiting.extend((inner, (*place, number)) for number, inner in enumerate(node))
        elif isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str):
                yield (*place, "$ref"), target
            waiting.extend((inner, (*place, name)) for name, inner in node.items())

"""The Chinese catalogue: what must be translated, and ``python -m exchange.web.catalogue`` to bring it up to date.

Pages mark their own texts. The texts of errors stand where they are raised, so they are read from the code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_PO = _HERE / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
_PACKAGES = ("core", "compliance", "catalog", "billing", "exchange")
_KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]

Id = str | tuple[str, ...]


def page_texts() -> Iterator[Id]:
    """What the pages mark for translation."""
    options = {"**/templates/**.html": {"trimmed": "true"}}
    for found in extract_from_dir(str(_HERE), method_map=_METHODS, keywords=_KEYWORDS, options_map=options):
        yield found[2]


def error_texts() -> Iterator[str]:
    """Titles, details and hints of every error that a person can meet; of those with values in them, the template."""
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*.py")):
            if path != Path(__file__):
                yield from (text for node in ast.walk(ast.parse(path.read_text())) for text in _texts_of(node))


def _texts_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Assign):
        yield from _titles(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sentence":
        yield from (text.value for text in node.args if isinstance(text, ast.Constant) and isinstance(text.value, str))
    given: list[ast.expr] = []
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        given = node.exc.args[:1]
    if isinstance(node, ast.Call):
        given = [word.value for word in node.keywords if word.arg == "hint"]
    yield from (text.value for text in given if isinstance(text, ast.Constant) and isinstance(text.value, str))


def _titles(node: ast.Assign) -> Iterator[str]:
    """``title = "…"`` and ``code, title = "…", "…"`` of an error's class."""
    for target in node.targets:
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for name, value in zip(names, values, strict=False):
            titled = isinstance(name, ast.Name) and name.id == "title"
            if titled and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def _for_people(text: str) -> bool:
    """Texts for people begin with a capital letter or a value; those of broken promises in the program do not."""
    return " " in text and (text[0].isupper() or "%(" in text)


def wanted() -> list[Id]:
    """Every text that Chinese readers may meet, once, in a stable order."""
    found: dict[str, Id] = {}
    for text in page_texts():
        found.setdefault(text if isinstance(text, str) else text[0], text)
    for text in error_texts():
        if _for_people(text):
            found.setdefault(text, text)
    return [found[key] for key in sorted(found)]


def catalogue() -> Catalog:
    """The committed catalogue."""
    with _PO.open("rb") as file:
        return read_po(file, locale="zh")


def strings(message: Message) -> tuple[str, ...]:
    """The translations of a message: one, or one for each plural form."""
    found = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return tuple(str(text or "") for text in found)


def missing(have: Catalog) -> list[Id]:
    """Texts without a translation, or with one that somebody marked as doubtful."""
    lacking: list[Id] = []
    for text in wanted():
        message = have.get(text if isinstance(text, str) else text[0])
        if message is None or message.fuzzy or not all(strings(message)):
            lacking.append(text)
    return lacking


def refresh(have: Catalog) -> Catalog:
    """The same translations for what is wanted today."""
    fresh = Catalog(locale="zh", project="Piaohao", fuzzy=False)
    for text in wanted():
        known = have.get(text if isinstance(text, str) else text[0])
        fresh.add(text, known.string if known is not None else None)
    return fresh


def write(what: Catalog) -> None:
    """Write ``.po`` for people and ``.mo`` for the program."""
    _PO.parent.mkdir(parents=True, exist_ok=True)
    with _PO.open("wb") as file:
        write_po(file, what, width=100, sort_output=True, omit_header=False)
    with _PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, what)


if __name__ == "__main__":
    write(refresh(catalogue()))

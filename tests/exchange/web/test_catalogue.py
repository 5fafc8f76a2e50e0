"""Chinese and English are equal: nothing that a page or an error says lacks its translation."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo

from exchange.web import catalogue


def test_every_text_has_a_chinese_translation() -> None:
    assert catalogue.missing(catalogue.catalogue()) == []


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    source = catalogue.catalogue()
    compiled_path = Path(catalogue.__file__).parent / "translations" / "zh" / "LC_MESSAGES" / "messages.mo"
    with compiled_path.open("rb") as file:
        compiled = read_mo(file)
    assert _by_id(compiled) == _by_id(source)


def _by_id(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    return {str(m.id if isinstance(m.id, str) else m.id[0]): catalogue.strings(m) for m in catalog if m.id}

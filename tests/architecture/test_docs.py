"""Generated pages are what the code would generate, and links between pages lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.settings import Settings
from exchange.generated_docs import events_page, settings_page
from tests.architecture.sources import ROOT

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_the_table_of_events_is_up_to_date() -> None:
    assert (ROOT / "docs/events.md").read_text(encoding="utf-8") == events_page(Settings()), "run `make docs`"


def test_the_page_of_settings_is_up_to_date() -> None:
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == settings_page(), "run `make docs`"


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    targets = [match.group(1) for match in _LINK.finditer(page.read_text(encoding="utf-8"))]
    broken = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert broken == []


def test_every_decision_states_its_accepted_risks() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert pages
    assert [page.name for page in pages if "## Accepted risks" not in page.read_text(encoding="utf-8")] == []


def test_every_format_is_in_the_index() -> None:
    index = (ROOT / "docs/formats/README.md").read_text(encoding="utf-8")
    pages = sorted(page.name for page in (ROOT / "docs/formats").glob("*.md") if page.name != "README.md")
    assert [name for name in pages if f"({name})" not in index] == []

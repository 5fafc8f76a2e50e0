"""How well a thing on offer is described, of 100: what a buyer can know before asking. It says nothing of the data."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.listings.samples import has_table
from catalog.listings.types import ListingSnapshot
from catalog.references.types import ReferenceSnapshot

_LANGUAGES = ("zh", "en")
_LONG = 120
_TAGS = 3


def of_listing(listing: ListingSnapshot) -> int:
    """Texts in both languages 40, tags 10, terms and declarations 10, a revision 10, what is in it 20, a price 10."""
    revision = listing.revision
    tables = has_table(listing)
    calls = revision is not None and revision.interface is not None and bool(revision.interface.operations)
    return (
        _texts(listing.title, listing.summary, listing.description)
        + min(len(listing.tags), _TAGS) * 10 // _TAGS
        + (5 if listing.licence_terms else 0)
        + (5 if listing.declarations else 0)
        + (10 if revision is not None else 0)
        + (20 if tables or calls else 0)
        + (10 if listing.offer is not None else 0)
    )


def of_reference(reference: ReferenceSnapshot) -> int:
    """Texts and tags only, and never as much as a listing of ours: nobody has answered for it here."""
    texts = _texts(reference.title, reference.summary, reference.description)
    return texts * 3 // 4 + min(len(reference.tags), _TAGS) * 10 // _TAGS


def _texts(title: Mapping[str, str], summary: Mapping[str, str], description: Mapping[str, str]) -> int:
    both = sum(5 for language in _LANGUAGES for texts in (title, summary) if texts.get(language))
    return both + sum(10 for language in _LANGUAGES if len(description.get(language, "")) >= _LONG)

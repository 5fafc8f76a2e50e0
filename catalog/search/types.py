"""What is searched, how it is asked, and the protocol of an engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from catalog.search.analysis import Piece
from catalog.search.question import EVERYTHING, Question, Wanted
from compliance.policy import Clause
from core.db import Uow

MOST_RESULTS = 10_000
REFERENCE = "reference"
"""The state of documents that are imported references: everybody may find them."""
FACETS = ("kind", "scene", "origin", "tier", "price_kind", "source", "orderable")
"""The fields one can filter by and count; each holds one value, as text."""


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE = "price"
    POPULARITY = "popularity"
    QUALITY = "quality"


@dataclass(frozen=True)
class SearchDocument:
    """A listing or an imported reference as the index knows it. ``price`` is in 10⁻⁷ of the minor unit.

    ``operations`` are names and summaries of what an interface offers, as far as its tier tells them.
    ``popularity`` is how many other organisations ordered it, ``quality`` of 100 how well it is described.
    """

    id: str
    kind: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    description: Mapping[str, str]
    tags: tuple[str, ...]
    scene: str
    origin: str
    tier: int
    state: str
    owner: str
    owner_name: str
    price_kind: str
    price: int | None
    updated_at: datetime
    source: str = ""
    orderable: bool = False
    operations: tuple[str, ...] = ()
    popularity: int = 0
    quality: int = 0

    def facet(self, name: str) -> str:
        """The value of one of ``FACETS`` as text; empty when there is none."""
        value = "" if name == "tier" and self.state == REFERENCE else getattr(self, name)
        return ("yes" if value else "no") if isinstance(value, bool) else str(value)

    def ranked(self, figure: int) -> int:
        """A key of order: by ``figure``, and among equals the newer above the older."""
        return (figure << 32) + int(self.updated_at.timestamp())

    def mark(self) -> str:
        """A short hash of everything an index keeps of it."""
        return hashlib.sha256(repr(self).encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True)
class Ask:
    """A question to an engine. What none of ``visible`` allows, or ``excluded`` names, does not exist in its answer."""

    question: Question = EVERYTHING
    visible: tuple[Clause, ...] = ()
    excluded: frozenset[str] = frozenset()
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    facets: Sequence[str] = ()
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True)
class Answer:
    """Ids in order; how many there are in all; of each facet its values with their counts, most first."""

    ids: tuple[str, ...]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class EngineState:
    """What an engine says of its index. ``marks`` tells of each id which document was indexed."""

    ready: bool
    version: str
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Held:
    """How many documents hold each of some terms, of how many. Replaced ones count until they are merged, and hidden
    ones: nobody may be told of single documents by it."""

    counts: Sequence[int]
    of: int


Load = Callable[[Sequence[str]], Iterable[SearchDocument]]


class SearchEngine(Protocol):
    """An index of search documents. It is never the truth: it can be rebuilt from the database at any time."""

    def ready(self) -> bool:
        """Whether there is an index of the present format that was built from the database as a whole."""

    def refresh(self, ids: Sequence[str], load: Load) -> None:
        """Bring the index in line with what ``load(ids)`` answers; ids it leaves out are removed.

        ``load`` is called while this is the only writer, so that an older state never overwrites a
        newer one. When this returns, every reader sees the change. Raises IndexBusy when another
        writer does not finish in time.
        """

    def search(self, ask: Ask) -> Answer:
        """The answer of the present index, an empty one at a new exchange.

        Raises IndexNotReady while there is only one of another format.
        """

    def held(self, wanted: Sequence[Wanted]) -> Held:
        """How many documents hold each of these single terms. Raises as ``search`` does."""

    def suggest(self, prefix: str, visible: tuple[Clause, ...], excluded: frozenset[str], limit: int) -> list[str]:
        """Ids whose title has a word or a phrase that begins with ``prefix``, best first, visible ones only."""

    def rebuild(self, documents: Iterable[SearchDocument], *, wait_s: float = 60.0) -> int:
        """Build a new index beside the present one, then swap; answers how many documents it holds.

        The old index answers until the swap. ``documents`` is read while this is the only writer.
        """

    def state(self) -> EngineState:
        """What the index holds, for comparing it with the database."""


class Orders(Protocol):
    """Who has bought what; provided by those who keep the orders."""

    def buyers(self, uow: Uow, listing_ids: Iterable[str]) -> Mapping[str, int]:
        """Of listings how many organisations have paid an order of each, ever; none for those without one.

        An organisation counts once however often it orders, and who belongs to the supplier does not count.
        """


@dataclass(frozen=True)
class SearchParams:
    """What a person asks for. Raises SearchInvalid or TooFar when it is used."""

    text: str = ""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    facets: tuple[str, ...] = FACETS
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True)
class SearchHit:
    """One result, confirmed against the database. ``what`` is ``listing`` or ``reference``.

    ``amount`` is in minor units, ``unit_price`` in 10⁻⁷ of them. ``marked_title`` and ``marked_excerpt``
    are the shown texts in pieces, by language.
    """

    id: str
    what: str
    kind: str
    title: Mapping[str, str]
    marked_title: Mapping[str, tuple[Piece, ...]]
    marked_excerpt: Mapping[str, tuple[Piece, ...]]
    tags: tuple[str, ...]
    scene: str
    origin: str
    tier: int | None
    state: str
    supplier_id: str | None
    supplier: Mapping[str, str]
    price_kind: str
    price_text: str
    currency: str | None
    amount: int | None
    unit_price: int | None
    price_per: int
    updated_at: datetime
    source: str
    source_title: Mapping[str, str]
    address: str
    orderable: bool


@dataclass(frozen=True)
class SearchResult:
    """A page of hits; ``total`` counts all, ``next_offset`` is None on the last page that can be asked for.

    ``did_you_mean`` is another spelling when little was found, empty when none is better.
    """

    hits: tuple[SearchHit, ...]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    next_offset: int | None
    did_you_mean: str = ""


@dataclass(frozen=True)
class Suggestion:
    """A title that completes what was typed."""

    text: str
    id: str


@dataclass(frozen=True)
class CheckReport:
    """The index beside the database: how many documents there should be, and the ids that differ."""

    ready: bool
    version: str
    documents: int
    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        return self.ready and not (self.missing or self.stale or self.extra)

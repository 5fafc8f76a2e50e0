"""What can go wrong with search."""

from __future__ import annotations

from core.problems import Invalid, Unavailable


class IndexNotReady(Unavailable):
    code, title = "index_not_ready", "The search index is being built"


class IndexBusy(Unavailable):
    code, title = "index_busy", "Another process is writing the search index"


class SearchAway(Unavailable):
    code, title = "search_away", "Search cannot be reached at the moment"


class IndexRefused(Unavailable):
    code, title = "index_refused", "The search index does not take a document"


class TooFar(Invalid):
    code, title = "search_too_far", "Search pages end at ten thousand results"


class SearchInvalid(Invalid):
    code, title = "search_invalid", "This search cannot be carried out"

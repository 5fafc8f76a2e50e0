"""What saving a search refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class SavedSearchNotFound(NotFound):
    code, title = "saved_search_not_found", "There is no such saved search"


class SavedSearchInvalid(Invalid):
    code, title = "saved_search_invalid", "This search cannot be saved"


class SavedAlready(Conflict):
    code, title = "search_saved_already", "Your organisation keeps this search already"


class TooManySavedSearches(Conflict):
    code, title = "too_many_saved_searches", "So many searches are not kept"

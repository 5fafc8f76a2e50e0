"""Saved searches, what people asked for, and the operators' synonyms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import flask
from marshmallow import Schema
from werkzeug.wrappers import Response

from catalog.search.asked import queries as asked
from catalog.search.saved import service as saved
from catalog.search.saved.types import SavedSearchSnapshot
from catalog.search.synonyms import service as synonyms
from catalog.search.types import FACETS
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.web import forms
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.views.market import facet_word


class SaveForm(Schema):
    q = TextField(load_default="", longest=300)
    name = TextField(load_default="", longest=100)


class WordsForm(Schema):
    words = TextField(required=True, shortest=1, longest=1000)


@pages.get("/searches")
def saved_searches(problem: DomainError | None = None) -> flask.Response:
    """The searches that the own organisation keeps."""
    signed_in()
    kept = read(lambda uow: saved.own(uow, actor()))
    return render(
        "market/saved.html", problem.status if problem else 200, problem=problem, rows=kept, filtered=_filtered,
    )  # fmt: skip


def _filtered(filters: Mapping[str, Sequence[str]]) -> list[str]:
    return [facet_word(name, value) for name, values in filters.items() for value in values]


@pages.post("/searches")
@again(saved_searches)
def save_search() -> Response:
    """What was searched, with its filters, which stand in the form by their names."""
    signed_in()
    form = forms.load_lists(SaveForm, ignored=FACETS)
    filters = {name: flask.request.form.getlist(name) for name in FACETS if flask.request.form.getlist(name)}
    act(lambda uow: saved.save(uow, actor(), text=form["q"], filters=filters, name=form["name"]))
    return done("search-saved", "web.saved_searches")


@pages.get("/searches/<search_id>")
def saved_search(search_id: str) -> Response:
    """Searches again, the newest first."""
    signed_in()
    return flask.redirect(address_of(read(lambda uow: saved.get(uow, actor(), search_id))))


def address_of(kept: SavedSearchSnapshot) -> str:
    pairs = [("q", kept.text)] if kept.text else []
    pairs += [(name, value) for name, values in kept.filters.items() for value in values]
    return f"/search?{urlencode([*pairs, ('sort', 'newest')])}"


@pages.post("/searches/<search_id>/drop")
@again(lambda search_id, problem=None: saved_searches(problem))
def drop_search(search_id: str) -> Response:
    signed_in()
    act(lambda uow: saved.drop(uow, actor(), search_id))
    return done("search-dropped", "web.saved_searches")


@pages.get("/queries")
def queries() -> flask.Response:
    """To suppliers what showed their listings, and what found nothing; to the platform's people all of it."""
    signed_in()
    return render("market/queries.html", least=asked.LEAST, **read(_asked))


def _asked(uow: Uow) -> dict[str, Any]:
    who = actor()
    platform = who.platform("operator", "officer")
    return {
        "all": asked.most(uow, who) if platform else None,
        "own": asked.showed_own(uow, who) if who.organisation_id and not platform else None,
        "nothing": asked.found_nothing(uow, who),
    }


@pages.get("/synonyms")
def dictionary(problem: DomainError | None = None) -> flask.Response:
    """The words that operators say mean the same."""
    signed_in()
    rows = read(lambda uow: synonyms.lines(uow, actor()))
    return render(
        "market/synonyms.html", problem.status if problem else 200, problem=problem, rows=rows,
        form=flask.request.form,
    )  # fmt: skip


@pages.post("/synonyms")
@again(dictionary)
def add_synonyms() -> Response:
    signed_in()
    words = _words(forms.load(WordsForm)["words"])
    act(lambda uow: synonyms.add(uow, actor(), words=words))
    return done("synonyms-saved", "web.dictionary")


@pages.post("/synonyms/<line_id>")
@again(lambda line_id, problem=None: dictionary(problem))
def change_synonyms(line_id: str) -> Response:
    signed_in()
    words = _words(forms.load(WordsForm)["words"])
    act(lambda uow: synonyms.change(uow, actor(), line_id, words=words))
    return done("synonyms-saved", "web.dictionary")


@pages.post("/synonyms/<line_id>/remove")
@again(lambda line_id, problem=None: dictionary(problem))
def remove_synonyms(line_id: str) -> Response:
    signed_in()
    act(lambda uow: synonyms.remove(uow, actor(), line_id))
    return done("synonyms-removed", "web.dictionary")


def _words(text: str) -> list[str]:
    """Words parted by commas of either script, or by lines."""
    for sign in "，、;；\r\n":
        text = text.replace(sign, ",")
    return [word.strip() for word in text.split(",") if word.strip()]

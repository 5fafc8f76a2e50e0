"""A form that is sent twice does its work once: the page gives each form a key, and the key is kept with the change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

import flask

from core import idempotency
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.keyring import new_token

T = TypeVar("T")
FIELD = "once"


class SentAlready(Exception):
    """The form was carried out before. ``location`` is where its answer led, empty when it led nowhere."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def form_key() -> str:
    """A fresh key for each form of a page."""
    return new_token()


def key_of_request() -> str:
    """What this form is kept under: its own key with its content; nothing for a form without a key.

    The same form with other content is another request. Of several commands in one request the first is kept.
    """
    key = flask.request.form.get(FIELD, "")
    if not key or "form_key" in flask.g:
        return ""
    sent = sorted((name, value) for name, value in flask.request.form.items(multi=True) if name != "csrf")
    return "form:" + hashlib.sha256(repr((flask.request.path, key, sent)).encode()).hexdigest()


def once(uow: Uow, actor: Actor, key: str, work: Callable[[Uow], T]) -> T:
    """Run ``work``, under a key only once. Raises SentAlready the second time."""
    if not key:
        return work(uow)
    made: list[T] = []

    def carried_out() -> tuple[int, str]:
        made.append(work(uow))
        return 303, ""

    _, location, replayed = idempotency.once(uow, actor, key, "form", carried_out)
    if replayed:
        raise SentAlready(str(location))
    return made[-1]


def carried_out(key: str) -> None:
    """This request's form was carried out under this key."""
    if key:
        flask.g.form_key = key


def remember(house: House, actor: Actor, location: str) -> None:
    """Keep where the answer leads, for the same form sent again."""
    if "form_key" in flask.g:
        house.db.write(lambda uow: idempotency.amend(uow, actor, flask.g.form_key, location))

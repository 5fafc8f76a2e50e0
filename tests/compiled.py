"""What every application of a process compiles alike is compiled once: templates and builders of addresses.

Each test has an application of its own, made as the product makes it. Most of that time went into code generated from
the same templates and the same 200 routes, again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import pytest
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_STATEMENTS = 5_000  # more than the product has


class _Templates(BytecodeCache):
    """Compiled templates by their source's key, in memory."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._known.get(f"{bucket.key}{bucket.checksum}")
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[f"{bucket.key}{bucket.checksum}"] = bucket.bytecode_to_string()


_TEMPLATES = _Templates()


def keep_templates(app: flask.Flask) -> None:
    """Let this application use the templates that others compiled."""
    app.jinja_env.bytecode_cache = _TEMPLATES


def keep_builders(patch: pytest.MonkeyPatch) -> None:
    """Let rules of the same text share the function that builds their address; it is bound to each rule anew."""
    compile_builder = Rule._compile_builder
    known: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}

    def remembered(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (*rule._trace, append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    patch.setattr(Rule, "_compile_builder", remembered)


def keep_statements(patch: pytest.MonkeyPatch) -> None:
    """Let the engines of one kind of database share compiled statements, which SQLAlchemy keeps by engine and dialect.

    Two dialects of one class are taken for the same: all engines of a run are made with the same arguments.
    """
    make, kept = Engine.__init__, LRUCache[Any, Any](_STATEMENTS)

    def made(engine: Engine, *given: Any, **named: Any) -> None:
        make(engine, *given, **named)
        engine._compiled_cache = kept

    patch.setattr(Engine, "__init__", made)
    patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
    patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))

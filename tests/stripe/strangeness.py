"""What an answer has that the typed classes of the ``stripe`` package do not know, or lacks that they promise."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

import stripe

from tests.stripe.typed import evaluated, fields, shape

_PLAIN: dict[Any, tuple[type, ...]] = {
    int: (int,), str: (str,), bool: (bool,), float: (int, float), decimal.Decimal: (str,), NoneType: (NoneType,),
}  # fmt: skip


def of_object(body: dict[str, Any]) -> Iterator[str]:
    """One line for each strangeness of an object, or of a list of objects."""
    if body["object"] == "list":
        for each in body["data"]:
            yield from of_object(each)
        return
    yield from _of_class(body, shape(body["object"]), body["object"])


def of_error(body: dict[str, Any]) -> Iterator[str]:
    """Of what stands under ``error``."""
    yield from _of_class(body["error"], cast(type, stripe.ErrorObject), "error")
    if body["error"]["type"] not in ("api_error", "card_error", "idempotency_error", "invalid_request_error"):
        yield f"error.type: {body['error']['type']}"


def _of_class(body: dict[str, Any], typed: type, where: str) -> Iterator[str]:
    known = fields(typed)
    for name, value in body.items():
        if name not in known:
            yield f"{where}.{name}: no such field"
        else:
            yield from _of_value(value, known[name], typed.__module__, f"{where}.{name}")
    for name, wanted in known.items():
        if name not in body and NoneType not in get_args(wanted):
            yield f"{where}.{name}: missing"


def _of_value(value: Any, wanted: Any, module: str, where: str) -> Iterator[str]:
    wanted = evaluated(wanted, module)
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        yield from _of_choices(value, [evaluated(each, module) for each in get_args(wanted)], module, where)
    elif origin is Literal:
        if value not in get_args(wanted):
            yield f"{where}: {value!r} is not one of {get_args(wanted)}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{where}: {value!r} is no list"
        else:
            for each in value:
                yield from _of_value(each, get_args(wanted)[0], module, f"{where}[]")
    elif wanted in _PLAIN:
        if not isinstance(value, _PLAIN[wanted]) or (wanted is not bool and isinstance(value, bool)):
            yield f"{where}: {value!r} is no {wanted.__name__}"
    else:
        yield from _of_hash(value, origin or wanted, where)


def _of_choices(value: Any, choices: list[Any], module: str, where: str) -> Iterator[str]:
    """An enumeration that the types leave open (``Literal[…] | str``) is held as if it were closed."""
    if any(get_origin(each) is Literal for each in choices):
        choices = [each for each in choices if each is not str]
    found: list[list[str]] = [list(_of_value(value, each, module, where)) for each in choices]
    if all(found):
        yield from found[0]


def _of_hash(value: Any, wanted: Any, where: str) -> Iterator[str]:
    if wanted is Any:
        return
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no hash"
    elif isinstance(value.get("object"), str):
        yield from of_object(value)
    elif wanted is stripe.ListObject:
        yield f"{where}: no list object"
    elif wanted.__name__ == "UntypedStripeObject":
        for each in value.values():
            if isinstance(each, dict) and isinstance(each.get("object"), str):
                yield from of_object(each)
    else:
        yield from _of_class(value, wanted, where)

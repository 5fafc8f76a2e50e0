"""What the ``stripe`` package's types say: parameters are checked by them, answers are completed by them."""

from __future__ import annotations

import builtins
import importlib
import re
import sys
import types
import typing
from functools import cache
from typing import Any, Literal, Union, cast, get_args, get_origin

import stripe
import typing_extensions
from stripe._stripe_object import UntypedStripeObject

from tests.stripe.errors import Refused

_OPTIONS = frozenset(
    [
        "api_key",
        "stripe_version",
        "stripe_account",
        "stripe_context",
        "max_network_retries",
        "idempotency_key",
        "content_type",
        "headers",
    ]
)
_CLASSES = {
    "checkout.session": "checkout.Session",
    "item": "LineItem",
    "transfer_reversal": "TransferReversal",
}
_HELD_BACK = frozenset(
    (kind, name)
    for kind in ("Customer", "Account", "Charge", "Session", "Price", "BankAccount", "WebhookEndpoint")
    for name in (
        "deleted",
        "line_items",
        "refunds",
        "sources",
        "subscriptions",
        "tax_ids",
        "cash_balance",
        "tiers",
        "currency_options",
    )
)


class _Names(dict[str, Any]):
    """Names of a module's annotations, also those imported for type checkers only."""

    def __missing__(self, name: str) -> Any:
        known = getattr(typing_extensions, name, None) or getattr(stripe, name, None)
        if known is None:
            known = getattr(typing, name, Any)
        return known


def evaluated(annotation: Any, module: str) -> Any:
    """The type that an annotation of this module means, also one that stands in quotes."""
    while isinstance(annotation, str | typing.ForwardRef):
        annotation = _named(annotation if isinstance(annotation, str) else annotation.__forward_arg__, module)
    if get_origin(annotation) in (typing_extensions.NotRequired, typing_extensions.Required):
        return evaluated(get_args(annotation)[0], module)
    return annotation


@cache
def _named(text: str, module: str) -> Any:
    names = _Names(vars(builtins) | vars(sys.modules[module]))
    return eval(text, {"__builtins__": builtins}, names)


@cache
def fields(typed: type) -> dict[str, Any]:
    """Name → type of one typed dictionary or class."""
    found: dict[str, Any] = {}
    for each in reversed(typed.__mro__ if typed.__module__.startswith("stripe") else ()):
        for name, annotation in vars(each).get("__annotations__", {}).items():
            if name != "OBJECT_NAME" and not name.startswith("_"):
                found[name] = evaluated(annotation, each.__module__)
    return found


def parameters(name: str) -> type:
    """``RefundCreateParams`` or ``checkout.SessionCreateParams``."""
    package, _, plain = name.rpartition(".")
    module = "_" + re.sub(r"(?<!^)(?=[A-Z])", "_", plain).lower()
    return cast(
        type, getattr(importlib.import_module(f"stripe.params.{package + '.' if package else ''}{module}"), plain)
    )


def accepted(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """With leaves of the types that the package states. Raises Refused as Stripe does for what they do not allow."""
    typed = parameters(name)
    taken = _hash(typed, given, "")
    for required in sorted(cast(frozenset[str], typed.__required_keys__)):  # type: ignore[attr-defined]
        if required not in given:
            raise Refused(
                f"Missing required param: {required}.", code="parameter_missing", param=required, validation=True
            )
    return taken


def _hash(typed: type, given: dict[str, Any], path: str) -> dict[str, Any]:
    allowed = {name: each for name, each in fields(typed).items() if name not in _OPTIONS}
    taken = {}
    for name, value in given.items():
        where = f"{path}[{name}]" if path else name
        if name not in allowed:
            raise Refused(
                f"Received unknown parameter: {where}", code="parameter_unknown", param=where, validation=True
            )
        taken[name] = _value(allowed[name], value, where, typed.__module__)
    return taken


def _value(wanted: Any, value: Any, where: str, module: str) -> Any:
    wanted = evaluated(wanted, module)
    if get_origin(wanted) in (Union, types.UnionType):
        return _one_of([evaluated(each, module) for each in get_args(wanted)], value, where, module)
    if typing_extensions.is_typeddict(wanted):
        if not isinstance(value, dict):
            raise Refused("Invalid object", param=where, validation=True)
        return _hash(wanted, value, where)
    if get_origin(wanted) is list:
        return _list(get_args(wanted)[0], value, where, module)
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            one = ", ".join(str(each) for each in get_args(wanted) if each)
            raise Refused(f"Invalid {where}: must be one of {one}", param=where, validation=True)
        return value
    if get_origin(wanted) in (dict, UntypedStripeObject):
        return _pairs(value, where)
    return _leaf(wanted, value, where)


def _pairs(value: Any, where: str) -> dict[str, str]:
    """Metadata. Keys that count from nought look like a list on the wire."""
    if isinstance(value, list):
        value = {str(number): each for number, each in enumerate(value)}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise Refused("Invalid hash", param=where, validation=True)
    return value


def _list(wanted: Any, value: Any, where: str, module: str) -> list[Any]:
    if not isinstance(value, list):
        raise Refused("Invalid array", param=where, validation=True)
    return [_value(wanted, each, f"{where}[{number}]", module) for number, each in enumerate(value)]


def _one_of(choices: list[Any], value: Any, where: str, module: str) -> Any:
    """An enumeration that is open in the types (``Literal[…] | str``) is closed here, as Stripe's is."""
    if any(get_origin(each) is Literal for each in choices) and str in choices:
        choices = [each for each in choices if each is not str]
    refused: Refused | None = None
    for each in choices:
        try:
            return _value(each, value, where, module)
        except Refused as error:
            if refused is None or error.error.get("code") == "parameter_unknown":
                refused = error
    assert refused is not None
    raise refused


def _leaf(wanted: Any, value: Any, where: str) -> Any:
    if wanted is int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise Refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=where, validation=True)
        return int(value)
    if wanted is bool:
        if value not in ("true", "false"):
            raise Refused(f"Invalid boolean: {value}", param=where, validation=True)
        return value == "true"
    if wanted is str:
        if not isinstance(value, str):
            raise Refused(f"Invalid string: {value}", param=where, validation=True)
        return value
    return value


@cache
def shape(kind: str) -> type:
    """The class of the package for objects of this kind."""
    found: Any = stripe
    for step in _CLASSES.get(kind, kind.title().replace("_", "")).split("."):
        found = getattr(found, step)
    return cast(type, found)


@cache
def _nothing(typed: type) -> dict[str, None]:
    """The fields that may be null; none of a hash with one entry per type (``payment_method_details``)."""
    allowed = fields(typed)
    kinds = {each for choice in get_args(allowed.get("type")) for each in get_args(choice)}
    if "type" in allowed and "object" not in allowed and "risk_level" not in allowed:
        return {}
    return {
        name: None
        for name, wanted in allowed.items()
        if type(None) in get_args(wanted) and name not in kinds and (typed.__name__, name) not in _HELD_BACK
    }


def completed(body: dict[str, Any], typed: type | None = None) -> dict[str, Any]:
    """Every field the package knows of is there; those the fake has nothing for are null."""
    typed = typed or shape(body["object"])
    allowed = fields(typed)
    shown = {name: value for name, value in body.items() if not name.startswith("_")}
    for name, value in shown.items():
        if isinstance(value, dict):
            inner = _class_of(allowed.get(name))
            shown[name] = completed(value, inner) if inner else value
    return {**_nothing(typed), **shown} if typed.__name__ != "Capabilities" else shown


def _class_of(wanted: Any) -> type | None:
    """Of the hash that stands in a field, when it is one with typed fields and no object of its own."""
    for each in get_args(wanted) or (wanted,):
        if isinstance(each, type) and issubclass(each, stripe.StripeObject):
            known = fields(cast(type, each))
            return each if known and "object" not in known and each.__name__ != "UntypedStripeObject" else None
    return None

"""Lists by the page, and ids expanded into objects."""

from __future__ import annotations

from typing import Any

from tests.stripe.call import Call
from tests.stripe.errors import Refused
from tests.stripe.store import Object
from tests.stripe.typed import completed

PAGING = "limit starting_after ending_before created"
_COMPARED = {
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}


def page(call: Call, url: str, found: list[Object]) -> Object:
    """``found`` is newest first."""
    params = call.params
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise Refused(f"Invalid limit: {limit}", code="parameter_invalid_integer", param="limit", validation=True)
    found = [each for each in found if _created(each, params.get("created"))]
    ids = [each["id"] for each in found]
    if "starting_after" in params:
        found = found[_place(ids, params["starting_after"], "starting_after") + 1 :]
    if "ending_before" in params:
        before = found[: _place(ids, params["ending_before"], "ending_before")]
        return listed(url, before[-limit:], len(before) > limit)
    return listed(url, found[:limit], len(found) > limit)


def listed(url: str, data: list[Object], has_more: bool = False) -> Object:
    return {"object": "list", "url": url, "has_more": has_more, "data": data}


def filtered(call: Call, *names: str) -> dict[str, Any]:
    """The filters that the caller gave."""
    return {name: call.params[name] for name in names if name in call.params}


def _place(ids: list[str], identity: str, param: str) -> int:
    if identity not in ids:
        raise Refused(f"No such object: '{identity}'", status=404, code="resource_missing", param=param)
    return ids.index(identity)


def _created(body: Object, wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, dict):
        return all(_COMPARED[name](body["created"], int(value)) for name, value in wanted.items())
    return bool(body["created"] == int(wanted))


def shown(call: Call, body: Object) -> Object:
    """As it is answered: complete, and expanded where asked."""
    answer: Object = whole(body)
    for path in call.params.get("expand", []):
        _expand(call, answer, path.split("."), path)
    return answer


def whole(body: Any) -> Any:
    """Without what the fake keeps for itself, with what it has nothing for as null, all the way down."""
    if isinstance(body, list):
        return [whole(each) for each in body]
    if not isinstance(body, dict):
        return body
    inner = {name: whole(value) for name, value in body.items() if not name.startswith("_")}
    typed = isinstance(inner.get("object"), str) and inner["object"] != "list" and "deleted" not in inner
    return completed(inner) if typed else inner


def _expand(call: Call, body: Any, steps: list[str], path: str) -> None:
    if not steps:
        return
    if isinstance(body, list):
        for each in body:
            _expand(call, each, steps, path)
        return
    name = steps[0]
    if isinstance(body, dict) and name == "line_items" and body.get("object") == "checkout.session":
        body[name] = whole(
            listed(f"/v1/checkout/sessions/{body['id']}/line_items", (call.store.any(body["id"]) or {})["_lines"])
        )
    if not isinstance(body, dict) or name not in body:
        raise Refused(f"This property cannot be expanded ({path}).", param="expand", validation=True)
    if isinstance(body[name], str):
        found = call.store.any(body[name])
        if found is None:
            raise Refused(f"This property cannot be expanded ({path}).", param="expand", validation=True)
        body[name] = whole(found)
    if body[name] is not None:
        _expand(call, body[name], steps[1:], path)

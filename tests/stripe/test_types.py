"""What the fake takes and gives is what the ``stripe`` package's types say."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from tests.servers.stripe import FakeStripe
from tests.stripe import server  # noqa: F401  (all routes)
from tests.stripe.call import ROUTES, Route
from tests.stripe.errors import Refused
from tests.stripe.strangeness import of_error, of_object
from tests.stripe.typed import accepted, fields, parameters
from tests.stripe.wire import decoded


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.pattern.pattern[:-2]}")
def test_what_is_honoured_is_typed_and_the_rest_is_refused(route: Route) -> None:
    known = set(fields(parameters(route.params)))
    assert route.honoured - known <= {"created"}
    with pytest.raises(Refused) as unknown:
        route.checked({"colour": "red"})
    assert unknown.value.error["code"] == "parameter_unknown"


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ("amount=5.0&currency=cny", "parameter_invalid_integer", "amount"),
        ("amount=1e3&currency=cny", "parameter_invalid_integer", "amount"),
        ("currency=cny", "parameter_missing", "amount"),
        ("amount=500&currency=cny&confirm=yes", None, "confirm"),
        ("amount=500&currency=cny&metadata=x", None, "metadata"),
        ("amount=500&currency=cny&shipping[colour]=red", "parameter_unknown", "shipping[colour]"),
        ("amount=500&currency=cny&setup_future_usage=always", None, "setup_future_usage"),
        ("amount=500&currency=xxx", None, "currency"),
        ("amount=500&currency=cny&transfer_data[destination]=acct_1", None, "transfer_data"),
        ("amount=500&amount[x]=1&currency=cny", None, "amount[x]"),
    ],
)
def test_wrong_parameters(fake: FakeStripe, form: str, code: str | None, param: str) -> None:
    status, answer = ask(fake, "POST", "/v1/payment_intents", form)
    assert (status, answer["error"].get("code"), answer["error"].get("param")) == (400, code, param)
    assert list(of_error(answer)) == []


def ask(fake: FakeStripe, method: str, path: str, form: str = "") -> tuple[int, Any]:
    """Plain HTTP, without the package."""
    request = urllib.request.Request(
        fake.url + path, form.encode() or None, {"Authorization": f"Bearer {fake.key}"}, method=method
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_brackets() -> None:
    form = urlencode([("a[b][c]", "1"), ("d[0]", "x"), ("d[1]", "y"), ("e[]", "p"), ("e[]", "q"), ("f[0][g]", "2")])
    assert decoded(form) == {"a": {"b": {"c": "1"}}, "d": ["x", "y"], "e": ["p", "q"], "f": [{"g": "2"}]}
    assert accepted("CustomerCreateParams", {"metadata": {"0": "zero"}}) == {"metadata": {"0": "zero"}}


def test_metadata_is_merged_and_unset(api: stripe.V1Services) -> None:
    made = api.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = api.customers.update(made.id, {"metadata": {"a": "", "c": "3"}}).metadata
    assert changed is not None
    assert changed.to_dict() == {"b": "2", "c": "3"}
    emptied = api.customers.update(made.id, {"metadata": ""}).metadata
    assert emptied is not None
    assert emptied.to_dict() == {}
    with pytest.raises(stripe.InvalidRequestError, match="500"):
        api.customers.update(made.id, {"metadata": {"a": "x" * 501}})


def test_strangeness_is_seen() -> None:
    """The judge of all the others: it would say so."""
    refund: dict[str, Any] = {"object": "refund", "id": "re_1", "amount": 5, "created": 1, "currency": "cny"}
    assert list(of_object(refund)) == []
    wrong: dict[str, Any]
    for wrong in (
        {"colour": "red"},
        {"amount": "5"},
        {"reason": "whim"},
        {"amount": None},
        {"destination_details": {}},
    ):
        assert list(of_object(refund | wrong)), wrong
    assert list(of_object({name: value for name, value in refund.items() if name != "amount"})) == [
        "refund.amount: missing"
    ]


def test_declines_are_typed(fake: FakeStripe) -> None:
    form = "amount=500&currency=cny&confirm=true&return_url=http://x&payment_method=pm_card_chargeDeclined"
    status, answer = ask(fake, "POST", "/v1/payment_intents", form)
    assert (status, list(of_error(answer))) == (402, [])


def test_balances_lists_and_deleted_objects_are_typed(fake: FakeStripe, api: stripe.V1Services) -> None:
    fake.control.fund(5, "cny")
    customer = api.customers.create({}).id
    for path in ("/v1/balance", "/v1/events", "/v1/customers", "/v1/account", "/v1/balance_transactions?limit=1"):
        assert list(of_object(ask(fake, "GET", path)[1])) == [], path
    assert ask(fake, "DELETE", f"/v1/customers/{customer}")[1] == {
        "id": customer,
        "object": "customer",
        "deleted": True,
    }

"""Trade states arrive at a real server, signed so that the convention's own library accepts them; sent again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from core import outbox
from core.house import House
from exchange.trading import service as trading
from exchange.trading.events import OrderChanged
from exchange.trading.types import OrderSnapshot
from exchange.webhooks import handlers, rules, sending
from exchange.webhooks.signing import new_secret, signature
from tests import build
from tests.build import Built
from tests.client import ApiClient
from tests.exchange.webhooks.receiver import Receiver, receiving


@given(st.binary(min_size=24, max_size=64), st.text(max_size=200), st.integers(0, 4_000_000_000))
def test_we_sign_as_the_conventions_own_library_does(key: bytes, body: str, at: int) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    theirs = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), body)
    assert signature(secret, "msg_1", at, body.encode()) == theirs


@pytest.mark.parametrize("secret", ["", "abc", "whsec_not base64!"])
def test_a_secret_of_another_form_signs_nothing(secret: str) -> None:
    with pytest.raises(ValueError):
        signature(secret, "msg_1", 1, b"{}")
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32


def test_pauses_grow_and_end() -> None:
    pauses = [rules.pause(number, 0.0) for number in range(1, rules.MOST_ATTEMPTS)]
    assert all(pause is not None for pause in pauses)
    assert sorted(pauses, key=lambda pause: pause or timedelta()) == pauses
    assert rules.pause(rules.MOST_ATTEMPTS, 0.0) is None
    assert timedelta(days=2) < sum((pause or timedelta() for pause in pauses), timedelta()) < timedelta(days=4)


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://hooks.example.com/in?x=1", True),
        ("https://203.0.114.9:8443/", True),
        ("http://hooks.example.com/in", False),
        ("https://10.0.0.8/", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://[::1]/", False),
        ("https://user:secret@hooks.example.com/", False),
        ("https://hooks.example.com/#part", False),
        ("ftp://hooks.example.com/", False),
        ("https://", False),
        ("https://hooks.example.com:99999/", False),
        ("nonsense", False),
    ],
)
def test_messages_go_to_no_network_of_ours(url: str, fits: bool) -> None:
    assert (rules.address_problem(url, ()) is None) == fits


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("http://127.0.0.1:9000/in", True),
        ("http://127.0.0.1:9001/in", False),
        ("http://8.8.8.8/in", False),
        ("http://hooks.example.com/in", False),
        ("https://8.8.8.8/in", True),
    ],
)
def test_plain_http_goes_only_to_what_is_allowed_by_name(url: str, fits: bool) -> None:
    assert (rules.address_problem(url, ("127.0.0.1:9000",)) is None) == fits


@dataclass
class Hook:
    """An endpoint of a buyer at a server that receives."""

    house: House
    receiver: Receiver
    client: ApiClient
    buyer: Built
    order: OrderSnapshot
    id: str
    secret: str

    def relay(self) -> None:
        while outbox.relay(self.house):
            pass

    def send(self, after: timedelta = timedelta()) -> int:
        if after:
            self.house.clock.advance(after)
        return sending.send_due(self.house)

    def test(self) -> None:
        self.client.post(f"/webhooks/{self.id}/test").expect(201)

    def messages(self) -> list[dict[str, Any]]:
        client = ApiClient(self.client.app).sign_in(self.buyer.email, build.PASSWORD)
        found: list[dict[str, Any]] = client.get(f"/webhooks/{self.id}/messages").expect(200).json["items"]
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def hook(app: flask.Flask, house: House, receiver: Receiver) -> Hook:
    buyer, supplier = build.organisation(house), build.organisation(house)
    build.funded(house, buyer)
    order = build.placed(house, buyer, build.listed(house, supplier))
    while outbox.relay(house):
        pass
    client = ApiClient(app, buyer.token)
    made = client.post("/webhooks", {"url": receiver.url, "description": "our books"}).expect(201).json
    return Hook(house, receiver, client, buyer, order, made["endpoint"]["id"], made["secret"])


def test_trade_states_arrive_signed(hook: Hook) -> None:
    hook.house.db.write(lambda uow: trading.pay(uow, hook.buyer.actor, hook.order.id))
    hook.relay()
    assert hook.send() == 1
    ((headers, body),) = hook.receiver.came
    said = Webhook(hook.secret).verify(body, headers)
    assert said["type"] == "order.paid"
    assert said["data"]["order_id"] == hook.order.id
    assert said["data"]["state"] == "paid"
    assert headers["webhook-id"] == hook.messages()[0]["id"]
    assert hook.messages()[0]["state"] == "delivered"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(body.replace(b"paid", b"pain"), headers)
    assert hook.send() == 0


def test_a_fact_is_written_once_however_often_it_is_heard(hook: Hook) -> None:
    paid = hook.house.db.write(lambda uow: trading.pay(uow, hook.buyer.actor, hook.order.id))
    hook.relay()
    handlers.order_changed(hook.house, OrderChanged(paid.id, paid.state, "pay", paid.version))
    assert len(hook.messages()) == 1


def test_one_that_is_told_much_holds_up_no_other(hook: Hook) -> None:
    other = ApiClient(hook.client.app, build.organisation(hook.house).token)
    theirs = other.post("/webhooks", {"url": hook.receiver.url}).expect(201).json["endpoint"]["id"]
    for _ in range(6):
        hook.test()
    other.post(f"/webhooks/{theirs}/test").expect(201)
    assert hook.send() == 5
    assert [each["state"] for each in other.get(f"/webhooks/{theirs}/messages").json["items"]] == ["delivered"]
    assert hook.send() == 2


def test_it_is_sent_again_under_the_same_id_until_it_is_taken(hook: Hook) -> None:
    hook.receiver.answers = [(500, ""), (503, ""), (302, "http://127.0.0.1:1/elsewhere"), (200, "")]
    hook.test()
    assert hook.send() == 1
    assert hook.send() == 0, "not at once"
    for pause in (6, 331, 1981):
        assert hook.send(timedelta(seconds=pause)) == 1
    assert len({headers["webhook-id"] for headers, _ in hook.receiver.came}) == 1
    assert len({headers["webhook-signature"] for headers, _ in hook.receiver.came}) == 4
    message = hook.messages()[0]
    assert (message["state"], message["attempts"]) == ("delivered", 4)
    attempts = hook.client.get(f"/webhooks/{hook.id}/messages/{message['id']}/attempts").expect(200).json["items"]
    assert [each["status"] for each in attempts] == [500, 503, 302, 200]
    assert attempts[0]["answer"] == "hello"


def test_an_endpoint_that_never_answers_is_switched_off_and_its_people_are_told(hook: Hook) -> None:
    hook.receiver.answers = [(500, "")]
    hook.test()
    for _ in range(rules.MOST_ATTEMPTS):
        hook.send(timedelta(days=1))
    assert hook.messages()[0]["state"] in ("failed", "waiting")
    client = ApiClient(hook.client.app).sign_in(hook.buyer.email, build.PASSWORD)
    shown = client.get(f"/webhooks/{hook.id}").json
    assert (shown["on"], shown["off_reason"]) == (False, "failing")
    assert client.post(f"/webhooks/{hook.id}/test").expect(409).code == "webhook_off"
    hook.relay()
    assert "webhook:stopped" in [each["code"] for each in client.get("/notices").json["items"]]
    came = len(hook.receiver.came)
    hook.receiver.answers = [(204, "")]
    again = {"url": hook.receiver.url, "description": "", "types": [], "on": True}
    client.put(f"/webhooks/{hook.id}", again).expect(200)
    message = hook.messages()[0]["id"]
    client.post(f"/webhooks/{hook.id}/messages/{message}/redeliver").expect(200)
    assert hook.send() == 1
    assert len(hook.receiver.came) == came + 1
    assert hook.messages()[0]["state"] == "delivered"


def test_one_that_says_it_is_gone_is_switched_off_at_once(hook: Hook) -> None:
    hook.receiver.answers = [(410, "")]
    hook.test()
    hook.send()
    assert hook.client.get(f"/webhooks/{hook.id}").json["off_reason"] == "gone"


def test_while_a_secret_is_exchanged_both_sign(hook: Hook) -> None:
    new = hook.client.post(f"/webhooks/{hook.id}/rotate").expect(201).json["secret"]
    hook.test()
    hook.send()
    headers, body = hook.receiver.came[0]
    for secret in (hook.secret, new):
        assert Webhook(secret).verify(body, headers)["type"] == "webhook.test"
    hook.house.clock.advance(timedelta(hours=25))
    client = ApiClient(hook.client.app).sign_in(hook.buyer.email, build.PASSWORD)
    client.post(f"/webhooks/{hook.id}/test").expect(201)
    hook.send()
    headers, _ = hook.receiver.came[1]
    assert headers["webhook-signature"].count("v1,") == 1


def test_only_what_is_asked_for_and_only_of_the_own_orders(hook: Hook) -> None:
    only = {"url": hook.receiver.url, "description": "", "types": ["dispute.opened"]}
    hook.client.put(f"/webhooks/{hook.id}", only).expect(200)
    outsider = build.organisation(hook.house)
    ApiClient(hook.client.app, outsider.token).post("/webhooks", {"url": hook.receiver.url}).expect(201)
    hook.house.db.write(lambda uow: trading.pay(uow, hook.buyer.actor, hook.order.id))
    hook.relay()
    assert hook.send() == 0
    body = {"ground": "quality", "text": "rows are missing"}
    hook.client.post(f"/orders/{hook.order.id}/disputes", body).expect(201)
    hook.relay()
    assert hook.send() == 1
    assert json.loads(hook.receiver.came[0][1])["type"] == "dispute.opened"


def test_secrets_are_shown_once_and_lie_sealed(hook: Hook) -> None:
    shown = json.dumps([hook.client.get("/webhooks").json, hook.client.get(f"/webhooks/{hook.id}").json])
    assert "whsec_" not in shown

    def stored(uow: Any) -> bytes:
        from exchange.webhooks.models import WebhookEndpoint

        return bytes(uow.session.get_one(WebhookEndpoint, hook.id).sealed)

    assert hook.secret.encode() not in hook.house.db.read(stored)


def test_others_and_other_roles_see_nothing(hook: Hook, app: flask.Flask) -> None:
    hook.test()
    message = hook.messages()[0]["id"]
    outsider = ApiClient(app, build.organisation(hook.house).token)
    for path in ("", "/messages", f"/messages/{message}/attempts"):
        assert outsider.get(f"/webhooks/{hook.id}{path}").expect(404).code == "webhook_not_found"
    assert outsider.delete(f"/webhooks/{hook.id}").expect(404)
    officer = ApiClient(app, build.platform_person(hook.house, "officer").token)
    officer.get("/webhooks").expect(403)
    assert outsider.post("/webhooks", {"url": "http://10.0.0.1/"}).expect(422).json["field"] == "url"
    assert outsider.post("/webhooks", {"url": hook.receiver.url, "types": ["order.eaten"]}).expect(422)
    hook.client.delete(f"/webhooks/{hook.id}").expect(204)
    assert hook.client.get("/webhooks").json["items"] == []
    assert hook.send() == 0


def test_what_the_buyers_people_settle_among_themselves_is_not_told_to_the_supplier(
    app: flask.Flask, house: House
) -> None:
    """No message, no notice, no step and no requirement says that somebody of the buyer had to be asked."""
    supplier, owner = build.organisation(house), build.organisation(house)
    clerk, account = build.member(house, owner, "buyer"), "/organisation/spending-limits/"
    buyers, sellers, listing = (
        ApiClient(app, owner.token),
        ApiClient(app, supplier.token),
        build.listed(house, supplier),
    )
    assert listing.offer is not None
    buyers.put(f"{account}{clerk.actor.account_id}", {"amount": "1.00"}).expect(200)
    hooks = {
        each: each.post("/webhooks", {"url": "https://hooks.example.com/"}).expect(201) for each in (buyers, sellers)
    }
    body = {"listing_id": listing.id, "offer_id": listing.offer.id, "purpose": "training", "accept_terms": True}
    order = ApiClient(app, clerk.token).post("/orders", body).expect(201).json
    assert order["state"] == "agreed"
    path = f"/orders/{order['id']}"
    assert sellers.get(f"{path}/requirements").expect(200).json["items"] == []
    for name in ("spending.buyer", "contract.buyer"):
        assert "spending" not in str(sellers.post(f"{path}/requirements/{name}", {}).expect(404).json)
    buyers.post(f"{path}/requirements/spending.buyer", {}).expect(200)
    while outbox.relay(house):
        pass

    def told(client: ApiClient) -> list[str]:
        found = client.get(f"/webhooks/{hooks[client].json['endpoint']['id']}/messages").expect(200).json["items"]
        return sorted(json.loads(each["payload"])["data"]["action"] for each in found)

    def steps(client: ApiClient) -> list[str]:
        return [each["action"] for each in client.get(f"{path}/decisions").expect(200).json["items"]]

    assert (told(buyers), steps(buyers)) == (["agree", "meet_spending", "place"], ["agree", "meet_spending", "place"])
    assert (told(sellers), steps(sellers)) == (["place"], ["place"])
    assert "spending" not in str(sellers.get("/notices").expect(200).json)
    assert "spending" not in str(sellers.get(f"/audit/entries?object_id={order['id']}").json)

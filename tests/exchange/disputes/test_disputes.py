"""A dispute from opening to ruling, through the HTTP API: what stands still, what it moves, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import flask
import pytest

from billing import queries as billing
from billing.ledger import queries as ledger
from billing.settlement import queries as settlement
from compliance.audit import checkpoints, sequencer, verifier
from core.house import House
from exchange.trading import service as trading
from tests import build
from tests.client import Answer, ApiClient

SAID = {"ground": "quality", "text": "Half of the stations have no temperatures."}


@dataclass
class Scene:
    """An order at ¥1,000.00 that was paid, and everybody who has to do with it."""

    house: House
    buyer: ApiClient
    supplier: ApiClient
    officer: ApiClient
    outsider: ApiClient
    people: list[build.Built]
    order_id: str

    @property
    def path(self) -> str:
        return f"/orders/{self.order_id}"

    def wait(self, **time: int) -> None:
        """Let time pass; sessions end meanwhile, and everybody signs in again."""
        self.house.clock.advance(timedelta(**time))
        clients = (self.buyer, self.supplier, self.officer)
        for client, person in zip(clients, self.people, strict=True):
            client.token = ApiClient(client.app).sign_in(person.email, build.PASSWORD).token

    def open(self, **more: Any) -> str:
        found: str = self.buyer.post(f"{self.path}/disputes", SAID | more).expect(201).json["id"]
        return found

    def answered(self, **more: Any) -> str:
        dispute_id = self.open(**more)
        self.supplier.post(f"/disputes/{dispute_id}/statements", {"text": "They were out of order."}).expect(201)
        return dispute_id

    def rule(self, dispute_id: str, outcome: str, **more: Any) -> Answer:
        body = {"outcome": outcome, "reason": "as the samples show"} | more
        return self.officer.post(f"/disputes/{dispute_id}/ruling", body)

    def state(self) -> str:
        return str(self.buyer.get(self.path).expect(200).json["state"])

    def balance(self) -> str:
        return str(self.buyer.get("/balance").expect(200).json["available"])

    def owed(self) -> tuple[int, int]:
        found = self.house.db.read(lambda uow: settlement.totals(uow, self.people[1].actor))
        return found.on_hold, found.available

    def sound(self) -> bool:
        zero = set(self.house.db.read(ledger.trial_balance).values()) <= {0}
        return zero and self.house.db.read(billing.faults) == []


@pytest.fixture
def scene(app: flask.Flask, house: House) -> Scene:
    supplier, buyer, outsider = (build.organisation(house) for _ in range(3))
    build.funded(house, buyer)
    order = build.paid(house, buyer, build.listed(house, supplier))
    officer = build.platform_person(house, "officer")
    ours, theirs, judge, other = (ApiClient(app, each.token) for each in (buyer, supplier, officer, outsider))
    return Scene(house, ours, theirs, judge, other, [buyer, supplier, officer], order.id)


def test_a_refund_in_part(scene: Scene) -> None:
    dispute_id = scene.open(amount="400.00")
    shown = scene.supplier.get(f"/disputes/{dispute_id}").expect(200).json
    assert (shown["state"], shown["asked"], len(shown["concerns"])) == ("open", "400.00", 1)
    assert scene.buyer.post(f"{scene.path}/accept").expect(409).code == "order_disputed"
    scene.wait(days=scene.house.settings.acceptance_days + 1)
    assert trading.tick(scene.house) == 0
    assert scene.owed() == (100_000, 0)
    scene.supplier.post(f"/disputes/{dispute_id}/statements", {"text": "Only two of ninety."}).expect(201)
    ruled = scene.rule(dispute_id, "part", amount="265.00").expect(200).json
    assert (ruled["state"], ruled["outcome"], ruled["refunded"]) == ("ruled", "part", "265.00")
    assert ruled["concerns"][0]["credited"] == "265.00"
    assert scene.state() == "accepted"
    assert scene.balance() == "99205.00"
    assert scene.owed() == (0, 67_500)
    note = scene.buyer.get(f"/invoices/{ruled['concerns'][0]['credit_note_id']}").expect(200).json
    assert (note["kind"], note["net"], note["tax"], note["gross"]) == ("credit_note", "-250.00", "-15.00", "-265.00")
    assert scene.sound()


def test_a_refund_in_full_undoes_the_order(scene: Scene) -> None:
    dispute_id = scene.answered()
    scene.rule(dispute_id, "full").expect(200)
    shown = scene.buyer.get(scene.path).json
    assert (shown["state"], shown["entitlement"]["state"], scene.balance()) == ("refunded", "revoked", "100000.00")
    assert scene.owed() == (0, 0)
    assert scene.sound()


@pytest.mark.parametrize("end", ["withdraw", "dismiss"])
def test_an_order_goes_on_with_the_time_that_stood_still(scene: Scene, end: str) -> None:
    before = scene.buyer.get(scene.path).json["accept_by"]
    dispute_id = scene.answered()
    scene.wait(days=30)
    if end == "withdraw":
        scene.buyer.post(f"/disputes/{dispute_id}/withdraw", {"reason": "we were mistaken"}).expect(200)
    else:
        scene.rule(dispute_id, "dismissed").expect(200)
    after = scene.buyer.get(scene.path).json["accept_by"]
    assert after > before
    assert trading.tick(scene.house) == 0
    scene.wait(days=scene.house.settings.acceptance_days)
    assert trading.tick(scene.house) == 1
    assert (scene.state(), scene.owed()) == ("accepted", (0, 90_000))
    assert scene.sound()


def test_within_the_warranty_the_supplier_owes_what_it_was_paid(scene: Scene) -> None:
    scene.buyer.post(f"{scene.path}/accept").expect(200)
    assert scene.owed() == (0, 90_000)
    scene.wait(days=29)
    scene.rule(scene.answered(), "part", amount="106.00").expect(200)
    assert scene.owed() == (0, 81_000)
    scene.rule(scene.answered(), "full").expect(200)
    assert scene.owed() == (0, 0)
    assert (scene.state(), scene.balance()) == ("refunded", "100000.00")
    assert scene.sound()


def test_after_the_warranty_it_is_too_late(scene: Scene) -> None:
    scene.buyer.post(f"{scene.path}/accept").expect(200)
    scene.wait(days=30, minutes=1)
    answer = scene.buyer.post(f"{scene.path}/disputes", SAID).expect(409)
    assert answer.code == "dispute_too_late"
    assert scene.buyer.get("/disputes").json["items"] == []


def test_evidence_goes_both_ways_and_nobody_else_reads_it(scene: Scene) -> None:
    dispute_id = scene.open()
    path = f"/disputes/{dispute_id}/evidence"
    for who, content in ((scene.buyer, b"day,station\n"), (scene.supplier, b"%PDF-1.7 the sensors' log")):
        who.send("POST", f"{path}?name=log.csv&text=our+log", data=content).expect(201)
    said = scene.officer.get(f"/disputes/{dispute_id}/statements").json["items"]
    assert [each["side"] for each in said] == ["buyer", "buyer", "supplier"]
    assert scene.buyer.get(f"{path}/3").expect(200).body == b"%PDF-1.7 the sensors' log"
    assert scene.officer.get(f"{path}/2").expect(200).body == b"day,station\n"
    assert scene.supplier.get(f"{path}/1").expect(404).code == "evidence_not_found"
    for asked in (path + "/2", f"/disputes/{dispute_id}", f"/disputes/{dispute_id}/statements"):
        assert scene.outsider.get(asked).expect(404).code == "dispute_not_found"
    assert scene.outsider.send("POST", f"{path}?name=x", data=b"x").expect(404).code == "dispute_not_found"
    assert scene.buyer.send("POST", f"{path}?name=empty.txt", data=b"").expect(422).json["field"] == "file"
    assert len(scene.officer.get(f"/disputes/{dispute_id}/statements").json["items"]) == 3


def _by_supplier(scene: Scene, dispute_id: str) -> Answer:
    return scene.supplier.post(f"/disputes/{dispute_id}/ruling", {"outcome": "dismissed", "reason": "we are right"})


def _by_buyer(scene: Scene, dispute_id: str) -> Answer:
    return scene.buyer.post(f"/disputes/{dispute_id}/ruling", {"outcome": "full", "reason": "we are right"})


def _withdrawn_by_supplier(scene: Scene, dispute_id: str) -> Answer:
    return scene.supplier.post(f"/disputes/{dispute_id}/withdraw", {"reason": "please do"})


def _unheard(scene: Scene, dispute_id: str) -> Answer:
    return scene.rule(dispute_id, "full")


def _twice(scene: Scene, dispute_id: str) -> Answer:
    return scene.buyer.post(f"{scene.path}/disputes", SAID)


@pytest.mark.parametrize(
    ("deed", "status", "code"),
    [
        (_by_supplier, 403, "own_dispute"),
        (_by_buyer, 403, "own_dispute"),
        (_withdrawn_by_supplier, 403, "not_the_buyer"),
        (_unheard, 409, "answer_awaited"),
        (_twice, 409, "order_disputed"),
    ],
)
def test_what_is_refused_leaves_everything(
    scene: Scene, deed: Callable[[Scene, str], Answer], status: int, code: str
) -> None:
    dispute_id = scene.open()
    before = scene.buyer.get(f"/disputes/{dispute_id}").json, scene.buyer.get(scene.path).json
    assert deed(scene, dispute_id).expect(status).code == code
    assert (scene.buyer.get(f"/disputes/{dispute_id}").json, scene.buyer.get(scene.path).json) == before
    assert scene.balance() == "98940.00"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"outcome": "part", "amount": "1060.01"}, 422, "credit_too_large"),
        ({"outcome": "part", "amount": "0.00"}, 422, "amount_invalid"),
        ({"outcome": "part"}, 422, "invalid"),
        ({"outcome": "full", "amount": "1.00"}, 422, "invalid"),
        ({"outcome": "half"}, 422, "invalid"),
    ],
)
def test_a_ruling_that_cannot_be_moves_nothing(scene: Scene, body: dict[str, str], status: int, code: str) -> None:
    dispute_id = scene.answered()
    assert scene.rule(dispute_id, **body).expect(status).code == code
    assert scene.buyer.get(f"/disputes/{dispute_id}").json["state"] == "answered"
    assert (scene.balance(), scene.owed()) == ("98940.00", (100_000, 0))


@pytest.mark.parametrize(
    "body",
    [
        {"concerns": [{"invoice_id": "inv_01jc9x2m5t7rqk8v4e6b0wz3np"}]},
        {"files": ["fil_01jc9x2m5t7rqk8v4e6b0wz3np"]},
        {"concerns": []},
        {"ground": "mood"},
        {"amount": "many"},
    ],
)
def test_a_dispute_about_something_else_is_none(scene: Scene, body: dict[str, Any]) -> None:
    scene.buyer.post(f"{scene.path}/disputes", SAID | body).expect(422)
    assert scene.buyer.get("/disputes").json["items"] == []
    scene.buyer.post(f"{scene.path}/accept").expect(200)


def test_an_order_that_is_not_paid_is_not_disputed(scene: Scene, house: House, app: flask.Flask) -> None:
    supplier, buyer = build.organisation(house), build.organisation(house)
    order = build.placed(house, buyer, build.listed(house, supplier))
    client = ApiClient(app, buyer.token)
    assert client.post(f"/orders/{order.id}/disputes", SAID).expect(409).code == "order_state"
    assert ApiClient(app, supplier.token).post(f"/orders/{order.id}/disputes", SAID).expect(403)
    assert scene.outsider.post(f"/orders/{order.id}/disputes", SAID).expect(404).code == "order_not_found"


def test_an_officer_of_a_party_does_not_rule(scene: Scene) -> None:
    from compliance.policy import Resource, decide
    from core.actor import Actor

    thing = Resource("dispute", "dsp_1", {"buyer": "org_b", "supplier": "org_a", "state": "answered"})
    for own in ("org_a", "org_b"):
        officer = Actor("acc_1", own, frozenset(), frozenset({"officer"}), qualification=2)
        assert not decide(officer, "dispute:rule", thing).permitted
    assert decide(Actor("acc_1", platform_roles=frozenset({"officer"})), "dispute:rule", thing).permitted


def test_two_officers_at_the_same_moment_refund_once(scene: Scene) -> None:
    dispute_id = scene.answered()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda amount: scene.rule(dispute_id, "part", amount=amount), ("100.00", "200.00")))
    assert sorted(each.status for each in answers) == [200, 409]
    refunded = next(each.json["refunded"] for each in answers if each.status == 200)
    assert scene.balance() == {"100.00": "99040.00", "200.00": "99140.00"}[refunded]
    assert scene.sound()


def test_the_evidence_bundle_tells_of_it_and_verifies(scene: Scene) -> None:
    dispute_id = scene.answered()
    scene.rule(dispute_id, "part", amount="100.00").expect(200)
    while sequencer.run(scene.house):
        pass
    checkpoints.sign(scene.house)
    report = verifier.verify(verifier.unpacked(scene.buyer.get(f"{scene.path}/bundle").expect(200).body))
    told = [entry["action"] for _, entry in report.entries if entry["object"] == scene.order_id]
    assert [action for action in told if action.startswith("dispute:")] == [
        "dispute:open", "dispute:state", "dispute:rule_part",
    ]  # fmt: skip
    steps = [step["action"] for step in scene.buyer.get(f"{scene.path}/decisions").json["items"]]
    assert steps == ["place", "pay", "dispute", "dispute_rule_part"]


def test_time_that_a_freeze_and_a_dispute_stood_still_together_is_given_back_once(scene: Scene) -> None:
    def accept_by() -> str:
        return str(scene.buyer.get(scene.path).expect(200).json["accept_by"])

    def later(days: int) -> str:
        return (datetime.fromisoformat(first) + timedelta(days=days)).isoformat().replace("+00:00", "Z")

    first = accept_by()
    scene.officer.post(f"{scene.path}/freeze", {"reason": "a question"}).expect(200)
    scene.wait(days=2)
    dispute_id = scene.open()
    scene.wait(days=3)
    scene.officer.post(f"{scene.path}/release").expect(200)
    scene.wait(days=4)
    scene.officer.post(f"{scene.path}/freeze", {"reason": "another question"}).expect(200)
    scene.wait(days=5)
    scene.buyer.post(f"/disputes/{dispute_id}/withdraw", {"reason": "It was found."}).expect(200)
    scene.wait(days=6)
    scene.officer.post(f"{scene.path}/release").expect(200)
    assert abs(datetime.fromisoformat(accept_by()) - datetime.fromisoformat(later(20))) < timedelta(minutes=5)


def test_who_disputes_again_and_again_does_not_hold_the_money_up_for_ever(scene: Scene) -> None:
    for _ in range(3):
        scene.rule(scene.answered(), "dismissed").expect(200)
    assert scene.buyer.post(f"{scene.path}/disputes", SAID).expect(409).code == "disputed_often"
    scene.wait(days=scene.house.settings.acceptance_days + 1)
    assert trading.tick(scene.house) == 1
    assert scene.state() == "accepted"


@pytest.mark.parametrize(("role", "shown"), [("finance", 1), ("developer", 0)])
def test_what_was_charged_is_for_those_who_see_the_books(scene: Scene, role: str, shown: int) -> None:
    dispute_id = scene.answered()
    for side in scene.people[:2]:
        member = ApiClient(scene.buyer.app, build.member(scene.house, side, role).token)
        found = member.get(f"/disputes/{dispute_id}").expect(200).json
        (listed,) = member.get(f"/disputes?order_id={scene.order_id}").expect(200).json["items"]
        assert (len(found["concerns"]), len(listed["concerns"])) == (shown, shown)
        assert found["state"] == "answered"
    assert len(scene.officer.get(f"/disputes/{dispute_id}").expect(200).json["concerns"]) == 1

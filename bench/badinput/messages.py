"""Messages that say they are the payment processor's: forged, old, of others, of no kind, huge, and come again."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from typing import Any

from stripe import WebhookSignature

from bench.badinput.sheet import Case
from bench.badinput.till import Till
from bench.client import Reply
from billing.payments.types import PaymentState
from billing.processor.views import ADDRESS

_HUGE = 10_000_000
_NOT_SIGNED = (400, "signature_invalid")
_INVALID = (422, "message_invalid")
_NOTED = ("processor_event",)
_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: localhost\r\nStripe-Signature: t=1,v1=00\r\nConnection: close\r\n{length}\r\n\r\n"
)


def play(till: Till) -> None:
    _forged(till)
    _untrue(till)
    _again(till)
    _foreign(till)
    _unreadable(till)
    _huge(till)


def signed(raw: str, secret: str, at: int | None = None) -> str:
    return str(WebhookSignature.generate_signature_header(raw, secret, at))


def send(till: Till, raw: str, header: str) -> Reply:
    return till.person(till.owner).send("POST", ADDRESS, raw.encode(), Stripe_Signature=header)


def event(till: Till, **changed: Any) -> str:
    """One that says that the open payment is paid."""
    session = {"object": "checkout.session", "id": till.waiting.session_id, "status": "complete",
               "payment_status": "paid", "amount_total": 9_999_999, "currency": "cny"}  # fmt: skip
    made = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": session}} | changed
    return json.dumps(made)


def _forged(till: Till) -> None:
    raw, secret = event(till), till.stripe.secret
    changed = signed(raw.replace("9999999", "1"), secret)
    for what, header in {
        "not signed": "", "signed with another secret": signed(raw, "whsec_other"), "signed with nonsense": "t=,v1=x",
        "signed six minutes ago": signed(raw, secret, int(time.time()) - 360), "changed after signing": changed,
    }.items():  # fmt: skip
        with till.sheet.case(f"a message that a payment arrived, {what}") as case:
            case.replied(send(till, raw, header), _NOT_SIGNED)


def _untrue(till: Till) -> None:
    """The object is looked at, and it is not paid. Its page is noted, and when it was looked at."""
    raw, before = event(till, id="evt_2"), till.balance()
    with till.sheet.case("a signed message that a payment arrived, which is not so", may_change=_NOTED) as case:
        _accepted(case, send(till, raw, signed(raw, till.stripe.secret)), "done")
        state = till.payment(till.waiting.id).state
        case.say(f"the payment is {state}")
        case.check((state, till.balance()) == (PaymentState.OPEN, before), "it was believed")


def _again(till: Till) -> None:
    raw = json.dumps(till.stripe.control.events("checkout.session.completed")[0])
    for what, outcome, noted in (
        ("a true message of what is booked", "done", _NOTED), ("the same message again", "known", ()),
    ):  # fmt: skip
        with till.sheet.case(what, may_change=noted) as case:
            _accepted(case, send(till, raw, signed(raw, till.stripe.secret)), outcome)


def _foreign(till: Till) -> None:
    intent = {"object": {"object": "payment_intent", "id": "pi_of_others"}}
    for what, changed in (
        ("a message about another account", {"id": "evt_3", "account": "acct_other", "data": intent}),
        ("a message about a payment that is not ours", {"id": "evt_4", "data": intent}),
        (
            "a message of an unknown type",
            {"id": "evt_5", "type": "mars.landed", "data": {"object": {"object": "mars"}}},
        ),
    ):
        raw = event(till, **changed)
        with till.sheet.case(what, may_change=_NOTED) as case:
            _accepted(case, send(till, raw, signed(raw, till.stripe.secret)), "ignored")


def _unreadable(till: Till) -> None:
    for what, raw in (
        ("no JSON", "{"), ("a list", "[]"), ("without an object", '{"id":"evt_6","type":"x"}'),
        ("nested 20,000 deep", "[" * 20_000), ("with an id of 1,000 letters", event(till, id="e" * 1_000)),
    ):  # fmt: skip
        with till.sheet.case(f"a signed message, {what}") as case:
            case.replied(send(till, raw, signed(raw, till.stripe.secret)), _INVALID)


def _huge(till: Till) -> None:
    chunked = b"".join(b"10000\r\n" + b"x" * 65_536 + b"\r\n" for _ in range(_HUGE // 65_536)) + b"0\r\n\r\n"
    for what, length, body in (
        ("a message of 10 MB", f"Content-Length: {_HUGE}", b"x" * _HUGE),
        ("a message of 10 MB in chunks that do not say how many", "Transfer-Encoding: chunked", chunked),
    ):
        with till.sheet.case(what) as case:
            case.replied(_posted(till, length, body), (413, "message_too_large"))


def _posted(till: Till, length: str, body: bytes) -> Reply:
    """Whoever is refused may find the connection closed before all is sent."""
    with socket.create_connection(("127.0.0.1", till.running.port), timeout=60) as connection:
        connection.sendall(_HEAD.format(path=ADDRESS, length=length).encode())
        with suppress(OSError):
            connection.sendall(body)
        try:
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        except OSError:
            return Reply(0, {"code": "connection broken"}, {}, 0.0)
    status, _, told = answer.partition(b"\r\n\r\n")
    return Reply(int(status.split()[1]), json.loads(told), {}, 0.0)


def _accepted(case: Case, reply: Reply, outcome: str) -> None:
    case.say(f"{reply.status} {reply.body.get('outcome') or reply.body}")
    case.check((reply.status, reply.body.get("outcome")) == (200, outcome), f"expected 200 {outcome}")

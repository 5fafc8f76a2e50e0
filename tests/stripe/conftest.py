"""One fake Stripe in a process of its own for these tests, as if freshly started for each; its clients; a receiver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from tests.servers.stripe import FakeStripe, answering
from tests.stripe.client import Control
from tests.stripe.strangeness import of_object

KINDS = (
    "account", "balance_transaction", "charge", "checkout.session", "customer", "dispute", "event", "file",
    "payment_intent",
    "payment_method", "payout", "refund", "setup_intent", "transfer", "transfer_reversal",
)  # fmt: skip


@pytest.fixture(scope="session")
def process() -> Iterator[FakeStripe]:
    with answering() as running:
        yield running


@pytest.fixture
def fake(process: FakeStripe) -> Iterator[FakeStripe]:
    """Whatever a test made is held against the types of the package."""
    process.control.notify("")
    process.control.reset()
    yield process
    made = [each for kind in KINDS for each in process.control.objects(kind)]
    assert [line for each in made for line in of_object(each)] == []


@pytest.fixture
def control(fake: FakeStripe) -> Control:
    return fake.control


def client_of(fake: FakeStripe, account: str | None = None) -> stripe.StripeClient:
    return stripe.StripeClient(
        fake.key, stripe_account=account, base_addresses={"api": fake.url, "files": fake.url}, max_network_retries=0
    )


@pytest.fixture
def api(fake: FakeStripe) -> stripe.V1Services:
    return client_of(fake).v1


@dataclass
class Receiver:
    """Where webhooks arrive. The next answers are taken from ``statuses``, then 200."""

    url: str = ""
    secret: str = ""
    got: list[tuple[bytes, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def events(self) -> list[stripe.Event]:
        """All that arrived, each verified as the product would."""
        return [stripe.Webhook.construct_event(body, header, self.secret) for body, header in self.got]


@pytest.fixture
def receiver(fake: FakeStripe) -> Iterator[Receiver]:
    kept = Receiver(secret=fake.secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((body, self.headers.get("Stripe-Signature", "")))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks"
    fake.control.notify(kept.url)
    yield kept
    fake.control.notify("")
    server.shutdown()
    server.server_close()

"""Where the processor sends its messages: outside of the API, for it signs in by its signature alone."""

from __future__ import annotations

import flask

from billing.processor import inbox
from billing.processor.errors import MessageTooLarge
from core.house import House
from core.http import answer_error, respond
from core.problems import DomainError, Sentence

ADDRESS = "/webhooks/stripe"


def mount(app: flask.Flask, house: House) -> None:
    def receive() -> flask.Response:
        try:
            outcome = inbox.receive(house, _body(), flask.request.headers.get("Stripe-Signature", ""))
        except DomainError as error:
            return answer_error(error)
        return respond(200, {"outcome": outcome})

    app.add_url_rule(ADDRESS, "processor_webhook", receive, methods=["POST"])


def _body() -> bytes:
    """The raw bytes, which the signature is over; no more of them than a message has."""
    too_large = MessageTooLarge(Sentence("At most %(most)s bytes.", most=inbox.MOST_BYTES))
    if (flask.request.content_length or 0) > inbox.MOST_BYTES:
        raise too_large
    body = flask.request.stream.read(inbox.MOST_BYTES + 1)
    if len(body) > inbox.MOST_BYTES:
        raise too_large
    return body

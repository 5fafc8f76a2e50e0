"""What webhooks refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class EndpointNotFound(NotFound):
    code, title = "webhook_not_found", "There is no such endpoint of webhooks"


class MessageNotFound(NotFound):
    code, title = "webhook_message_not_found", "There is no such message"


class TooManyEndpoints(Conflict):
    code, title = "too_many_webhooks", "The organisation has as many endpoints as it may have"


class EndpointOff(Conflict):
    code, title = "webhook_off", "The endpoint is switched off"


class AddressRefused(Invalid):
    code, title = "webhook_address", "Webhooks are not sent to such an address"

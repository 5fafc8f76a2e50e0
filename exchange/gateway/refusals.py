"""What the gateway says no with: stable codes, each with its status, as RFC 9457 problem documents made beforehand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no, ready to be sent. ``close`` says that nothing more can be read from this connection."""

    code: str
    status: int
    title: str
    close: bool = False
    headers: bytes = b""
    body: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        document = {"type": f"/problems/{self.code}", "title": self.title, "status": self.status, "code": self.code}
        object.__setattr__(self, "body", json.dumps(document).encode() + b"\n")

    def with_headers(self, headers: bytes) -> Refusal:
        """The same, with lines that belong to this one only."""
        return replace(self, headers=headers)


def _refusals(*rows: tuple[str, int, str], close: bool = False, headers: bytes = b"") -> dict[str, Refusal]:
    return {code: Refusal(code, status, title, close, headers) for code, status, title in rows}


_CHALLENGE = b'WWW-Authenticate: Bearer realm="piaohao"\r\n'

REFUSALS: dict[str, Refusal] = (
    _refusals(
        ("credential_missing", 401, "Send an API key or an access token"),
        ("credential_unknown", 401, "This credential is not known"),
        ("credential_expired", 401, "This credential has expired"),
        ("credential_revoked", 401, "This credential was revoked"),
        ("token_invalid", 401, "This access token is not valid"),
        headers=_CHALLENGE,
    )
    | _refusals(
        ("interface_not_found", 404, "There is no such interface"),
        ("operation_not_found", 404, "The interface has no such operation"),
        ("not_found", 404, "Not found"),
        ("method_not_allowed", 405, "The operation is not called by this method"),
        ("organisation_suspended", 403, "The organisation is suspended"),
        ("no_entitlement", 403, "The organisation has no licence for this interface"),
        ("licence_expired", 403, "The licence has expired"),
        ("licence_not_started", 403, "The licence has not started yet"),
        ("licence_revoked", 403, "The licence was revoked"),
        ("order_frozen", 403, "The order is frozen"),
        ("tier_not_permitted", 403, "The organisation may not use data of this sensitivity"),
        ("contract_needed", 403, "The interface's tier asks for a contract that is not signed yet"),
        ("listing_stopped", 403, "A compliance officer has stopped what is licensed until it has been reviewed again"),
        ("nda_needed", 403, "The interface's tier asks for an agreement of confidentiality that is not signed yet"),
        ("subscription_unpaid", 402, "A fee of the subscription was not paid in time; calls go on when it is"),
        ("invoice_overdue", 402, "An invoice was not paid though it is long due; calls go on when it is paid"),
        ("quota_needed", 403, "The interface's tier asks for a quota that the licence does not have"),
        ("qualification_needed", 403, "The organisation's qualification does not reach the interface's tier"),
        ("country_needed", 403, "The organisation's country is not known"),
        ("country_not_permitted", 403, "The interface's tier is for organisations of this country only"),
        ("in_platform_compute_not_built", 403, "The tier is computed on inside the platform only, which is not built"),
        ("enclave_not_built", 403, "The tier is used inside the supplier's enclave only, which is not built"),
        ("delivery_not_permitted", 403, "The data must not be delivered this way"),
        ("licence_unreadable", 403, "The licence says something that is not understood here, so it allows nothing"),
        ("export_blocked", 403, "Data of the interface's tier does not leave the country"),
        ("export_threshold_reached", 403, "Too many persons' data would leave the country this year"),
        ("export_not_countable", 403, "The persons in this data cannot be counted, so it does not leave the country"),
        ("export_persons_lost", 403, "What tells of the persons in exported data is lost, so none of it goes abroad"),
        ("territory_not_permitted", 403, "The licence does not cover this country"),
        ("recipient_not_permitted", 403, "The licence does not cover this recipient"),
        ("purpose_not_declared", 403, "No licence was given for this purpose"),
        ("purpose_needed", 403, "Say the licence's purpose in the header Data-Purpose"),
        ("interface_withdrawn", 403, "The interface is not offered any more"),
        ("scope_missing", 403, "This credential is not meant for this interface"),
        ("rate_limited", 429, "Too many calls; the licence allows fewer in this time"),
        ("concurrency_limited", 429, "Too many calls at once"),
        ("quota_exhausted", 429, "The quota of this period is used up"),
        ("quota_in_flight", 429, "All that is left of the quota is reserved by calls under way"),
        ("trial_exhausted", 429, "The trial calls are used up"),
        ("balance_insufficient", 402, "The balance does not cover another call"),
        ("balance_in_flight", 402, "All that is left of the balance is reserved by calls under way"),
    )
    | _refusals(
        ("gateway_stale", 503, "The gateway does not know the present state; try again soon"),
        ("metering_stopped", 503, "Calls cannot be metered at the moment, so none is served"),
        ("file_unavailable", 503, "The file cannot be read at the moment"),
        ("gateway_busy", 503, "Too many connections; try again soon"),
        headers=b"Retry-After: 5\r\n",
    )
    | _refusals(
        ("upstream_unresolved", 502, "The supplier's address cannot be found"),
        ("upstream_address_refused", 502, "The supplier's address is not one that may be called"),
        ("upstream_unreachable", 502, "The supplier's service cannot be reached"),
        ("upstream_tls", 502, "The supplier's certificate cannot be trusted"),
        ("upstream_closed", 502, "The supplier's service closed the connection"),
        ("upstream_malformed", 502, "The supplier's service answered something that is not HTTP"),
        ("upstream_unreadable", 502, "The supplier's answer does not say what it is, so it has no price"),
        ("upstream_redirected", 502, "The supplier's service sent the call elsewhere; redirects are not followed"),
        ("upstream_timeout", 504, "The supplier's service did not answer in time"),
    )
    | _refusals(
        ("upstream_busy", 503, "Too many calls to the supplier's service at once"), headers=b"Retry-After: 1\r\n"
    )
    | _refusals(
        ("credential_repeated", 400, "Send one credential, once"),
        ("path_malformed", 400, "The path is not spelled in the one way that is understood"),
        ("purpose_malformed", 400, "The header Data-Purpose is not a purpose"),
        ("territory_malformed", 400, "The header Data-Territory is not the code of one country"),
        ("recipient_malformed", 400, "The header Data-Recipient is not the id of one organisation"),
        ("ticket_unknown", 404, "There is no such delivery"),
        ("ticket_expired", 403, "This address has expired; ask for a fresh one"),
        ("link_of_another", 403, "This address opens to a live credential of the organisation that it was given to"),
        ("link_used_up", 403, "All tries of this address are used up; ask for a fresh one"),
        ("range_not_satisfiable", 416, "The file has no such range"),
    )
    | _refusals(
        ("request_malformed", 400, "This is not a request of HTTP/1.1"),
        ("framing_ambiguous", 400, "The length of the request's body is not stated in one clear way"),
        ("host_invalid", 400, "A request has exactly one header Host"),
        ("target_not_origin", 400, "The request's target must be a path; this is no proxy"),
        ("request_timeout", 408, "The request did not arrive in time"),
        ("body_too_large", 413, "The request's body is too large"),
        ("request_line_too_long", 414, "The request's target is too long"),
        ("expectation_failed", 417, "Only 100-continue can be expected"),
        ("headers_too_large", 431, "The request's headers are too large"),
        ("method_not_implemented", 501, "The method is not known here"),
        ("upgrade_not_supported", 501, "Upgrades, such as WebSocket, are not supported"),
        ("transfer_coding_not_supported", 501, "Of the transfer codings only chunked is understood"),
        ("version_not_supported", 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here"),
        close=True,
    )
)


class Refused(Exception):
    """Raised where a refusal cannot be returned; ``headers`` are lines that belong to this one only."""

    whom: tuple[str, str] | None = None
    """The caller's organisation and the listing, once the caller is known."""

    def __init__(self, code: str, headers: bytes = b"") -> None:
        super().__init__(code)
        refusal = REFUSALS[code]
        self.refusal = refusal.with_headers(headers) if headers else refusal

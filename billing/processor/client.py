"""The Stripe package behind one small surface: what is asked, what is looked at, and two kinds of failure.

No call is repeated here. Whoever asks again does so with the same idempotency key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from billing.processor.amounts import from_remote
from billing.processor.errors import RemoteRefusal, RemoteUnknown
from billing.processor.types import Attempt, BalanceEntry, Deed, Kind
from core.settings import Settings

TIMEOUT_S = 10.0
_PAGE = 100
_REFUSED = (400, 402, 403, 404)
"""Answers that say that nothing was done. 409, 429 and all of 500 leave it open; 401 is ours to mend."""
_loading = threading.Lock()


class Processor(Protocol):
    """A payment processor. Called outside of any unit of work."""

    def ask(self, attempt: Attempt) -> Mapping[str, Any]:
        """Do it, once for the attempt's id. Raises RemoteRefusal when it was refused for good, else RemoteUnknown."""
        ...

    def look(self, kind: Kind, remote_id: str, account: str = "") -> Mapping[str, Any]:
        """The object as it is now. Raises RemoteRefusal (``resource_missing``) and RemoteUnknown."""
        ...

    def find(self, attempt: Attempt) -> Mapping[str, Any] | None:
        """What an attempt made whose key may be forgotten by now, by the mark that it carries. Raises RemoteUnknown."""
        ...

    def link(self, account: str, *, refresh_url: str, return_url: str) -> str:
        """A fresh address where a supplier fills in its account. Raises RemoteRefusal and RemoteUnknown."""
        ...

    def books(self, since: datetime) -> Iterator[BalanceEntry]:
        """The processor's own books from ``since``, newest first. Raises RemoteUnknown."""
        ...


class StripeProcessor:
    """Stripe through its own package; the client is made at the first use, by whichever thread comes first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: Any = None

    @property
    def _client(self) -> Any:
        with _loading:
            if self._made is None:
                self._made = _client(self._settings)
            return self._made.v1

    def ask(self, attempt: Attempt) -> Mapping[str, Any]:
        return _answered(lambda: _DEEDS[attempt.deed](self._client, attempt, _options(attempt)))

    def look(self, kind: Kind, remote_id: str, account: str = "") -> Mapping[str, Any]:
        return _answered(lambda: _LOOKS[kind](self._client, remote_id, _on_behalf(account)))

    def find(self, attempt: Attempt) -> Mapping[str, Any] | None:
        search = _SEARCHES.get(attempt.deed)
        if search is None:
            return None
        for found in _each(lambda params: search(self._client, attempt, params)):
            if (found.get("metadata") or {}).get("attempt") == attempt.id:
                return found
        return None

    def link(self, account: str, *, refresh_url: str, return_url: str) -> str:
        params = {"account": account, "refresh_url": refresh_url, "return_url": return_url,
                  "type": "account_onboarding"}  # fmt: skip
        return str(_answered(lambda: self._client.account_links.create(params))["url"])

    def books(self, since: datetime) -> Iterator[BalanceEntry]:
        created = {"created": {"gte": int(since.timestamp())}}
        for row in _each(lambda params: self._client.balance_transactions.list(params | created)):
            yield _entry(row)


def _client(settings: Settings) -> Any:
    import stripe

    http_client = stripe.RequestsClient(timeout=TIMEOUT_S)
    addresses: Any = dict.fromkeys(("api", "files"), settings.stripe_url) if settings.stripe_url else None
    return stripe.StripeClient(
        settings.stripe_key, base_addresses=addresses, max_network_retries=0, http_client=http_client
    )


def _options(attempt: Attempt) -> dict[str, str]:
    return {"idempotency_key": attempt.id} | _on_behalf(attempt.account)


def _on_behalf(account: str) -> dict[str, str]:
    return {"stripe_account": account} if account else {}


def _plain(found: Any) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = found.to_dict()
    return plain


def _answered(call: Callable[[], Any]) -> Mapping[str, Any]:
    """The answer as plain data, and every failure as one of two: it was refused, or nobody knows."""
    import stripe

    try:
        return _plain(call())
    except stripe.StripeError as error:
        if error.http_status in _REFUSED and not isinstance(error, stripe.IdempotencyError):
            raise RemoteRefusal(str(error.code or "invalid_request"), str(error.user_message or error)) from None
        raise RemoteUnknown(f"{type(error).__name__}: {error}") from None


def _each(page: Callable[[dict[str, Any]], Any]) -> Iterator[Mapping[str, Any]]:
    params: dict[str, Any] = {"limit": _PAGE}
    while True:
        found = _answered(partial(page, params))
        yield from found["data"]
        if not found["has_more"]:
            return
        params = {"limit": _PAGE, "starting_after": found["data"][-1]["id"]}


def id_of(found: Any) -> str:
    """The id of what is an object, or is only named by its id, or is not there."""
    return str(found["id"] if isinstance(found, Mapping) else found or "")


def _entry(row: Mapping[str, Any]) -> BalanceEntry:
    currency = row["currency"].upper()
    return BalanceEntry(
        id=row["id"], kind=row["type"], source=id_of(row["source"]), amount=from_remote(row["amount"], currency),
        fee=from_remote(row["fee"], currency), currency=currency,
        created_at=datetime.fromtimestamp(row["created"], UTC),
        description=(row.get("description") or "")[:200],
    )  # fmt: skip


_Ask = Callable[[Any, Attempt, dict[str, str]], Any]
_DEEDS: dict[Deed, _Ask] = {
    Deed.CUSTOMER: lambda it, of, options: it.customers.create(of.params, options),
    Deed.CHECKOUT: lambda it, of, options: it.checkout.sessions.create(of.params, options),
    Deed.EXPIRE: lambda it, of, options: it.checkout.sessions.expire(of.target, of.params, options),
    Deed.INTENT: lambda it, of, options: it.payment_intents.create(of.params, options),
    Deed.CANCEL: lambda it, of, options: it.payment_intents.cancel(of.target, of.params, options),
    Deed.REFUND: lambda it, of, options: it.refunds.create(of.params, options),
    Deed.EVIDENCE: lambda it, of, options: it.disputes.update(of.target, of.params, options),
    Deed.ACCOUNT: lambda it, of, options: it.accounts.create(of.params, options),
    Deed.TRANSFER: lambda it, of, options: it.transfers.create(of.params, options),
    Deed.REVERSAL: lambda it, of, options: it.transfers.reversals.create(of.target, of.params, options),
}
_EXPANDED = {"expand": ["latest_charge"]}
_PAID = {"expand": ["payment_intent.latest_charge"]}
_LOOKS: dict[Kind, Callable[[Any, str, dict[str, str]], Any]] = {
    Kind.CHECKOUT: lambda it, id, options: it.checkout.sessions.retrieve(id, _PAID, options),
    Kind.INTENT: lambda it, id, options: it.payment_intents.retrieve(id, _EXPANDED, options),
    Kind.REFUND: lambda it, id, options: it.refunds.retrieve(id, {}, options),
    Kind.DISPUTE: lambda it, id, options: it.disputes.retrieve(id, {"expand": ["payment_intent"]}, options),
    Kind.CHARGE: lambda it, id, options: it.charges.retrieve(id, {"expand": ["payment_intent"]}, options),
    Kind.ACCOUNT: lambda it, id, options: it.accounts.retrieve(id, {}, {}),
    Kind.TRANSFER: lambda it, id, options: it.transfers.retrieve(id, {}, options),
    Kind.ENTRY: lambda it, id, options: it.balance_transactions.retrieve(id, {"expand": ["source"]}, options),
    Kind.PAYOUT: lambda it, id, options: it.payouts.retrieve(id, {}, options),
}
_SEARCHES: dict[Deed, Callable[[Any, Attempt, dict[str, Any]], Any]] = {
    Deed.CHECKOUT: lambda it, of, params: it.checkout.sessions.list(params | {"customer": of.params["customer"]}),
    Deed.REFUND: lambda it, of, params: it.refunds.list(params | {"payment_intent": of.params["payment_intent"]}),
    Deed.INTENT: lambda it, of, params: it.payment_intents.list(params | {"customer": of.params["customer"]}),
    Deed.TRANSFER: lambda it, of, params: it.transfers.list(params | {"transfer_group": of.params["transfer_group"]}),
    Deed.REVERSAL: lambda it, of, params: it.transfers.reversals.list(of.target, params),
}
"""Where a deed that moves money is looked for, once Stripe may have forgotten its key."""

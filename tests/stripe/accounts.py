"""Connected accounts of type Express, and the links to the fake's onboarding page."""

from __future__ import annotations

from typing import Any

from tests.stripe import balance
from tests.stripe.call import Call, merged, route
from tests.stripe.errors import Refused, not_imitated
from tests.stripe.lists import PAGING, listed, page
from tests.stripe.store import PLATFORM, Object

_CURRENCY = {"CN": "cny", "HK": "hkd", "US": "usd", "JP": "jpy", "SG": "sgd", "GB": "gbp", "KW": "kwd", "BH": "bhd"}
_DUE = ["business_profile.url", "external_account", "representative.first_name", "tos_acceptance.date"]
_HONOURED = "email business_type business_profile capabilities metadata"
_LINK_S = 300


@route("POST", "/v1/accounts", "AccountCreateParams", f"{_HONOURED} type country default_currency controller")
def create(call: Call) -> Object:
    given, store = call.params, call.store
    if given.get("type", "express") != "express" or ("type" not in given and "controller" not in given):
        raise not_imitated("an account that is not of type express", "type")
    country = given.get("country", "US").upper()
    account_id = store.new_id("acct")
    account: Object = {
        "id": account_id, "object": "account", "charges_enabled": False, "country": country, "created": store.now(),
        "capabilities": dict.fromkeys(_requested(given), "inactive"), "details_submitted": False,
        "default_currency": given.get("default_currency", _CURRENCY.get(country, "eur")),
        "controller": {"is_controller": True, "type": "application"}, "metadata": merged(None, given.get("metadata")),
        "external_accounts": listed(f"/v1/accounts/{account_id}/external_accounts", []), "payouts_enabled": False,
        "requirements": _requirements(_DUE, "requirements.past_due"), "type": "express",
        "future_requirements": _requirements([], None), "tos_acceptance": {},
    }  # fmt: skip
    account |= {name: given.get(name) for name in ("email", "business_type", "business_profile")}
    return store.add(account)


def _requested(given: dict[str, Any]) -> list[str]:
    return [name for name, each in (given.get("capabilities") or {}).items() if each and each.get("requested")]


def _requirements(due: list[str], disabled: str | None) -> Object:
    return {
        "alternatives": [], "currently_due": due, "disabled_reason": disabled, "errors": [], "eventually_due": due,
        "past_due": due if disabled else [], "pending_verification": [],
    }  # fmt: skip


@route("GET", "/v1/accounts/{account}", "AccountRetrieveParams")
def retrieve(call: Call, account: str) -> Object:
    return found(call, account)


@route("GET", "/v1/account", "AccountRetrieveCurrentParams")
def retrieve_own(call: Call) -> Object:
    if call.account == PLATFORM:
        return {
            "id": "acct_fakeplatform",
            "object": "account",
            "charges_enabled": True,
            "country": "HK",
            "payouts_enabled": True,
            "default_currency": "cny",
            "details_submitted": True,
            "type": "standard",
            "metadata": {},
        }
    return found(call, call.account)


def found(call: Call, account: str) -> Object:
    """Stripe does not say whether an account exists that is not one's own."""
    rows = call.store.find("account", id=account)
    if not rows or rows[0].get("_deleted"):
        raise Refused(
            f"The provided key does not have access to account '{account}' (or that account does not exist)."
            " Application access may have been revoked.",
            status=403, code="account_invalid",
        )  # fmt: skip
    return rows[0]


@route("POST", "/v1/accounts/{account}", "AccountUpdateParams", _HONOURED)
def update(call: Call, account: str) -> Object:
    known = found(call, account)
    for name in ("email", "business_type", "business_profile"):
        if name in call.params:
            known[name] = call.params[name] or None
    known["metadata"] = merged(known["metadata"], call.params.get("metadata"))
    active = "active" if known["details_submitted"] else "inactive"
    known["capabilities"] = dict.fromkeys(_requested(call.params), active) | known["capabilities"]
    return _changed(call, known, {})


@route("DELETE", "/v1/accounts/{account}", "AccountDeleteParams")
def delete(call: Call, account: str) -> Object:
    known = found(call, account)
    if any(any(each) for each in balance.sums(call.within(account)).values()):
        raise Refused("You cannot delete an account with a nonzero balance.", code="account_balance_nonzero")
    call.store.save(known | {"_deleted": True})
    return {"id": account, "object": "account", "deleted": True}


@route("GET", "/v1/accounts", "AccountListParams", PAGING)
def listing(call: Call) -> Object:
    return page(call, "/v1/accounts", [each for each in call.store.find("account") if not each.get("_deleted")])


@route("POST", "/v1/account_links", "AccountLinkCreateParams", "account refresh_url return_url type collection_options")
def link(call: Call) -> Object:
    given, now = call.params, call.store.now()
    if given["type"] != "account_onboarding":
        raise not_imitated(f"type={given['type']}", "type")
    for name in ("refresh_url", "return_url"):
        if name not in given:
            raise Refused(f"Missing required param: {name}.", code="parameter_missing", param=name)
    account = found(call, given["account"])["id"]
    token = call.store.new_id("link")
    made = {"object": "account_link", "created": now, "expires_at": now + _LINK_S}
    kept = {"_account": account, "_return_url": given["return_url"], "_refresh_url": given["refresh_url"]}
    call.store.add({"id": token, **made, **kept})
    return made | {"url": f"{call.base_url}/fake/onboarding/{token}"}


@route("POST", "/v1/accounts/{account}/login_links", "AccountLoginLinkCreateParams")
def login_link(call: Call, account: str) -> Object:
    if not found(call, account)["details_submitted"]:
        raise Refused("Cannot create a login link for an account that has not completed onboarding.")
    return {"object": "login_link", "created": call.store.now(), "url": f"{call.base_url}/fake/express/{account}"}


def onboarded(call: Call, account: str, *, complete: bool = True) -> Object:
    """The supplier has filled the fake's form: all that was asked for, or left it unfinished."""
    known = found(call, account)
    if not complete:
        return _changed(call, known, {"details_submitted": False})
    bank = {
        "id": call.store.new_id("ba"), "object": "bank_account", "account": account, "bank_name": "FAKE BANK",
        "country": known["country"], "currency": known["default_currency"], "default_for_currency": True,
        "last4": "6789", "metadata": {}, "status": "new",
    }  # fmt: skip
    known["external_accounts"]["data"] = known["external_accounts"]["data"] or [bank]
    return _changed(call, known, _able(known, True) | {"requirements": _requirements([], None)})


def restricted(call: Call, account: str, *, reason: str = "requirements.past_due") -> Object:
    """Stripe asks for more: nothing can be transferred to it, nor paid out, until it is onboarded again."""
    known = found(call, account)
    due = ["individual.verification.document"]
    return _changed(call, known, _able(known, False) | {"requirements": _requirements(due, reason)})


def _able(account: Object, able: bool) -> Object:
    state = "active" if able else "inactive"
    return {
        "capabilities": dict.fromkeys(account["capabilities"], state), "payouts_enabled": able,
        "charges_enabled": able and "card_payments" in account["capabilities"], "details_submitted": True,
    }  # fmt: skip


def _changed(call: Call, account: Object, changes: Object) -> Object:
    call.store.save(account | changes)
    call.within(account["id"]).emit("account.updated", account | changes, {name: account.get(name) for name in changes})
    return account | changes

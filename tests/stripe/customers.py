"""Customers."""

from __future__ import annotations

from tests.stripe.call import Call, merged, route
from tests.stripe.errors import missing
from tests.stripe.lists import PAGING, filtered, page
from tests.stripe.store import Object

_FIELDS = "address business_name description email individual_name name phone preferred_locales shipping tax_exempt"
_HONOURED = f"{_FIELDS} metadata invoice_settings"


@route("POST", "/v1/customers", "CustomerCreateParams", f"{_HONOURED} payment_method")
def create(call: Call) -> Object:
    store, given = call.store, call.params
    customer = store.add(
        {
            "id": store.new_id("cus"), "object": "customer", "created": store.now(), "livemode": False, "balance": 0,
            "delinquent": False, "invoice_prefix": store.new_id("")[1:9].upper(), "next_invoice_sequence": 1,
            "metadata": merged(None, given.get("metadata")), "preferred_locales": [], "tax_exempt": "none",
            "invoice_settings": {"default_payment_method": None},
        }
        | _taken(call),
        call.account,
    )  # fmt: skip
    call.emit("customer.created", customer)
    if "payment_method" in given:
        from tests.stripe.payment_methods import attach_to

        attach_to(call, given["payment_method"], customer["id"])
    return customer


@route("GET", "/v1/customers/{customer}", "CustomerRetrieveParams")
def retrieve(call: Call, customer: str) -> Object:
    found = call.store.get("customer", customer, call.account)
    if found.get("_deleted"):
        return {"id": customer, "object": "customer", "deleted": True}
    return found


@route("POST", "/v1/customers/{customer}", "CustomerUpdateParams", _HONOURED)
def update(call: Call, customer: str) -> Object:
    found = living(call, customer, "id")
    changed = _taken(call)
    if "metadata" in call.params:
        changed["metadata"] = merged(found["metadata"], call.params["metadata"])
    previous = {name: found.get(name) for name, value in changed.items() if found.get(name) != value}
    call.store.save(found | changed)
    if previous:
        call.emit("customer.updated", found | changed, previous)
    return found | changed


@route("DELETE", "/v1/customers/{customer}", "CustomerDeleteParams")
def delete(call: Call, customer: str) -> Object:
    found = living(call, customer, "id")
    call.store.save(found | {"_deleted": True})
    call.emit("customer.deleted", found)
    return {"id": customer, "object": "customer", "deleted": True}


@route("GET", "/v1/customers", "CustomerListParams", f"{PAGING} email")
def listing(call: Call) -> Object:
    found = call.store.find("customer", call.account, **filtered(call, "email"))
    return page(call, "/v1/customers", [each for each in found if not each.get("_deleted")])


def living(call: Call, customer: str, param: str = "customer") -> Object:
    """Raises Refused also for one that was deleted."""
    found = call.store.get("customer", customer, call.account, param)
    if found.get("_deleted"):
        raise missing("customer", customer, param)
    return found


def _taken(call: Call) -> Object:
    taken = {name: call.params[name] or None for name in (*_FIELDS.split(), "invoice_settings") if name in call.params}
    default = (taken.get("invoice_settings") or {}).get("default_payment_method")
    if default:
        call.store.get("payment_method", default, call.account, "invoice_settings[default_payment_method]")
    return taken

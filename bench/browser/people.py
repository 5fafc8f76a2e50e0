"""Who looks around: somebody of each role of the demonstration, and a stranger."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

from exchange.demo.people import BUYER, NEWCOMER, PASSWORD, STAFF, SUPPLIERS


@dataclass(frozen=True)
class Visitor:
    """A person of the demonstration; without an address, a stranger."""

    name: str
    email: str = ""
    otp_secret: str = ""


def _of_staff(key: str) -> Visitor:
    person = next(each for each in STAFF if each.key == key)
    return Visitor(key, person.email, person.otp_secret)


VISITORS = (
    Visitor("stranger"),
    Visitor("buyer", BUYER.members[1].email),
    Visitor("developer", BUYER.members[2].email),
    Visitor("supplier", SUPPLIERS[0].owner.email),
    Visitor("newcomer", NEWCOMER.owner.email),
    *(_of_staff(key) for key in ("reviewer", "officer", "finance", "operator")),
)


def sign_in(page: Page, base_url: str, visitor: Visitor, code: str) -> bool:
    """By the form, as anybody would; whether the exchange let the person in."""
    page.goto(f"{base_url}/sign-in")
    page.fill("input[name=email]", visitor.email)
    page.fill("input[name=password]", PASSWORD)
    if code:
        page.fill("input[name=otp]", code)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()
    return not page.url.endswith("/sign-in")

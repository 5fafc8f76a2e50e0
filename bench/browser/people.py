"""Who looks around: somebody of each role of the demonstration, and a stranger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

from exchange.demo.people import BUYER, NEWCOMER, PASSWORD, STAFF, SUPPLIERS
from exchange.demo.player.client import Door, Person
from exchange.demo.player.device import Device

_TOLD = re.compile(r"^  (\S+@\S+) .*\[([A-Z2-7]+)\]$", re.MULTILINE)
_DEVICES: dict[str, Device] = {}


@dataclass(frozen=True)
class Visitor:
    """A person of the demonstration; without an address, a stranger; without a secret, without a second factor."""

    name: str
    email: str = ""
    otp_secret: str = ""

    def code(self, url: str) -> str:
        """A code that was not shown before; waits for the next one when it must."""
        if not self.has_factor:
            return ""
        person = Person(Door(url, "en"), self.name)
        person.device = _DEVICES.setdefault(self.email, Device(self.otp_secret))
        return person.otp()

    @property
    def has_factor(self) -> bool:
        return bool(self.otp_secret) or self.email in _DEVICES

    def enrol(self, page: Page, url: str) -> None:
        """Set up a second factor on the page of security."""
        page.goto(f"{url}/settings/security")
        page.locator("form[action='/settings/security/factor'] button").click()
        secret = page.locator("[data-copy]").first.get_attribute("data-copy") or ""
        _DEVICES[self.email] = Device(secret)
        page.fill("form[action$='/factor/confirm'] input[name=otp]", self.code(url))
        page.locator("form[action$='/factor/confirm'] button").click()
        page.wait_for_load_state()


def visitors(secrets: Mapping[str, str]) -> tuple[Visitor, ...]:
    """One of each role, with the secrets that the demonstration told."""
    members = {
        "buyer": BUYER.members[1], "developer": BUYER.members[2], "owner": BUYER.members[0],
        "supplier": SUPPLIERS[0].members[1], "seller": SUPPLIERS[0].owner, "newcomer": NEWCOMER.owner,
    }  # fmt: skip
    staff = {each.key: each.email for each in STAFF}
    emails = {name: member.email for name, member in members.items()} | staff
    return (Visitor("stranger"), *(Visitor(name, email, secrets.get(email, "")) for name, email in emails.items()))


def secrets_told(log: str) -> dict[str, str]:
    """The secrets of devices by address, as the demonstration prints them at its end."""
    return dict(_TOLD.findall(log)) or {each.email: each.otp_secret for each in STAFF}


def come_in(page: Page, url: str, visitor: Visitor) -> None:
    """By the form, as anybody would. The story's own device may have shown some of the codes: then the next one."""
    for _ in range(4):
        page.goto(f"{url}/sign-in")
        page.fill("input[name=email]", visitor.email)
        page.fill("input[name=password]", PASSWORD)
        page.fill("input[name=otp]", visitor.code(url))
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state()
        if not page.url.endswith("/sign-in"):
            return
    raise AssertionError(f"{visitor.name} was not let in: {page.inner_text('main')[:400]}")

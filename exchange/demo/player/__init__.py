"""Plays the demonstration through the public HTTP API, as the different people, and prints what is answered."""

from __future__ import annotations

import time
from collections.abc import Sequence

from exchange.demo.listings import DATASETS, Dataset
from exchange.demo.people import NEWCOMER, ORGANISATIONS, OUTSIDER, PASSWORD, STAFF
from exchange.demo.player.chapters import (
    accounts,
    buying,
    calls,
    claiming,
    closing,
    contesting,
    credentials,
    demanding,
    disputing,
    evidence,
    interfaces,
    licensing,
    limits,
    listing,
    marked,
    negotiating,
    paying,
    proofs,
    qualifying,
    raising,
    registration,
    sensitive,
    settling,
    trading,
    usage,
    waiting,
)
from exchange.demo.player.client import Difference, Door
from exchange.demo.player.filling import Cast, World, fill
from exchange.demo.player.tale import Tale


def main(base_url: str, world: World, language: str = "en") -> int:
    """Fill the exchange and tell the story. Answers 0, or 1 when something was answered that was not expected."""
    tale, began = Tale(language), time.monotonic()
    try:
        cast = play(Door(base_url, language), world, tale)
    except Difference as difference:
        print(f"\n  ✗ {difference}", flush=True)
        return 1
    took = time.monotonic() - began
    print(f"\n{tale.steps} " + tale.pick(f"步均如预期，用时 {took:.0f} 秒", f"steps as expected, in {took:.0f} s"))
    who_is_who(base_url, tale, cast)
    return 0


def play(door: Door, world: World, tale: Tale, datasets: Sequence[Dataset] = DATASETS) -> Cast:
    """The three trades; answers everybody who acted. Raises Difference at the first step that goes otherwise."""
    cast = fill(door, world, tale, datasets)
    dataset_trade(cast, tale)
    settling.give_accounts(cast, tale)
    metered_trade(cast, tale)
    card_payments(cast, tale)
    negotiated_trade(cast, tale)
    return cast


def dataset_trade(cast: Cast, tale: Tale) -> None:
    """From a supplier's registration to verified evidence. Raises Difference."""
    registration.play(cast, tale)
    listing.play(cast, tale)
    order = buying.play(cast, tale)
    trading.play(cast, tale, order)
    accounts.play(cast, tale, order)
    evidence.play(cast, tale, order)


def metered_trade(cast: Cast, tale: Tale) -> None:
    """Interfaces: from an OpenAPI document to money and evidence. Raises Difference."""
    interfaces.play(cast, tale)
    licensing.play(cast, tale)
    credentials.play(cast, tale)
    calls.play(cast, tale)
    usage.play(cast, tale)
    closing.play(cast, tale)
    proofs.play(cast, tale)


def card_payments(cast: Cast, tale: Tale) -> None:
    """Money through the payment processor, in and out. Left out where there is none. Raises Difference."""
    if not cast.world.bank:
        return
    paying.play(cast, tale)
    settling.play(cast, tale)
    contesting.play(cast, tale)


def negotiated_trade(cast: Cast, tale: Tale) -> None:
    """What its tier makes of a listing: by negotiation, contract and marked copies to a ruling. Raises Difference."""
    for person in cast.everybody():
        person.sign_in_again()  # a month has passed
    sensitive.play(cast, tale)
    qualifying.play(cast, tale)
    negotiating.play(cast, tale)
    marked.play(cast, tale)
    limits.play(cast, tale)
    disputing.play(cast, tale)
    raising.play(cast, tale)
    claiming.play(cast, tale)
    demanding.play(cast, tale)
    waiting.play(cast, tale)


def who_is_who(base_url: str, tale: Tale, cast: Cast) -> None:
    """Print who can sign in; the people are made up, and so are the password and the secrets of their devices."""
    print("\n" + tale.pick(f"登录账号（口令均为 {PASSWORD}）", f"Sign in as (password of all: {PASSWORD})"))
    for each in STAFF:
        _tell(each.email, each.roles, tale.pick("平台", "the platform"), each.otp_secret)
    for organisation in (*ORGANISATIONS, NEWCOMER, OUTSIDER):
        name = tale.pick(organisation.name, organisation.name_en)
        for member in organisation.members:
            device = cast.members[organisation.key][member.email.partition("@")[0]].device
            _tell(member.email, member.roles, name, device.secret if device else "")
    print(
        "\n  "
        + tale.pick("一次性验证码：", "One-time codes: ")
        + f".venv/bin/python -m exchange.demo.codes SECRET --url {base_url}"
    )
    print(f"\n  {base_url}/   API: {base_url}/api/v1/   OpenAPI: {base_url}/api/v1/openapi.json")


def _tell(email: str, roles: Sequence[str], name: str, otp_secret: str) -> None:
    print(f"  {email:28} {', '.join(roles):20} {name}" + (f"  [{otp_secret}]" if otp_secret else ""))

"""The decision, case by case: what must be true for a call, and which refusal says what is not."""

from __future__ import annotations

from typing import Any

import pytest

from compliance.exports.errors import REFUSALS as EXPORTS
from exchange.gateway.allowance import Allowance
from exchange.gateway.bounds import Bounds
from exchange.gateway.decision import decide
from exchange.gateway.heads import Claim, Heads
from exchange.gateway.refusals import Refusal
from exchange.gateway.snapshot import Grant, Snapshot
from tests.exchange.gateway import scene

NOW = 1_000_000.0
PATH = f"/{scene.LISTING}/echo".encode()
SECOND = "ent_01jc9x2m5t7rqk8v4e6b0wz3nq"


def snapshot(*changed: scene.Item, without: tuple[str, ...] = ()) -> Snapshot:
    made = Snapshot(Allowance)
    items = {(item["k"], item["id"]): item for item in (*scene.everything(1), *changed)}
    for item in items.values():
        if item["k"] not in without:
            made.put(item)
    return made


def code(made: Snapshot, path: bytes = PATH, method: bytes = b"GET", **given: Any) -> str:
    """The refusal's code; the operation's id for a grant."""
    found = decide(
        made, given.get("credential", scene.KEY.encode()), method, path, NOW, Claim(**given.get("claim", {}))
    )
    return found.code if isinstance(found, Refusal) else found.operation.id


def test_everything_right_is_granted() -> None:
    found = decide(snapshot(), scene.KEY.encode(), b"GET", PATH, NOW)
    assert isinstance(found, Grant)
    assert (found.entitlement.id, found.credential.id, found.operation.id) == (scene.ENTITLEMENT, scene.KEY_ID, "echo")
    assert found.live


def test_every_reason_for_which_data_stays_in_the_country_has_its_own_refusal() -> None:
    for reason in EXPORTS:
        assert code(snapshot(scene.entitlement(permitted=False, lacking=reason))) == reason


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (scene.key(state="revoked"), "credential_revoked"),
        (scene.key(expires_at=NOW), "credential_expired"),
        (scene.key(expires_at=NOW + 1), "echo"),
        (scene.key(starts_at=NOW + 1), "credential_unknown"),
        (scene.key(listing_ids=["lst_other"]), "scope_missing"),
        (scene.key(listing_ids=[scene.LISTING]), "echo"),
        ({"k": "org", "id": scene.BUYER, "active": False}, "organisation_suspended"),
        (scene.entitlement(organisation_id="org_other"), "no_entitlement"),
        (scene.entitlement(state="revoked"), "licence_revoked"),
        (scene.entitlement(frozen=True), "order_frozen"),
        (scene.entitlement(permitted=False), "tier_not_permitted"),
        (scene.entitlement(permitted=False, lacking="contract_needed"), "contract_needed"),
        (scene.entitlement(permitted=False, lacking="a_later_reason"), "tier_not_permitted"),
        (scene.entitlement(territories=["SG"]), "territory_not_permitted"),
        (scene.entitlement(territories=["SG"], country="SG"), "echo"),
        (scene.entitlement(territories=["SG"], country=""), "territory_not_permitted"),
        (scene.entitlement(purposes=["a", "b"]), "purpose_needed"),
        (scene.entitlement(ends_at=NOW), "licence_expired"),
        (scene.entitlement(ends_at=NOW + 0.001), "echo"),
        (scene.entitlement(starts_at=NOW + 0.001), "licence_not_started"),
        (scene.entitlement(starts_at=NOW), "echo"),
        (scene.entitlement(declares=True), "purpose_needed"),
        (scene.entitlement(revision_id="rev_other"), "interface_withdrawn"),
        (scene.interface("http://a", suspended=True), "interface_withdrawn"),
        (scene.interface("http://a", on_sale=False), "echo"),
    ],
)
def test_one_thing_that_is_different(change: scene.Item, expected: str) -> None:
    assert code(snapshot(change)) == expected


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (("key",), "credential_unknown"),
        (("org",), "organisation_suspended"),
        (("interface",), "interface_withdrawn"),
        (("interface", "entitlement"), "interface_not_found"),
        (("entitlement",), "no_entitlement"),
    ],
)
def test_one_thing_that_is_not_there(without: tuple[str, ...], expected: str) -> None:
    assert code(snapshot(without=without)) == expected


def test_a_listing_that_is_not_on_sale_is_not_there_for_who_has_no_right_to_it() -> None:
    made = snapshot(scene.interface("http://a", on_sale=False), without=("entitlement",))
    assert code(made) == "interface_not_found"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        (b"GET", b"/nothing", "operation_not_found"),
        (b"GET", b"", "operation_not_found"),
        (b"GET", b"/echo/", "operation_not_found"),
        (b"POST", b"/echo", "post"),
        (b"HEAD", b"/echo", "echo"),
        (b"DELETE", b"/echo", "method_not_allowed"),
        (b"GET", b"/people/7", "person"),
        (b"HEAD", b"/people/7", "person"),
        (b"GET", b"/people/", "operation_not_found"),
        (b"GET", b"/people/..", "path_malformed"),
        (b"GET", b"/%65cho", "operation_not_found"),
    ],
)
def test_the_path_and_the_method_find_the_operation(method: bytes, path: bytes, expected: str) -> None:
    assert code(snapshot(), f"/{scene.LISTING}".encode() + path, method) == expected


@pytest.mark.parametrize(
    ("credential", "expected"),
    [(None, "credential_missing"), (b"ph_live_nobody", "credential_unknown"), (b"a.b.c", "token_invalid")],
)
def test_credentials_that_are_none(credential: bytes | None, expected: str) -> None:
    assert code(snapshot(), credential=credential) == expected


def test_a_stranger_learns_nothing_of_what_there_is() -> None:
    made = snapshot()
    answers = {code(made, path, credential=b"nobody") for path in (PATH, b"/lst_none/echo", PATH + b"/../x")}
    assert answers == {"credential_unknown"}


def test_a_purpose_chooses_among_several_licences() -> None:
    other = scene.entitlement(id=SECOND, purposes=["research"])
    made = snapshot(other)
    assert code(made) == "purpose_needed"
    for purpose, expected in ((scene.PURPOSE, scene.ENTITLEMENT), ("research", SECOND)):
        found = decide(made, scene.KEY.encode(), b"GET", PATH, NOW, Claim(purpose.encode()))
        assert isinstance(found, Grant)
        assert found.entitlement.id == expected
    assert code(made, claim={"purpose": b"marketing"}) == "purpose_not_declared"
    assert code(snapshot(scene.entitlement(id=SECOND, purposes=["research"], frozen=True))) == "echo"


def test_of_two_licences_for_one_purpose_the_one_that_ends_first_is_used_until_it_is_spent() -> None:
    made = snapshot(scene.entitlement(id=SECOND, ends_at=NOW + 10, funding=True))
    found = decide(made, scene.KEY.encode(), b"GET", PATH, NOW)
    assert isinstance(found, Grant)
    assert found.entitlement.id == SECOND
    allowance = found.entitlement.allowance
    allowance.want(0, True)
    allowance.lease(0, {"funded": 0})
    found = decide(made, scene.KEY.encode(), b"GET", PATH, NOW)
    assert isinstance(found, Grant)
    assert found.entitlement.id == scene.ENTITLEMENT


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ({}, "echo"),
        ({"territory": b"CN"}, "echo"),
        ({"territory": b"SG"}, "echo"),
        ({"territory": b"US"}, "territory_not_permitted"),
        ({"recipient": scene.BUYER.encode()}, "echo"),
        ({"recipient": scene.SUPPLIER.encode()}, "echo"),
        ({"recipient": scene.BUYER[:-1].encode() + b"r"}, "recipient_not_permitted"),
        ({"purpose": scene.PURPOSE.encode(), "territory": b"SG", "recipient": scene.SUPPLIER.encode()}, "echo"),
        ({"purpose": b"marketing", "territory": b"US"}, "purpose_not_declared"),
    ],
)
def test_a_use_that_is_claimed_must_be_within_the_licence(claim: dict[str, bytes], expected: str) -> None:
    made = snapshot(scene.entitlement(territories=["CN", "SG"], recipients=[scene.BUYER, scene.SUPPLIER]))
    assert code(made, claim=claim) == expected


def test_of_two_licences_the_one_that_covers_the_country_is_used() -> None:
    made = snapshot(scene.entitlement(territories=["CN"]), scene.entitlement(id=SECOND, territories=["SG"]))
    for country, expected in ((b"CN", scene.ENTITLEMENT), (b"SG", SECOND), (None, scene.ENTITLEMENT)):
        found = decide(made, scene.KEY.encode(), b"GET", PATH, NOW, Claim(territory=country))
        assert isinstance(found, Grant)
        assert found.entitlement.id == expected
    assert code(made, claim={"territory": b"US"}) == "territory_not_permitted"


def test_from_tier_2_the_purpose_is_said_and_must_be_the_licences() -> None:
    made = snapshot(scene.entitlement(declares=True))
    assert code(made, claim={"purpose": scene.PURPOSE.encode()}) == "echo"
    assert code(made, claim={"purpose": b"marketing"}) == "purpose_not_declared"


def test_a_change_counts_for_the_next_call() -> None:
    made = snapshot()
    assert code(made) == "echo"
    made.put(scene.entitlement(frozen=True))
    assert code(made) == "order_frozen"
    made.put(scene.entitlement())
    assert code(made) == "echo"
    made.drop("key", scene.KEY_ID)
    assert code(made) == "credential_unknown"
    made.put(scene.key())
    made.drop("entitlement", scene.ENTITLEMENT)
    assert code(made) == "no_entitlement"


def test_an_item_of_an_unknown_kind_is_no_harm() -> None:
    made = snapshot({"k": "news", "id": "x"})
    made.drop("news", "x")
    assert code(made) == "echo"


def test_a_part_of_an_answer_cannot_be_asked_for_as_it_would_have_no_price() -> None:
    head = Heads(Bounds()).get(b"Host: g\r\nRange: bytes=0-\r\nIf-Range: x\r\n\r\n", b"")
    assert not {b"range", b"if-range"} & {name for name, line in head.fields if line}

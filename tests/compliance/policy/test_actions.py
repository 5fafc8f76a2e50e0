"""Every other action: who may, who may not, and why; refusals that explain and tell no ids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import compliance
from compliance.policy import PolicyRefused, Resource, abilities, decide, require
from compliance.policy.document import current
from core.actor import ANONYMOUS, Actor
from tests.compliance.policy.people import ROLES, actors, member, platform

OWN = Resource("listing", "lst_1", {"owner": "org_a", "state": "draft", "tier": 1})
REVIEW = Resource("review", "rvw_1", {"owner": "org_a", "submitted_by": "acc_1", "approved_by": "none", "tier": 3})
ORDER = Resource(
    "order",
    "ord_1",
    {
        "buyer": "org_b",
        "supplier": "org_a",
        "state": "paid",
        "tier": 1,
        "frozen": False,
        "not_built": "",
        "quota": True,
    },
)
FROZEN = Resource("order", "ord_1", {**ORDER.attributes, "frozen": True})
INTERFACE = Resource("interface", "ifc_1", {"owner": "org_a"})
TOPUP = Resource("topup", "top_1", {"owner": "org_b", "recorded_by": "acc_9"})
ORGANISATION = Resource("organisation", "org_a", {"owner": "org_a"})
BOOKS = Resource("ledger", "org_b", {"owner": "org_b"})
KEY = Resource("key", "key_1", {"owner": "org_b", "organisation_state": "approved"})
CLIENT = Resource("client", "cli_1", {"owner": "org_b", "organisation_state": "registered"})

METER = Resource("usage", "ent_1", {"buyer": "org_b", "supplier": "org_a"})

_METER = ("owner", "buyer", "developer", "finance")
_SUPPLIER, _BUYER = ("owner", "supplier"), ("owner", "buyer", "finance")
# action, thing, roles at org_a (supplier, owner of the thing), roles at org_b (buyer), platform roles
WEBHOOK = Resource("webhook", "org_b", {"owner": "org_b"})
DISPUTE = Resource("dispute", "dsp_1", {"buyer": "org_b", "supplier": "org_a", "state": "open"})
MATRIX: list[tuple[str, Resource, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = [
    ("webhook:see", WEBHOOK, (), ("owner", "developer"), ()),
    ("webhook:create", WEBHOOK, (), ("owner", "developer"), ()),
    ("webhook:change", WEBHOOK, (), ("owner", "developer"), ()),
    ("dispute:see", DISPUTE, ROLES, ROLES, ("officer",)),
    ("dispute:open", DISPUTE, (), _BUYER, ()),
    ("dispute:withdraw", DISPUTE, (), _BUYER, ()),
    ("dispute:state", DISPUTE, _SUPPLIER, _BUYER, ()),
    ("dispute:rule", DISPUTE, (), (), ("officer",)),
    ("listing:create", OWN, _SUPPLIER, (), ()),
    ("upload:create", OWN, _SUPPLIER, (), ()),
    ("listing:edit", OWN, _SUPPLIER, (), ()),
    ("interface:see", INTERFACE, _SUPPLIER, (), ("reviewer", "officer")),
    ("interface:create", INTERFACE, _SUPPLIER, (), ()),
    ("interface:edit", INTERFACE, _SUPPLIER, (), ()),
    ("interface:try", INTERFACE, _SUPPLIER, (), ()),
    ("listing:submit", OWN, _SUPPLIER, (), ()),
    ("listing:withdraw", OWN, _SUPPLIER, (), ()),
    ("listing:raise_tier", OWN, _SUPPLIER, (), ("officer",)),
    ("listing:suspend", OWN, (), (), ("officer",)),
    ("review:see", REVIEW, _SUPPLIER, (), ("reviewer", "officer")),
    ("review:work", REVIEW, (), (), ("reviewer", "officer")),
    ("review:confirm", REVIEW, (), (), ("officer",)),
    ("qualification:submit", ORGANISATION, ("owner",), (), ()),
    ("qualification:see", ORGANISATION, (), (), ("officer",)),
    ("qualification:decide", ORGANISATION, (), (), ("officer",)),
    ("order:see", ORDER, ROLES, ROLES, ("officer", "finance", "operator")),
    ("order:pay", ORDER, (), _BUYER, ()),
    ("order:cancel", ORDER, (), _BUYER, ()),
    ("order:accept", ORDER, (), _BUYER, ()),
    ("order:fail", ORDER, _SUPPLIER, (), ("officer",)),
    ("order:freeze", ORDER, (), (), ("officer",)),
    ("order:release", FROZEN, (), (), ("officer",)),
    ("topup:record", TOPUP, (), (), ("finance",)),
    ("ledger:see", BOOKS, (), ("owner", "buyer", "supplier", "finance"), ("finance", "operator", "officer")),
    *((f"key:{verb}", KEY, (), ("owner", "developer"), ()) for verb in ("see", "create", "rotate", "revoke")),
    *((f"client:{verb}", CLIENT, (), ("owner", "developer"), ()) for verb in ("see", "create", "rotate", "revoke")),
    ("usage:see", METER, ("owner", "supplier", "finance"), _METER, ("finance", "operator", "officer")),
    ("usage:prove", METER, (), _METER, ("finance", "operator", "officer")),
    ("copy:trace", Resource("copy", "new"), (), (), ("officer",)),
    ("audit:see", Resource("audit", "log"), (), (), ("officer", "operator")),
]


@pytest.mark.parametrize(("action", "thing", "at_supplier", "at_buyer", "on_platform"), MATRIX)
def test_who_may_what(
    action: str, thing: Resource, at_supplier: tuple[str, ...], at_buyer: tuple[str, ...], on_platform: tuple[str, ...]
) -> None:
    for role in ROLES:
        assert decide(member("org_a", role, account="acc_5"), action, thing).permitted == (role in at_supplier), role
        assert decide(member("org_b", role, account="acc_6"), action, thing).permitted == (role in at_buyer), role
        assert not decide(member("org_c", role, level=4, account="acc_7"), action, thing).permitted
    for role in ("reviewer", "officer", "finance", "operator"):
        assert decide(platform(role), action, thing).permitted == (role in on_platform), role
    assert not decide(ANONYMOUS, action, thing).permitted


def test_a_supplier_submits_only_when_qualified() -> None:
    refused = decide(member("org_a", "supplier", level=1), "listing:submit", OWN)
    assert [need.code for need in refused.needs] == ["qualification_needed"]


def test_downloads_need_an_entitlement_in_force() -> None:
    buyer = member("org_b", "developer")
    assert decide(buyer, "order:download", ORDER, {"entitled": True}).permitted
    for entitled in (False, None, "yes", 1):
        assert decide(buyer, "order:download", ORDER, {"entitled": entitled}).needs[0].code == "not_entitled"
    supplier = decide(member("org_a", "owner"), "order:download", ORDER, {"entitled": True})
    assert supplier.needs[0].code == "not_the_buyer"


@pytest.mark.parametrize("action", ["order:pay", "order:accept", "order:download", "order:call", "order:fail"])
@pytest.mark.parametrize("frozen", [True, None, "no"])
def test_a_frozen_order_refuses_whatever_moves_it_and_so_does_one_of_which_that_is_not_known(
    action: str, frozen: object
) -> None:
    thing = Resource("order", "ord_1", {**ORDER.attributes, "frozen": frozen})  # type: ignore[dict-item]
    for actor in (member("org_b", "owner"), member("org_a", "owner"), platform("officer")):
        refused = decide(actor, action, thing, {"entitled": True})
        assert refused.needs[0].code == "order_frozen"
        assert decide(actor, "order:see", thing).permitted


@pytest.mark.parametrize(("tier", "least"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 9), (5, 9)])
def test_a_program_calls_at_the_tier_and_the_qualification_of_now(tier: int, least: int) -> None:
    facts = {**ORDER.attributes, "tier": tier}
    signed = {"contract": "signed"}
    for level in range(5):
        program = Actor(organisation_id="org_b", qualification=level, country="CN")
        assert decide(program, "order:call", Resource("order", "ord_1", facts), signed).permitted == (level >= least)
        unsigned = decide(program, "order:call", Resource("order", "ord_1", facts), {"contract": "none"})
        assert unsigned.permitted == (level >= least and tier < 2)
        uncounted = decide(program, "order:call", Resource("order", "ord_1", facts | {"quota": False}), signed)
        assert uncounted.permitted == (level >= least and tier < 3)
        for not_built in ("in_platform_compute", "enclave", None):
            thing = Resource("order", "ord_1", facts | {"not_built": not_built})
            assert not decide(program, "order:call", thing, signed).permitted
        stranger = Actor(organisation_id="org_c", qualification=level, country="CN")
        assert not decide(stranger, "order:call", Resource("order", "ord_1", facts), signed).permitted


@pytest.mark.parametrize("tier", [2, 3])
def test_files_of_upper_tiers_leave_under_a_signed_contract_only_and_marked(tier: int) -> None:
    buyer, thing = member("org_b", "buyer", level=3), Resource("order", "ord_1", {**ORDER.attributes, "tier": tier})
    whole = {"entitled": True, "contract": "signed", "purpose": "training", "territory": "CN"}
    assert "watermark" in decide(buyer, "order:download", thing, whole).obligations
    for name, code in (
        ("contract", "contract_needed"),
        ("territory", "territory_needed"),
        ("entitled", "not_entitled"),
    ):
        refused = decide(buyer, "order:download", thing, {key: whole[key] for key in whole if key != name})
        assert [need.code for need in refused.needs] == [code]


@pytest.mark.parametrize("action", ["key:create", "key:rotate", "client:create", "client:rotate"])
@pytest.mark.parametrize("state", ["suspended", None])
def test_a_suspended_organisation_makes_no_credentials_but_gives_them_back(action: str, state: str | None) -> None:
    developer = member("org_b", "developer")
    thing = Resource("key", "key_1", {"owner": "org_b", "organisation_state": state})
    assert decide(developer, action, thing).needs[0].code == "organisation_suspended"
    assert decide(developer, f"{action.partition(':')[0]}:revoke", thing).permitted


def test_uploader_reviewer_and_second_approver_are_three_people() -> None:
    uploader = platform("reviewer", "officer", account="acc_1")
    assert decide(uploader, "review:work", REVIEW).needs[0].code == "reviewer_is_uploader"
    first = platform("officer", account="acc_9")
    waiting = Resource("review", "rvw_1", {**REVIEW.attributes, "approved_by": "acc_9"})
    assert decide(first, "review:confirm", waiting).needs[0].code == "same_person"
    assert decide(platform("officer", account="acc_8"), "review:confirm", waiting).permitted


def test_nobody_judges_the_own_organisation() -> None:
    insider = Actor(account_id="acc_5", organisation_id="org_a", platform_roles=frozenset({"officer"}), qualification=2)
    for action, thing in (("review:work", REVIEW), ("qualification:decide", ORGANISATION)):
        assert decide(insider, action, thing).rules == ("review-own-organisation",)


@pytest.mark.parametrize("action", ["topup:confirm", "topup:reject"])
def test_whoever_recorded_a_transfer_does_not_decide_it(action: str) -> None:
    assert decide(platform("finance", account="acc_9"), action, TOPUP).needs[0].code == "same_person"
    assert decide(platform("finance", account="acc_8"), action, TOPUP).permitted
    nameless = Resource("topup", "top_1", {"owner": "org_b"})
    assert not decide(platform("finance", account="acc_8"), action, nameless).permitted


@given(actors, st.text(max_size=20))
def test_an_action_that_nobody_heard_of_is_refused(actor: Actor, action: str) -> None:
    assert decide(actor, f"listing:{action}?", OWN).needs[0].code == "no_rule"


@given(actors, st.sampled_from(current().actions), st.sampled_from([OWN, REVIEW, ORDER, TOPUP, ORGANISATION, BOOKS]))
def test_refusals_explain_in_both_languages_and_tell_no_ids(actor: Actor, action: str, thing: Resource) -> None:
    decision = decide(actor, action, thing)
    assert decision.permitted == (not decision.needs)
    assert decision.policy_hash == current().hash
    for need in decision.needs:
        assert need.message_zh
        assert need.message_en
        assert need.code
    others = {"org_a", "org_b", "org_c", "acc_1", "acc_9"} - {actor.organisation_id, actor.account_id}
    assert not any(each in repr(decision.as_dict()) for each in others)
    assert decide(actor, action, thing) == decision


def test_every_rule_that_was_tried_is_told_with_what_was_unmet() -> None:
    decision = decide(member("org_c", "buyer"), "order:fail", ORDER)
    assert [each.rule for each in decision.considered] == ["order-fail-supplier", "order-fail-officer"]
    assert all(each.needs for each in decision.considered)
    assert decision.needs[0].code == "not_the_supplier"


def test_the_problem_document_carries_reasons_rules_and_the_policys_hash() -> None:
    with pytest.raises(PolicyRefused) as refused:
        require(platform("finance", account="acc_9"), "topup:confirm", TOPUP)
    body = refused.value.problem()
    assert (body["status"], body["code"]) == (403, "same_person")
    assert body["decision_detail"]["rules"] == ["topup-same-person"]
    assert body["decision_detail"]["policy_hash"] == current().hash
    assert body["decision_detail"]["needs"][0]["rule"] == "topup-same-person"
    assert refused.value.object_id == "top_1"


def test_abilities_answer_every_action_of_the_kind() -> None:
    found = dict(abilities(member("org_a", "owner"), OWN))
    assert set(found) == {action for action in current().actions if action.startswith("listing:")}
    assert found["listing:edit"].permitted
    assert not found["listing:order"].permitted


def test_every_action_asked_for_in_the_product_is_one_that_policy_knows() -> None:
    root = Path(compliance.__file__).parent.parent
    asked = set()
    for package in ("compliance", "catalog", "billing", "exchange"):
        for path in (root / package).rglob("*.py"):
            asked |= set(
                re.findall(r'(?:require|decide)\(\s*[^,()]+(?:\(\))?,\s*"([a-z_]+:[a-z_]+)"', path.read_text("utf-8"))
            )
    assert asked
    assert asked <= set(current().actions)

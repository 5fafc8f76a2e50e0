"""Which cells of the matrix a change of the rules changes: exactly those, and none of actions left alone."""

from __future__ import annotations

import json
from typing import Any

from compliance.policy.document import parse, shipped
from compliance.rulebook.cells import PERSONAS, at_best, changes
from compliance.tiers import profile
from tests.compliance.policy import table

NOT_BUILT = tuple(row.not_built for row in profile("cn").rows)


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(shipped().canonical)
    return loaded | {"version": loaded["version"] + 1}


def rule(made: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in made["rules"] if each["id"] == name)
    return found


def test_the_same_rules_change_nothing_and_ask_nothing() -> None:
    found = changes(shipped(), parse(document()), NOT_BUILT)
    assert (found.asked, found.opened, found.closed, found.cells) == (0, 0, 0, ())


def test_a_condition_less_opens_cells_of_its_tier_and_action_only() -> None:
    made = document()
    rule(made, "listing-see-registered")["when"] = ["listed"]
    found = changes(shipped(), parse(made), NOT_BUILT)
    assert found.closed == 0
    assert {(cell.cell.action, cell.cell.tier) for cell in found.cells} == {("listing:see", 2), ("listing:fields", 2)}
    assert {cell.cell.who for cell in found.cells} == {"stranger"}
    assert all((each.before, each.after) == ("forbid", "permit") for each in found.cells)
    assert all(each.rules_after == ("listing-see-registered",) for each in found.cells)


def test_a_condition_more_closes_and_what_is_missing_is_asked_for_too() -> None:
    made = document()
    rule(made, "order-qualified")["when"].append("purpose_stated")
    found = changes(shipped(), parse(made), NOT_BUILT)
    assert (found.opened, {cell.cell.tier for cell in found.cells}) == (0, {2})
    purposes = {cell.cell.facts.get("context.purpose", "missing") for cell in found.cells}
    assert purposes == {"", "missing"}
    assert found.closed == sum(line[4] for line in found.summary)
    assert {line[1] for line in found.summary} == {"buyer/owner", "buyer/buyer", "outsider/owner"}


def test_a_new_forbid_closes_and_a_rule_taken_away_closes() -> None:
    made = document()
    made["rules"] = [each for each in made["rules"] if each["id"] != "listing-see-open"]
    made["rules"].append(
        {"id": "no-calls", "effect": "forbid", "actions": ["order:call"], "when": ["is_buyer"], "basis": "a test"}
    )
    found = changes(shipped(), parse(made), NOT_BUILT)
    assert found.opened == 0
    assert {line[0] for line in found.summary} == {"listing:see", "listing:fields", "order:call"}


def test_at_best_a_person_reaches_what_the_table_says() -> None:
    who = {each.name: each for each in PERSONAS}
    for level in (1, 2, 3, 4):
        for tier in range(6):
            sees = at_best("listing:see", who["buyer/buyer"], level, tier, shipped(), NOT_BUILT) == "permit"
            assert sees == (level >= table.SEES[tier])
            orders = at_best("listing:order", who["buyer/buyer"], level, tier, shipped(), NOT_BUILT) == "permit"
            assert orders == (level >= table.ORDERS[tier])
    assert at_best("listing:see", who["stranger"], 0, 2, shipped(), NOT_BUILT) == "forbid"
    assert at_best("order:freeze", who["officer"], 1, 0, shipped(), NOT_BUILT) == "permit"

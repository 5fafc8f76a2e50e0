"""Alert rules and dashboard speak of figures that exist, and every rule says what to do."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "monitoring"
_NAME = re.compile(r"\bpiaohao_[a-z_]+")
_ENDS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def _exposed() -> set[str]:
    """What the page of figures shows, by the calls that make families."""
    found = set()
    for path in (ROOT / "exchange").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (made := _made(node)):
                name, kind = made
                found |= {name + end for end in _ENDS[kind]}
    return found


def _made(node: ast.Call) -> tuple[str, str] | None:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    values = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    if not values or not str(values[0]).startswith("piaohao_"):
        return None
    kind = str(values[1]) if called == "Family" else called
    return (str(values[0]), kind) if kind in _ENDS else None


def _rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_alerts_are_about_figures_that_exist_and_say_what_to_do() -> None:
    exposed, rules = _exposed(), _rules()
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        assert set(_NAME.findall(rule["expr"])) <= exposed, rule["alert"]
        assert _NAME.findall(rule["expr"]), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_the_dashboard_is_about_figures_that_exist() -> None:
    board, exposed = json.loads((FOLDER / "dashboard.json").read_text("utf-8")), _exposed()
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert asked
    assert {name for expression in asked for name in _NAME.findall(expression)} <= exposed
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_refusals_that_an_alert_names_exist() -> None:
    from exchange.gateway.refusals import REFUSALS

    (rule,) = [rule for rule in _rules() if rule["alert"] == "GatewayRefusesForItself"]
    (codes,) = re.findall(r'code=~"([^"]+)"', rule["expr"])
    for code in codes.split("|"):
        assert any(re.fullmatch(code, known) for known in REFUSALS), code

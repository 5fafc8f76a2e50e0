"""The rules as pages: the matrix, versions and what they change, what would be if, and decisions explained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import flask
from marshmallow import Schema
from werkzeug.wrappers import Response

from compliance.policy import Decision, Policy, PolicyInvalid, Resource, decide
from compliance.policy.document import read as read_document
from compliance.rulebook import queries, service
from compliance.rulebook.cells import LEVELS, PERSONAS, Persona, at_best
from compliance.rulebook.errors import FactsInvalid, PolicyDocumentInvalid
from compliance.rulebook.types import Explained, Proposal
from compliance.tiers import profile
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from core.speech import gettext
from exchange.web import forms
from exchange.web.explain import DecisionText, card
from exchange.web.language import language
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in

KINDS = ("listing", "order")
_FACTS = {
    "actor": ("signed_in", "roles", "platform_roles", "qualification", "organisation", "account", "country"),
    "resource": ("tier", "state", "kind", "owner", "buyer", "not_built", "home", "unclaimed", "frozen", "quota"),
    "context": ("purpose", "territory", "contract", "entitled"),
}
_FLAGS = {"signed_in", "unclaimed", "frozen", "quota", "entitled"}
_NUMBERS = {"qualification", "tier"}
_LISTS = {"roles", "platform_roles"}
_EXAMPLE = {
    "actor.signed_in": "yes", "actor.roles": "buyer", "actor.qualification": "2", "actor.organisation": "org_buyer",
    "actor.account": "acc_buyer", "actor.country": "CN", "resource.tier": "3", "resource.state": "listed",
    "resource.kind": "dataset", "resource.owner": "org_supplier", "resource.home": "CN", "resource.unclaimed": "no",
    "context.purpose": "training", "context.territory": "CN", "action": "listing:order",
}  # fmt: skip


class ProposalForm(Schema):
    document = TextField(required=True, shortest=2, longest=200_000)
    reason = TextField(required=True, shortest=2, longest=1000)


class ActivationForm(Schema):
    hash = TextField(required=True, shortest=64, longest=64)


class RejectionForm(Schema):
    reason = TextField(required=True, shortest=2, longest=1000)


@dataclass(frozen=True)
class Line:
    """One person of the matrix with, by action and tier, whether the rules can let them."""

    who: str
    level: int | None
    cells: list[list[bool]]


@pages.get("/review/policy")
def policy(problem: DomainError | None = None) -> flask.Response:
    """What the rules in force let whom do at which tier, and the versions before and after them."""
    signed_in()
    kind = flask.request.args.get("kind", KINDS[0])
    kind = kind if kind in KINDS else KINDS[0]

    def work(uow: Uow) -> dict[str, Any]:
        found = queries.in_force(uow, actor())
        actions = _tiered(found, kind)
        return {
            "policy": found, "kind": kind, "kinds": KINDS, "actions": actions,
            "lines": _lines(found, actions, queries.not_built(house())), "tiers": _tiers(),
            "versions": queries.list_versions(uow, actor(), limit=50).items, "propose": _may("propose"),
            "document": flask.request.form.get("document") or json.dumps(
                json.loads(found.canonical), ensure_ascii=False, indent=1
            ) if problem else "",
        }  # fmt: skip

    return render("policy/show.html", problem.status if problem else 200, problem=problem, **read(work))


def _tiered(found: Policy, kind: str) -> list[str]:
    """The actions of a kind for which the tier makes a difference."""
    return [
        action
        for action in found.actions
        if action.startswith(f"{kind}:") and any(rule.tiers is not None for rule in found.of(action))
    ]


def _lines(found: Policy, actions: list[str], not_built: tuple[str, ...]) -> list[Line]:
    by_name = {each.name: each for each in PERSONAS}
    shown: list[tuple[Persona, int | None]] = [(by_name["stranger"], None)]
    shown += [(by_name["buyer/owner"], level) for level in LEVELS]
    shown += [(by_name[name], None) for name in ("supplier/owner", "reviewer", "officer")]
    return [
        Line(who.name, level, [_row(found, action, who, level or LEVELS[-1], not_built) for action in actions])
        for who, level in shown
    ]


def _row(found: Policy, action: str, who: Persona, level: int, not_built: tuple[str, ...]) -> list[bool]:
    return [at_best(action, who, level, tier, found, not_built) == "permit" for tier in range(len(not_built))]


def _tiers() -> list[int]:
    return [row.level for row in profile(house().settings.tier_profile).rows]


def _may(verb: str, proposed_by: str | None = None) -> DecisionText | None:
    return card(decide(actor(), f"policy:{verb}", Resource("policy", "policy", {"proposed_by": proposed_by})))


@pages.post("/review/policy")
@again(policy)
def propose_policy() -> Response:
    signed_in()
    form = forms.load(ProposalForm)
    made = act(lambda uow: service.propose(uow, actor(), document=_read(form["document"]), reason=form["reason"]))
    return done("policy-proposed", "web.policy_version", version_id=made.id)


def _read(text: str) -> dict[str, Any]:
    """A document as JSON or YAML. Raises PolicyDocumentInvalid."""
    try:
        return read_document(text)
    except PolicyInvalid as error:
        raise PolicyDocumentInvalid(str(error), field="document") from None


@pages.get("/review/policy/<version_id>")
def policy_version(version_id: str, problem: DomainError | None = None) -> flask.Response:
    """A version and every cell of the matrix that it changes."""
    signed_in()
    found: Proposal = read(lambda uow: queries.proposal(uow, actor(), version_id))
    return render(
        "policy/version.html", problem.status if problem else 200, page=found, problem=problem,
        activate=_may("activate", found.version.proposed_by), reject=_may("reject"), shown=_cells(found),
    )  # fmt: skip


def _cells(found: Proposal, most: int = 100) -> list[tuple[Any, str]]:
    """The changed cells with their facts in words, beside who and tier."""
    beside = ("resource.id", "resource.tier", "actor.account", "actor.organisation", "actor.signed_in")
    told = []
    for each in found.changes.cells[:most]:
        facts = [f"{name} {_plain(value)}" for name, value in each.cell.facts.items() if name not in beside]
        told.append((each, ", ".join(fact for fact in facts if not fact.endswith(" "))))
    return told


def _plain(value: Any) -> str:
    if isinstance(value, frozenset):
        return " ".join(sorted(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@pages.post("/review/policy/<version_id>/activate")
@again(policy_version)
def activate_policy(version_id: str) -> Response:
    signed_in()
    form = forms.load(ActivationForm)
    act(lambda uow: service.activate(uow, actor(), version_id, hash=form["hash"]))
    return done("policy-activated", "web.policy_version", version_id=version_id)


@pages.post("/review/policy/<version_id>/reject")
@again(policy_version)
def reject_policy(version_id: str) -> Response:
    signed_in()
    form = forms.load(RejectionForm)
    act(lambda uow: service.reject(uow, actor(), version_id, reason=form["reason"]))
    return done("policy-rejected", "web.policy_version", version_id=version_id)


@pages.get("/review/policy/simulate")
def simulate_policy() -> flask.Response:
    """What the rules would say to facts that are typed in; what is left empty is missing."""
    signed_in()
    given = {name: value.strip() for name, value in flask.request.args.items()} or dict(_EXAMPLE)
    problem: DomainError | None = None
    decided: Decision | None = None
    found: Policy = read(lambda uow: queries.in_force(uow, actor()))
    try:
        decided = read(lambda uow: _simulated(uow, given))
    except FactsInvalid as raised:
        problem = raised
    return render(
        "policy/simulate.html", 422 if problem else 200, problem=problem, given=given, facts=_FACTS, flags=_FLAGS,
        actions=found.actions, decision=card(decided), decided=decided,
    )  # fmt: skip


def _simulated(uow: Uow, given: dict[str, str]) -> Decision:
    facts = {subject: _typed(given, subject, names) for subject, names in _FACTS.items()}
    return queries.simulate(
        uow, actor(), action=given.get("action", ""), who={"organisation": "", "account": ""} | facts["actor"],
        resource=facts["resource"], context=facts["context"],
    )  # fmt: skip


def _typed(given: dict[str, str], subject: str, names: tuple[str, ...]) -> dict[str, Any]:
    """The facts of a form. ``not_built`` left empty is nothing that is missing; other empty ones are missing."""
    facts: dict[str, Any] = {"not_built": given.get("resource.not_built", "")} if subject == "resource" else {}
    for name in names:
        text = given.get(f"{subject}.{name}", "")
        if not text:
            continue
        if name in _NUMBERS and not text.isdecimal():
            raise FactsInvalid(gettext("A number is needed."), field=f"{subject}.{name}")
        facts[name] = _value(name, text)
    return facts


def _value(name: str, text: str) -> Any:
    if name in _FLAGS:
        return text == "yes"
    if name in _NUMBERS:
        return int(text)
    return text.replace(",", " ").split() if name in _LISTS else text


@pages.get("/decisions/<entry_id>")
def decision(entry_id: str) -> flask.Response:
    """Why something was permitted or refused, by the rules of that time."""
    signed_in()
    found: Explained = read(lambda uow: queries.explained(uow, actor(), entry_id))
    return render("policy/decision.html", page=found, needs=_needs(found))


def _needs(found: Explained) -> list[dict[str, Any]]:
    """What was not met, in the page's language."""
    needs = found.decision["needs"] if found.decision else []
    return [{**need, "message": need[f"message_{language()}"]} for need in needs]

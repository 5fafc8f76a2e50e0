"""A decision of policy as a page shows it: what, why, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from compliance.policy import Decision
from core.problems import DomainError
from exchange.web.language import language, said


@dataclass(frozen=True)
class NeedText:
    attribute: str
    operator: str
    needed: str
    actual: str
    message: str


@dataclass(frozen=True)
class DecisionText:
    """One decision in the page's language."""

    effect: str
    rules: Sequence[str]
    needs: Sequence[NeedText]
    policy_hash: str

    @property
    def permitted(self) -> bool:
        return self.effect == "permit"


def card(decision: Decision | None) -> DecisionText | None:
    """The decision in the page's language; nothing for nothing."""
    if decision is None:
        return None
    zh = language() == "zh"
    needs = [
        NeedText(n.attribute, n.operator, str(n.needed), str(n.actual), n.message_zh if zh else n.message_en)
        for n in decision.needs
    ]
    return DecisionText(str(decision.effect), list(decision.rules), needs, decision.policy_hash)


def detail(problem: DomainError) -> str | Markup:
    """What happened, in the page's language: for a refusal of policy each reason, else the problem's own text."""
    found = card(getattr(problem, "decision", None))
    if found is not None and found.needs:
        return ("；" if language() == "zh" else "; ").join(need.message for need in found.needs)
    return said(problem.detail)

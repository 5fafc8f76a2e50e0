"""Policy's values: what is asked, and the answer that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.actor import Actor
from core.problems import Bilingual, Refused

Value = str | int | bool | None


@dataclass(frozen=True)
class Resource:
    """What an action is about: its kind, id, and the attributes that rules may ask for."""

    kind: str
    id: str
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Need:
    """A condition that was not met: what was needed, what was there, and how to say it.

    Whose a thing is shows as "same" or "another", never as an id.
    """

    attribute: str
    operator: str
    needed: str
    actual: str
    message_zh: str
    message_en: str
    code: str
    rule: str = ""


@dataclass(frozen=True)
class Considered:
    """A rule that spoke of the action and tier, and every condition of it that was not met."""

    rule: str
    effect: str
    needs: tuple[Need, ...]


@dataclass(frozen=True)
class Decision:
    """The answer of policy.

    ``rules`` are those that decided, ``basis`` why they exist; ``needs`` says what to change, of the rule that came
    nearest, and is empty for a permit; ``considered`` holds, of a refusal, every rule that was tried.
    """

    action: str
    effect: str
    rules: tuple[str, ...]
    obligations: tuple[str, ...]
    needs: tuple[Need, ...]
    policy_hash: str
    basis: tuple[str, ...] = ()
    considered: tuple[Considered, ...] = ()

    @property
    def permitted(self) -> bool:
        return self.effect == "permit"

    def as_dict(self) -> dict[str, Any]:
        """For storing and showing; contains nothing that the asking actor does not know."""
        return {
            "action": self.action,
            "effect": self.effect,
            "rules": list(self.rules),
            "basis": list(self.basis),
            "obligations": list(self.obligations),
            "needs": [asdict(need) for need in self.needs],
            "considered": [_brief(each) for each in self.considered],
            "policy_hash": self.policy_hash,
        }


def _brief(considered: Considered) -> dict[str, Any]:
    unmet = [
        {"attribute": need.attribute, "operator": need.operator, "needed": need.needed, "actual": need.actual}
        for need in considered.needs
    ]
    return {"rule": considered.rule, "effect": considered.effect, "unmet": unmet}


@dataclass(frozen=True)
class Clause:
    """All of these hold; None means "any"."""

    states: frozenset[str] | None = None
    min_tier: int = 0
    max_tier: int | None = None
    owner: str | None = None
    ids: frozenset[str] | None = None

    def admits(self, *, state: str, tier: int, owner: str, listing_id: str = "") -> bool:
        return (
            (self.states is None or state in self.states)
            and self.min_tier <= tier
            and (self.max_tier is None or tier <= self.max_tier)
            and (self.owner is None or owner == self.owner)
            and (self.ids is None or listing_id in self.ids)
        )


@dataclass(frozen=True)
class Predicate:
    """One of these clauses holds; no clause means nobody sees anything."""

    clauses: tuple[Clause, ...]

    def admits(self, *, state: str, tier: int, owner: str, listing_id: str = "") -> bool:
        return any(clause.admits(state=state, tier=tier, owner=owner, listing_id=listing_id) for clause in self.clauses)


class PolicyRefused(Refused):
    """The decision was no. The problem document carries every reason, with what would change it."""

    code, title = "policy_refused", "Policy refuses this"

    def __init__(self, actor: Actor, action: str, resource: Resource, decision: Decision) -> None:
        zh, en = ([getattr(need, name) for need in decision.needs] for name in ("message_zh", "message_en"))
        super().__init__(
            Bilingual(zh="；".join(zh), en="; ".join(en)),
            actor=actor,
            action=action,
            object_id=resource.id,
            decision=decision,
            decision_detail=decision.as_dict(),
        )
        if decision.needs and decision.needs[0].code:
            self.code = decision.needs[0].code  # type: ignore[misc]

"""The policy's evaluator beside Cedar: the same rules, the same questions, the same answers; and how fast.

    python -m bench.policy [--requests 100000] [--pairs 100000] [--seed 1]

Questions are made at random from what the rules ask for: most come near a permit, some lack an attribute or have one
of another type. Every pair asks again with less (a higher tier, an attribute less or of another type, a lower level, a
role less): what was refused must not be permitted then. Answers 1 when the two differ anywhere, when less opened a
door, or when ours decides, with its explanation, less than twice as fast as cedarpy.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench import cedar
from compliance.policy.document import Policy, shipped
from compliance.policy.evaluate import judge
from compliance.tiers import profile

CEDAR = Path(".venv-cedar/bin/python")
HIGHEST = 5
ACCESS = (
    "listing:see", "listing:fields", "listing:sample", "listing:order", "listing:inquire", "order:download",
    "order:call",
)  # fmt: skip
"""What a higher tier makes harder. Other actions have steps of their own at high tiers, approvals above all."""
_OTHER = ("org_a", "org_b", "acc_1", "acc_2", "CN", "SG", "listed", "draft", "dataset", "interface", "x", "")
_WRONG: tuple[Any, ...] = (7, "7", True, frozenset({"7"}), 1.5)


@dataclass(frozen=True)
class Question:
    action: str
    facts: Mapping[str, Any]


class Questions:
    """Random questions about one policy; of one seed always the same."""

    def __init__(self, policy: Policy, seed: int) -> None:
        self.policy = policy
        self.random = Random(seed)
        self.document: dict[str, Any] = json.loads(policy.canonical)
        self.types = cedar.types(self.document)
        self.not_built = [row.not_built for row in profile("cn").rows]

    def next(self) -> Question:
        """Near a rule's permit, then spoilt in no, one or two places."""
        action = self.random.choice(self.policy.actions)
        facts = {name: self._any(kind) for name, kind in self.types.items()}
        facts |= {"resource.tier": self.random.randint(0, HIGHEST), "actor.qualification": self.random.randint(0, 4)}
        facts["resource.not_built"] = self.not_built[facts["resource.tier"]]
        rules = [rule for rule in self.policy.of(action) if rule.effect == "permit"]
        if rules and self.random.random() < 0.9:
            self._satisfy(self.random.choice(rules), facts)
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            self._spoil(facts, cedar.asked_by(action, self.document))
        return Question(action, facts)

    def _any(self, kind: type) -> Any:
        if kind is bool:
            return self.random.random() < 0.15
        if kind is int:
            return self.random.randint(0, 5)
        if kind is frozenset:
            words = ("owner", "buyer", "supplier", "officer", "reviewer", "finance", "lst_1")
            return frozenset(self.random.sample(words, self.random.randint(0, 3)))
        return self.random.choice(_OTHER)

    def _satisfy(self, rule: Any, facts: dict[str, Any]) -> None:
        if rule.tiers is not None:
            facts["resource.tier"] = self.random.randint(*rule.tiers)
            facts["resource.not_built"] = self.random.choice(("", self.not_built[facts["resource.tier"]]))
        for each in rule.conditions:
            match each.operator:
                case "equals":
                    facts[each.attribute] = each.value
                case "one_of":
                    facts[each.attribute] = self.random.choice(each.value)
                case "at_least":
                    facts[each.attribute] = each.value + self.random.randint(0, 1)
                case "holds_any":
                    facts[each.attribute] = frozenset({self.random.choice(each.value)})
                case "same_as":
                    facts[each.attribute] = facts[each.value] = self.random.choice(("org_a", "acc_1", "CN"))
                case "among":
                    facts[each.value] = frozenset({str(facts[each.attribute]), "lst_2"})
                case "stated":
                    facts[each.attribute] = self.random.choice(("training", "CN", " "))

    def _spoil(self, facts: dict[str, Any], asked: frozenset[str]) -> None:
        """One attribute, mostly one that matters, is gone or another."""
        near = sorted(asked & set(facts)) if self.random.random() < 0.8 else []
        name = self.random.choice(near or sorted(facts))
        if self.random.random() < 0.4:
            del facts[name]
        else:
            facts[name] = self.random.choice((self._any(self.types[name]), self.random.choice(_WRONG)))

    def less(self, asked: Question) -> Question:
        """The same with less to show for it, in one place."""
        facts = dict(asked.facts)
        ways = [self._without, self._of_another_type, self._lower, self._fewer]
        if asked.action in ACCESS:
            ways += [self._higher] * 2
        self.random.choice(ways)(facts)
        return Question(asked.action, facts)

    def _without(self, facts: dict[str, Any]) -> None:
        facts.pop(self.random.choice(sorted(facts)))

    def _of_another_type(self, facts: dict[str, Any]) -> None:
        name = self.random.choice(sorted(facts))
        facts[name] = next(each for each in _WRONG if type(each) is not self.types[name])

    def _lower(self, facts: dict[str, Any]) -> None:
        if type(level := facts.get("actor.qualification")) is int:
            facts["actor.qualification"] = self.random.randint(0, max(level, 0))

    def _fewer(self, facts: dict[str, Any]) -> None:
        name = self.random.choice(("actor.roles", "actor.platform_roles", "actor.invited", "actor.agreed"))
        if isinstance(held := facts.get(name), frozenset) and held:
            facts[name] = held - {self.random.choice(sorted(held))}

    def _higher(self, facts: dict[str, Any]) -> None:
        if type(tier := facts.get("resource.tier")) is int and tier < HIGHEST:
            facts["resource.tier"] = higher = self.random.randint(tier + 1, HIGHEST)
            if facts.get("resource.not_built") == self.not_built[tier]:
                facts["resource.not_built"] = self.not_built[higher]


@dataclass(frozen=True)
class Compared:
    """What came of asking both: where they differ, how many were permitted, and seconds a decision."""

    differing: Sequence[Question]
    permitted: int
    asked: int
    ours: float
    cedar: float
    cedar_batched: float


def compare(questions: Sequence[Question], policy: Policy, *, document: Mapping[str, Any] | None = None) -> Compared:
    """Ask both. ``document`` is what Cedar judges by, if that is to be something else."""
    rules = document or json.loads(policy.canonical)
    theirs, seconds = _ask_cedar(questions, rules)
    began = time.perf_counter()
    decided = [judge(each.action, each.facts, each.facts.get("resource.tier"), policy) for each in questions]
    spent = time.perf_counter() - began
    places = cedar.differences([each.permitted for each in decided], theirs)
    count = max(len(questions), 1)
    return Compared(
        [questions[place] for place in places], sum(theirs), len(questions), spent / count,
        seconds["seconds"] / count, seconds["batch_seconds"],
    )  # fmt: skip


def _ask_cedar(questions: Sequence[Question], rules: Mapping[str, Any]) -> tuple[list[bool], dict[str, float]]:
    types = cedar.types(rules)
    asked = {each: cedar.asked_by(each, rules) for each in {question.action for question in questions}}
    known = {action: {name: types[name] for name in names} for action, names in asked.items()}
    lines = [json.dumps(cedar.policies(rules))]
    lines += [json.dumps(cedar.request(each.action, each.facts, known[each.action])) for each in questions]
    peer = [str(CEDAR), str(Path(__file__).parent / "cedar_peer.py")]
    done = subprocess.run(peer, input="\n".join(lines), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    *answers, last = done.stdout.splitlines()
    return [json.loads(line)[0] for line in answers], json.loads(last)


def opened_by_less(made: Questions, pairs: int) -> list[tuple[Question, Question]]:
    """The pairs in which less was permitted what more was not."""
    found = []
    for _ in range(pairs):
        asked = made.next()
        less = made.less(asked)
        verdicts = [
            judge(q.action, q.facts, q.facts.get("resource.tier"), made.policy).permitted for q in (asked, less)
        ]
        if verdicts == [False, True]:
            found.append((asked, less))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not CEDAR.exists():
        print("Cedar is not here: sh tools/setup-cedar.sh", file=sys.stderr)
        return 2
    made = Questions(shipped(), options.seed)
    found = compare([made.next() for _ in range(options.requests)], made.policy)
    print(f"{found.asked} requests, {found.permitted} permitted by Cedar, differences: {len(found.differing)}")
    for each in found.differing[:5]:
        print(f"  {each}")
    opened = opened_by_less(made, options.pairs)
    print(f"{options.pairs} pairs, less permitted what more was not: {len(opened)}")
    for one, other in opened[:5]:
        print(f"  {one}\n  {other}")
    ratio = found.cedar / found.ours
    print(
        f"decisions a second with their explanation: ours {1 / found.ours:,.0f}, cedarpy {1 / found.cedar:,.0f} "
        f"(in batches {1 / found.cedar_batched:,.0f}); ours is {ratio:.1f} times as fast"
    )
    return int(bool(found.differing or opened or ratio < 2))


if __name__ == "__main__":
    sys.exit(main())

"""The other side of ``bench.openapi_fuzz``, in an environment that has Schemathesis: asks, and tells what broke."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections import Counter
from random import Random
from typing import Any

import hypothesis
import requests
import schemathesis  # type: ignore[import-not-found]  # of another environment
from schemathesis.core.failures import FailureGroup  # type: ignore[import-not-found]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SHOWN = 40
_PATIENCE_S = 600


class Campaign:
    """Who asks next, for what, and what was answered."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.ids: dict[str, str] = plan["ids"]
        self.unknown: dict[str, str] = plan["unknown"]
        self.values: dict[str, Any] = plan["values"]
        self.people: dict[str, list[str]] = plan["people"]
        self.chance = Random(plan["seed"])
        self.address: str = plan["address"]
        self.session = requests.Session()
        self.statuses: Counter[int] = Counter()
        self.undocumented: Counter[str] = Counter()
        self.broken: list[str] = []
        self.signed_out = 0

    def ask(self, case: Any) -> None:
        who = self.chance.choice(list(self.people))
        token = self.chance.choice(self.people[who])
        self._name_things(case)
        sent = case.as_transport_kwargs(base_url=self.address + "/api/v1")
        for name in ("Authorization", "X-Api-Key"):  # made up where the document tells of them
            sent["headers"].pop(name, None)
        if token:
            sent["headers"]["Authorization"] = f"Bearer {token}"
        told = f"{case.method} {case.path}"
        try:
            response = self.session.request(**sent, timeout=_PATIENCE_S)
        except requests.Timeout:
            self.broken.append(f"no answer to {told} by {who}: {case.as_curl_command()[:700]}")
            return
        self.statuses[response.status_code] += 1
        if response.status_code >= 500:
            self.broken.append(f"{response.status_code} {told} by {who}: {case.as_curl_command()[:700]}")
        if response.status_code == 401 and token:
            self._signed_out(who, token)
        self._against_document(case, response, told)

    def _name_things(self, case: Any) -> None:
        """Mostly things that exist, sometimes what nothing has, sometimes what was made up; in the body too."""
        for name in _PLACEHOLDER.findall(case.path):
            dice = self.chance.random()
            if dice < 0.7 and name in self.ids:
                case.path_parameters[name] = self.ids[name]
            elif dice < 0.85 and name in self.unknown:
                case.path_parameters[name] = self.unknown[name]
        if isinstance(case.body, dict):
            for name in case.body:
                if name in self.ids and self.chance.random() < 0.7:
                    case.body[name] = self.ids[name]
                elif name in self.values and self.chance.random() < 0.6:
                    case.body[name] = self.values[name]
        if self.chance.random() < 0.5:
            case.headers["If-Match"] = '"1"'

    def _signed_out(self, who: str, token: str) -> None:
        if len(self.people[who]) > 1:
            self.people[who].remove(token)
            self.signed_out += 1

    def _against_document(self, case: Any, response: Any, told: str) -> None:
        try:
            case.validate_response(
                response,
                checks=[
                    schemathesis.checks.status_code_conformance,
                    schemathesis.checks.content_type_conformance,
                    schemathesis.checks.response_schema_conformance,
                ],
            )
        except FailureGroup as group:
            for failure in group.exceptions:
                self.undocumented[f"{type(failure).__name__} {response.status_code} {told}"] += 1


def main() -> int:
    plan = json.loads(sys.stdin.read())
    campaign = Campaign(plan)
    document = requests.get(campaign.address + "/api/v1/openapi.json", timeout=60).json()
    schema = schemathesis.openapi.from_dict(document)
    operations = [each.ok() for each in schema.get_all_operations()]
    modes = list(schemathesis.GenerationMode)
    each = max(1, -(-plan["requests"] // (len(operations) * len(modes))))
    for operation in operations:
        for mode in modes:
            _ask(campaign, operation, mode, each, plan["seed"])
    asked, answers = sum(campaign.statuses.values()), dict(sorted(campaign.statuses.items()))
    print(f"{len(operations)} operations, {asked:,} requests: {answers}")
    print(f"{campaign.signed_out} signed out on the way")
    print(f"{campaign.undocumented.total()} answers that the document does not tell of")
    for what, times in campaign.undocumented.most_common(_SHOWN):
        print(f"  {times:>4} {what}")
    print(f"{len(campaign.broken)} answers of 5xx, or none within {_PATIENCE_S} s")
    print("\n".join(dict.fromkeys(campaign.broken[:_SHOWN])))
    return int(bool(campaign.broken))


def _ask(campaign: Campaign, operation: Any, mode: Any, times: int, seed: int) -> None:
    """So many requests of one operation; one that cannot be broken has none of the negative ones."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=times,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        campaign.ask(case)

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):
        ask()


if __name__ == "__main__":
    sys.exit(main())

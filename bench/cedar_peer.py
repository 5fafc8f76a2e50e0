"""The other side of ``bench.policy``: answers its questions by Cedar, in an environment that has ``cedarpy``.

Reads lines of JSON from standard input: the policies first, then one question a line; writes one answer a line, permit
or not with the ids of the policies that decided, and at last how long deciding took: one by one, and as one batch.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import cedarpy  # type: ignore[import-not-found]  # of another environment

WHO, THING = {"type": "Who", "id": "who"}, {"type": "Thing", "id": "thing"}


def main() -> None:
    policies = cedarpy.PolicySet.from_str(json.loads(sys.stdin.readline()))
    questions = [json.loads(line) for line in sys.stdin]
    answers, spent = [], 0.0
    for question in questions:
        request, entities = _request(question), _entities(question, WHO, THING)
        began = time.perf_counter()
        answer = cedarpy.is_authorized(request, policies, entities)
        reasons = list(answer.diagnostics.reasons)
        spent += time.perf_counter() - began
        answers.append((answer.allowed, reasons))
        if answer.diagnostics.errors:
            raise SystemExit(f"a policy erred: {answer.diagnostics.errors[:3]} for {question}")
    for allowed, reasons in answers:
        print(json.dumps([allowed, reasons]))
    print(json.dumps({"seconds": spent, "batch_seconds": _batched(questions[:2000], policies)}))


def _request(question: dict[str, Any], number: int | None = None) -> dict[str, Any]:
    mark = "" if number is None else str(number)
    return {
        "principal": {**WHO, "id": WHO["id"] + mark},
        "action": {"type": "Action", "id": question["action"]},
        "resource": {**THING, "id": THING["id"] + mark},
        "context": question["context"],
    }


def _entities(question: dict[str, Any], who: dict[str, str], thing: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"uid": who, "attrs": question["actor"], "parents": []},
        {"uid": thing, "attrs": question["resource"], "parents": []},
    ]


def _batched(questions: list[dict[str, Any]], policies: Any) -> float:
    """Seconds for a question when many are asked at once about entities that are handed over together."""
    requests = [_request(question, number) for number, question in enumerate(questions)]
    entities = [
        entity
        for number, question in enumerate(questions)
        for entity in _entities(
            question, {**WHO, "id": f"{WHO['id']}{number}"}, {**THING, "id": f"{THING['id']}{number}"}
        )
    ]
    began = time.perf_counter()
    cedarpy.is_authorized_batch(requests, policies, entities)
    return (time.perf_counter() - began) / max(len(questions), 1)


if __name__ == "__main__":
    main()

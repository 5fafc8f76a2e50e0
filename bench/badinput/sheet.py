"""The lines that are printed: what was sent, what came back, whether anything changed."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.badinput.state import State
from bench.client import Reply
from tests.servers.exchange import eventually

UNCHANGED = "nothing changed"
_PAUSE_S = 3.0


@dataclass
class Case:
    """One bad input: the answer as it came, and what of it was not expected."""

    what: str
    answer: str = ""
    faults: list[str] = field(default_factory=list)

    def replied(self, reply: Reply, *expected: tuple[int, str]) -> None:
        """Note a problem document; it must be one of the (status, code) pairs."""
        body = reply.body if isinstance(reply.body, dict) else {}
        code = str(body.get("code", ""))
        told = [f"{name}={body[name]!r}" for name in ("field", "hint", "detail") if body.get(name)]
        self.say(" ".join([str(reply.status), code, *told]))
        if (reply.status, code) not in expected:
            self.faults.append(f"expected {' or '.join(f'{status} {name}' for status, name in expected)}")

    def say(self, text: str) -> None:
        self.answer = "; ".join(part for part in (self.answer, text) if part)

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.faults.append(otherwise)


class Sheet:
    """Prints a line for each case; remembers the faults. ``data`` is the folder of the exchange that is asked."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.cases = 0
        self.faults = 0

    @contextmanager
    def case(self, what: str, *, may_change: Collection[str] = ()) -> Iterator[Case]:
        """Afterwards everything is as before, but for what the case is known to change: tables, files, folders/."""
        before, case = State.of(self.data), Case(what)
        yield case
        left: set[str] = set()

        def settled() -> bool:
            nonlocal left
            changed = before.differences(State.of(self.data))
            left = {each for each in changed if not any(_covers(allowed, each) for allowed in may_change)}
            return not left

        case.check(eventually(settled, within_s=5.0), f"changed: {', '.join(sorted(left))}")
        self._print(case, UNCHANGED if not may_change else f"{UNCHANGED} but {', '.join(sorted(may_change))}")

    def wait_until_quiet(self) -> None:
        """What was done before is told by now, and nothing moves by itself."""

        def quiet() -> bool:
            before = State.of(self.data)
            time.sleep(_PAUSE_S)
            return not before.differences(State.of(self.data))

        eventually(quiet)

    def line(self, case: Case) -> None:
        """A case that looked after its own consequences."""
        self._print(case, "")

    def _print(self, case: Case, after: str) -> None:
        self.cases += 1
        self.faults += bool(case.faults)
        ending = f"UNEXPECTED: {'; '.join(case.faults)}" if case.faults else after
        sys.stdout.write(" | ".join(part for part in (case.what, case.answer, ending) if part) + "\n")
        sys.stdout.flush()


def _covers(allowed: str, changed: str) -> bool:
    return changed == allowed or (allowed.endswith("/") and changed.startswith(allowed))

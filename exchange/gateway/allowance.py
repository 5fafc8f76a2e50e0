"""What one entitlement may still do: rate, calls at once, and the calls of quota, money and trial held on lease.

Reserve before the call is sent on, settle when its outcome is known. Nothing here waits; when a lease has to be
asked for first, the caller is told so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from exchange.gateway.shared import SharedLimits

SECOND = 1_000_000_000
FIRST_ASK = 8
MOST_ASKED = 100_000
DRY_NS = SECOND // 4
IDLE_NS = 2 * SECOND
_AHEAD_NS = SECOND // 10
_BLOCK_NS = SECOND // 4
_NEVER = 1 << 62


class Verdict(Enum):
    """Why nothing could be reserved."""

    WAIT = "wait"
    RATE = "rate"
    CONCURRENCY = "concurrency"
    SPENT = "spent"


class Budget:
    """Calls of one meter held on lease."""

    __slots__ = (
        "asked", "asked_at", "available", "code", "code_in_flight", "dry_until", "given", "low", "name",
        "promised_until", "received", "reserved", "returned", "seen", "used", "used_at", "void",
    )  # fmt: skip

    def __init__(self, name: str, code: str, code_in_flight: str) -> None:
        self.name = name
        self.code = code
        self.code_in_flight = code_in_flight
        self.available = 0
        self.reserved = 0
        self.void = 0
        self.asked = 0
        self.asked_at = 0
        self.low = FIRST_ASK // 4
        self.dry_until = 0
        self.promised_until = 0
        self.used_at = 0
        self.used = self.seen = 0
        self.received = self.given = self.returned = 0

    @property
    def taken(self) -> int:
        """How often one was taken, also of those that were put back."""
        return self.received - self.given - self.available + self.returned

    def ask(self, now: int, fastest: int) -> int:
        """How many to ask for, by how fast they went since the last time."""
        used = self.taken
        speed = min(max(0, used - self.used) / max(1, now - self.asked_at), fastest / SECOND)
        self.low = max(FIRST_ASK // 4, int(speed * _AHEAD_NS))
        self.asked = min(MOST_ASKED, max(FIRST_ASK, int(speed * _BLOCK_NS)))
        self.asked_at, self.used = now, used
        return self.asked

    def idle(self, now: int) -> bool:
        """Whether none was used for a while; looked at several times a second."""
        used = self.taken
        if used != self.seen:
            self.seen, self.used_at = used, now
        return now - self.used_at > IDLE_NS

    def receive(self, calls: int) -> None:
        self.available += calls
        self.received += calls

    def give_all(self) -> int:
        given, self.available = self.available, 0
        self.given += given
        return given

    @property
    def spent(self) -> bool:
        return self.dry_until > 0 and not self.available

    @property
    def refusal(self) -> str:
        return self.code_in_flight if self.reserved else self.code


class Allowance:
    """The running limits of one entitlement in this process; they outlive any change of the snapshot."""

    __slots__ = (
        "_first", "_interval", "_room", "_second", "_shared", "_slot", "_tat", "burst", "concurrency", "entitlement_id",
        "funded", "hungry", "needs_funding", "needs_quota", "quota", "quota_ends", "quota_until", "rate", "refusal",
        "trial", "under_way", "waiting",
    )  # fmt: skip

    def __init__(self, entitlement_id: str, shared: SharedLimits | None = None) -> None:
        self.entitlement_id = entitlement_id
        self._shared = shared
        self._slot = -1
        self._tat = 0
        self.hungry = False
        self.under_way = 0
        self.refusal = ""
        self.quota = Budget("quota", "quota_exhausted", "quota_in_flight")
        self.funded = Budget("funded", "balance_insufficient", "balance_in_flight")
        self.trial = Budget("trial", "trial_exhausted", "trial_exhausted")
        self.quota_until: float | None = None
        self.quota_ends = _NEVER
        self.waiting: deque[Callable[[], None]] = deque()
        self.configure({}, funding=False)

    def configure(self, limits: Mapping[str, Any], *, funding: bool) -> None:
        """Take over the limits that are in force now."""
        self.rate = int(limits.get("rate_per_second") or 50)
        self.burst = int(limits.get("burst") or self.rate)
        self.concurrency = int(limits.get("concurrency") or 20)
        self.needs_quota = limits.get("quota") is not None or limits.get("count") is not None
        self.needs_funding = funding
        needed = [self.quota] if self.needs_quota else []
        needed += [self.funded] if funding else []
        self._first: Budget | None
        self._second: Budget | None
        self._first, self._second = (*needed, None, None)[:2]
        self._interval = -(-SECOND // self.rate)
        self._room = self.burst * self._interval

    def reserve(self, now: int, live: bool) -> Verdict | None:
        """Take one call of everything that it needs (then None), or nothing and say why not.

        ``now`` is the monotonic clock in nanoseconds.
        """
        if now >= self.quota_ends:
            self._lapse()
        first, second = (self._first, self._second) if live else (self.trial, None)
        if first is not None and first.available <= 0:
            return self._empty(first, now)
        if second is not None and second.available <= 0:
            return self._empty(second, now)
        if self._shared is not None:
            verdict = self._shared_limits(self._shared, now)
            if verdict is not None:
                return verdict
        else:
            tat = self._tat
            tat = (tat if tat > now else now) + self._interval  # noqa: FURB136  (four times as fast as max)
            if tat - now > self._room:
                return Verdict.RATE
            if self.under_way >= self.concurrency:
                return Verdict.CONCURRENCY
            self._tat = tat
        self.under_way += 1
        if first is not None:
            self._take(first)
            if second is not None:
                self._take(second)
        return None

    def _empty(self, budget: Budget, now: int) -> Verdict:
        if now < budget.dry_until:
            self.refusal = budget.refusal
            return Verdict.SPENT
        return Verdict.WAIT

    def _take(self, budget: Budget) -> None:
        budget.reserved += 1
        left = budget.available = budget.available - 1
        if left <= budget.low and not budget.asked:
            self.hungry = True

    def _shared_limits(self, shared: SharedLimits, now: int) -> Verdict | None:
        if self._slot < 0:
            self._slot = shared.slot(self.entitlement_id)
        at = self._slot
        shared.lock(at)
        try:
            tat = min(shared.tat(at), now + self._room)  # a reboot sets the clock back
            self._tat = tat
            tat = max(tat, now) + self._interval
            if tat - now > self._room:
                return Verdict.RATE
            if shared.under_way(at) >= self.concurrency:
                return Verdict.CONCURRENCY
            self._tat = tat
            shared.set_tat(at, tat)
            shared.set_own(at, self.under_way + 1)
            return None
        finally:
            shared.unlock(at)

    def settle(self, live: bool, recorded: bool, billed: bool) -> None:
        """The call ended. What was not recorded used nothing; what is not billed gives its money back."""
        self.under_way -= 1
        if self._shared is not None:
            self._shared.set_own(self._slot, self.under_way)
        if not live:
            self._put_back(self.trial, not recorded)
            return
        if self.quota.reserved:
            self._put_back(self.quota, not recorded)
        funded = self.funded
        if funded.reserved:
            if billed:
                funded.reserved -= 1
            else:
                self._put_back(funded, True)

    def _put_back(self, budget: Budget, unused: bool) -> None:
        budget.reserved -= 1
        if unused and budget.void:
            budget.void -= 1
        elif unused:
            budget.available += 1
            budget.returned += 1
            budget.dry_until = 0
            if self.waiting:
                self.wake()

    @property
    def spent(self) -> bool:
        """Whether the last lease said that there is no more of something that live calls need."""
        return (self.needs_quota and self.quota.spent) or (self.needs_funding and self.funded.spent)

    def left(self, now: int) -> tuple[int, int]:
        """Calls that the rate would admit at once, and seconds until the whole burst is there again."""
        ahead = self._tat - now
        if ahead <= 0:
            return self.burst, 0
        return (self._room - ahead) // self._interval, -(-ahead // SECOND)

    def next_after_s(self, now: int) -> int:
        """Seconds to wait after a refusal for the rate."""
        short = self._tat + self._interval - now - self._room
        return max(1, -(-short // SECOND))

    def want(self, now: int, live: bool) -> dict[str, int]:
        """What to ask for now, often nothing: a quarter of a second's calls when less than a tenth's is left."""
        asks: dict[str, int] = {}
        self.hungry = False
        for budget in self._needed(live):
            waits = now < budget.dry_until or now < budget.promised_until
            if not budget.asked and not waits and budget.available <= budget.low:
                asks[budget.name] = budget.ask(now, self.rate)
        return asks

    def _needed(self, live: bool) -> list[Budget]:
        if not live:
            return [self.trial]
        needed = [self.quota] if self.needs_quota else []
        return [*needed, self.funded] if self.needs_funding else needed

    def lease(self, now: int, granted: Mapping[str, Any], unix_ns: int = 0) -> None:
        """What the sidecar granted of what was asked for; less than that means that there is no more for a while.

        ``unix_ns`` is what the clock of the exchange is ahead of the monotonic one.
        With ``more`` it is a promise: a share was left to other processes, or they are asked to give back theirs.
        An answer speaks of the meters that it was asked for; another question may still be under way.
        """
        answered = granted.get("asked")
        self._enter_window(granted.get("until"), unix_ns)
        for budget in (self.quota, self.funded, self.trial):
            got = int(granted.get(budget.name) or 0)
            budget.receive(got)
            if answered is not None and budget.name not in answered:
                continue
            if got < budget.asked and granted.get("more"):
                budget.promised_until, budget.dry_until = now + DRY_NS, 0
            elif got < budget.asked:
                budget.dry_until = now + DRY_NS
            elif got:
                budget.dry_until = 0
            if got:
                budget.promised_until = 0
            budget.asked = 0
        self.wake()

    def _enter_window(self, until: float | None, unix_ns: int) -> None:
        """What is left of the quota's window before this one is void, also when nobody saw its end."""
        if until is not None:
            if self.quota_until is not None and until != self.quota_until:
                self._lapse()
            self.quota_until = until
            self.set_clock(unix_ns)

    def set_clock(self, unix_ns: int) -> None:
        """The clock of the exchange is so far ahead of the monotonic one: it says when the quota's window ends."""
        if self.quota_until is not None:
            self.quota_ends = int(self.quota_until * 1e9) - unix_ns

    def _lapse(self) -> None:
        """The quota's window has ended: what is left of it is void, also what calls under way turn out not to use."""
        quota = self.quota
        quota.available, quota.dry_until, quota.void = 0, 0, quota.reserved
        self.quota_until, self.quota_ends = None, _NEVER

    def promised(self, now: int) -> bool:
        """Whether more may come any moment from other processes."""
        return any(now < budget.promised_until for budget in (self.quota, self.funded, self.trial))

    def given_up(self, now: int) -> str:
        """What was promised did not come: the code to refuse with, for a while without waiting."""
        for budget in (self.quota, self.funded, self.trial):
            if budget.promised_until and not budget.available:
                budget.promised_until, budget.dry_until = 0, now + DRY_NS
                return budget.code_in_flight
        return "gateway_stale"

    def given(self) -> dict[str, int]:
        """All that was ever given back, by meter: said again, it counts once."""
        return {each.name: each.given for each in (self.quota, self.funded, self.trial)}

    def totals(self) -> dict[str, tuple[int, int]]:
        """All that was ever received and given back, by meter: what the sidecar makes lost messages good by."""
        return {each.name: (each.received, each.given) for each in (self.quota, self.funded, self.trial)}

    def unanswered(self) -> None:
        """Whoever was asked is gone, or nobody was there: ask again."""
        for budget in (self.quota, self.funded, self.trial):
            budget.asked = 0
        self.wake()

    def give_back(self, now: int, *, all_of_it: bool) -> dict[str, int]:
        """Leased calls that are not needed: all, or only those of meters that were idle."""
        given = {}
        for budget in (self.quota, self.funded, self.trial):
            if (budget.idle(now) or all_of_it) and budget.available:
                given[budget.name] = budget.give_all()
        return given

    @property
    def has_leased(self) -> bool:
        """Whether anything was ever received: then the sidecar may want to know how much."""
        return any(budget.received for budget in (self.quota, self.funded, self.trial))

    @property
    def holds(self) -> bool:
        """Whether leased calls are left, or are reserved and may come back."""
        return any(budget.available or budget.reserved for budget in (self.quota, self.funded, self.trial))

    def wake(self) -> None:
        """Let those try again who waited for a lease."""
        waiting, self.waiting = self.waiting, deque()
        for resume in waiting:
            resume()

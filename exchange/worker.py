"""The worker role: the outbox's relay, the audit sequencer and signer, deadlines, and short jobs.

Short units with pauses between them: people at the pages never wait for this process.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from types import FrameType

from billing.dunning import service as dunning
from billing.payments import following, reconciling
from billing.payouts import accounts as payees
from billing.payouts import runs
from billing.periods import queries as closing
from billing.periods import service as periods
from billing.processor import importing
from billing.processor import queries as processors
from billing.processor import service as processor
from billing.settlement import service as settlement
from catalog.demands import service as demands
from catalog.files import service as files
from catalog.listings.oversight import service as reviewing
from catalog.search import service as search
from catalog.search.asked import service as asked
from catalog.search.saved import service as saved
from compliance.audit import checkpoints, publishing, sequencer, stamps, witnesses
from compliance.audit import queries as audit_log
from compliance.exports import proof
from compliance.identity import invitations, resets, signers
from compliance.identity import service as identity
from compliance.oauth import service as oauth
from compliance.policy import versions
from compliance.requests import service as requests
from core import idempotency, jobs, outbox
from core.db import Uow
from core.house import House
from core.settings import Settings
from core.written import Written
from exchange import logs
from exchange.app import build_house
from exchange.backup.stamp import last_backup
from exchange.gateway import tries
from exchange.installation import require_current
from exchange.metrics.families import Family, counter, gauge
from exchange.metrics.files import Writer
from exchange.notices import digests, reminders
from exchange.notices import service as notices
from exchange.orphan import when_orphaned
from exchange.oversight import service as oversight
from exchange.trading import funded, subscriptions
from exchange.trading import service as trading
from exchange.webhooks import sending as webhooks
from exchange.webhooks import service as webhook_service

log = logging.getLogger("piaohao.worker")

_LONGEST_PAUSE_S = 30.0
_CALM_S = 5.0
"""So late at most is what time alone decides, while nobody writes to the database."""
_LOG_KEPT = timedelta(days=30)
"""So long an endpoint's log shows what was sent to it."""


@dataclass
class Chore:
    """Something done again and again; ``act`` answers whether there may be more to do at once."""

    name: str
    act: Callable[[House], bool]
    every_s: float
    due_at: float = 0.0
    failures: int = 0
    turns: int = 0
    failed: int = 0
    seconds: float = 0.0
    seen: object = None
    calm_until: float = 0.0

    def attend(self, house: House, mark: object = None) -> bool:
        """Do it when it is due; with the same ``mark`` of what was written as the last time, less often.

        A failure is logged, and waited after, longer each time.
        """
        began = time.monotonic()
        if began < self.due_at or (mark is not None and mark == self.seen and began < self.calm_until):
            return False
        self.seen = None
        self.turns += 1
        try:
            more = self.act(house)
        except Exception:  # one chore's failure must not stop the others
            self.failures += 1
            self.failed += 1
            pause = min(_LONGEST_PAUSE_S, self.every_s * 2**self.failures)
            log.exception("%s failed, again in %.1f s", self.name, pause)
            self.due_at = time.monotonic() + pause
            return False
        finally:
            self.seconds += time.monotonic() - began
        self.failures = 0
        self.seen, self.calm_until = None if more else mark, time.monotonic() + _CALM_S
        self.due_at = time.monotonic() + (0.0 if more else self.every_s)
        return more


def chores() -> list[Chore]:
    """What the steady loop attends to, in order."""
    return [
        Chore("policy", lambda house: bool(house.db.read(versions.refresh)), 1.0),
        Chore("relay", lambda house: outbox.relay(house, 20) > 0, 0.1),
        Chore("sequencer", lambda house: bool(sequencer.run(keeping_the_log(house))), 0.1),
        Chore("signer", lambda house: bool(checkpoints.sign(keeping_the_log(house))) and False, 1.0),
        Chore("periods", lambda house: periods.tend(house) > 0, 5.0),
        Chore("subscriptions", lambda house: subscriptions.tend(house) > 0, 5.0),
        Chore("unpaid invoices", lambda house: dunning.tend(house) > 0, 60.0),
        Chore("payables", lambda house: settlement.release_due(house) > 0, 5.0),
        Chore("settlement runs", lambda house: runs.look_after(house) > 0, 1.0),
        Chore("deadlines", lambda house: bool(trading.tick(house)), 1.0),
        Chore("funded orders", lambda house: funded.pay_funded(house) > 0, 0.5),
        Chore("qualifications", lambda house: bool(trading.follow_qualifications(house)) and False, 10.0),
        Chore("requests", lambda house: requests.tick(house) > 0, 60.0),
        Chore("exports", lambda house: proof.keep_counts(house) > 0, 60.0),
        Chore("reminders", lambda house: bool(reminders.remind(house)) and False, 60.0),
        Chore("letters", lambda house: bool(digests.send_due(house)) and False, 600.0),
        Chore("credentials", lambda house: bool(oauth.tick(house)) and False, 60.0),
        Chore("reviews", lambda house: reviewing.tend(house) > 0, 60.0),
        Chore("demands", lambda house: demands.tend(house) > 0, 60.0),
        Chore("saved searches", lambda house: bool(saved.tend(house)) and False, 60.0),
        Chore("oversight", lambda house: bool(oversight.tend(house)) and False, 120.0),
        Chore("abroad", lambda house: bool(oversight.tend_abroad(house)) and False, 3600.0),
        Chore("forgetting", lambda house: house.db.write(_forget) > 0, 86_400.0),
        Chore("links", lambda house: tries.forget(house.settings.data, house.clock.now().timestamp()) > 0, 3600.0),
        Chore("left-overs", lambda house: bool(files.sweep(house)) and False, 3600.0),
    ]


def keeping_the_log(house: House) -> House:
    """The same exchange by the login that may give entries their place, when it is another one."""
    return _log_keeper(house.settings) if house.settings.log_database_url else house


@cache
def _log_keeper(settings: Settings) -> House:
    return build_house(replace(settings, database_url=settings.log_database_url))


def index_chores() -> list[Chore]:
    """The search index, which may lie on another machine: nothing else waits for that one."""
    return [
        Chore("index", lambda house: search.catch_up(house) > 0, 0.2),
        Chore("index that stands", search.ensure, 10.0),
    ]


def remote_chores() -> list[Chore]:
    """What waits for the payment processor: it may be slow, and nothing else waits with it."""
    return [
        Chore("attempts", lambda house: processor.resume(house) > 0, 0.5),
        Chore("payments", lambda house: following.look_after(house) > 0, 5.0),
        Chore("suppliers' accounts", lambda house: payees.look_after(house) > 0, 60.0),
        Chore("processor's books", _read_books, 300.0),
    ]


def outside_chores() -> list[Chore]:
    """Telling the outside how far the audit log has come: places, witnesses and authorities may be slow."""
    return [
        Chore("witnesses", lambda house: bool(witnesses.ask(house)) and False, 5.0),
        Chore("publication", lambda house: bool(publishing.publish_everywhere(house)) and False, 5.0),
        Chore("time stamps", lambda house: stamps.tend(house) and False, 60.0),
    ]


def _read_books(house: House) -> bool:
    if processors.standing(house).available and importing.read_books(house):
        reconciling.reconcile(house)
    return False


def _forget(uow: Uow) -> int:
    """Rows that mean nothing any more: answers of repeated requests, failures to sign in, old links and notices."""
    links = invitations.forget_expired(uow) + resets.forget_expired(uow)
    return idempotency.forget(uow) + identity.forget_failures(uow) + links + _forget_told(uow)


def _forget_told(uow: Uow) -> int:
    """Notices shown no longer, messages sent long ago, refusals that nobody counts, names that need not be kept."""
    told = notices.forget_old(uow) + webhook_service.forget_old(uow, uow.now() - _LOG_KEPT)
    return told + oversight.forget_old(uow) + signers.forget_due(uow) + asked.forget_old(uow)


def _attend_all(house: House, attended: list[Chore], mark: object = None) -> bool:
    """Give every chore its turn; whether one of them may have more to do."""
    return sum(chore.attend(house, mark) for chore in attended) > 0


def attend_once(house: House) -> None:
    """Everything that is due, until nothing is left: for tests and for commands that must see the outcome."""
    waiting = [*chores(), *index_chores(), *remote_chores(), *outside_chores()]
    while _attend_all(house, waiting) or jobs.run_one(house) or webhooks.send_due(house):
        for chore in waiting:
            chore.due_at = 0.0


def loop(house: House, written: Written, stop: threading.Event, attended: list[Chore], idle_s: float) -> None:
    """Attend to the chores until ``stop``; a breath between units lets others write."""
    while not stop.is_set():
        busy = _attend_all(house, attended, written.mark())
        stop.wait(0.002 if busy else idle_s)


def run(settings: Settings) -> None:
    """Work until SIGTERM, or until the supervisor is gone."""
    logs.configure("worker")
    house = build_house(settings)
    require_current(house.db)
    stop, written = told_to_stop(), Written(house.db)
    steady, short = chores(), [Chore("jobs", lambda house: jobs.run_one(house, jobs.Lane.SHORT), 0.2)]
    indexing = index_chores()
    calling = [Chore("webhooks", lambda house: webhooks.send_due(house) > 0, 0.5)]
    paying, telling = remote_chores(), outside_chores()
    figures = Writer(
        settings.data, "worker", lambda: _families(house, [*steady, *indexing, *short, *calling, *paying, *telling])
    )
    running = [
        threading.Thread(target=loop, args=(house, written, stop, steady, 0.05), name="steady"),
        threading.Thread(target=loop, args=(house, written, stop, indexing, 0.05), name="indexing"),
        threading.Thread(target=loop, args=(house, written, stop, short, 0.1), name="jobs"),
        threading.Thread(target=loop, args=(house, written, stop, calling, 0.2), name="webhooks"),
        threading.Thread(target=loop, args=(house, written, stop, paying, 0.2), name="payments"),
        threading.Thread(target=loop, args=(house, written, stop, telling, 0.2), name="outside"),
        threading.Thread(target=figures.run, args=(stop,), name="figures"),
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    log.info("worker stopped")


def told_to_stop() -> threading.Event:
    """Set on SIGTERM, and when the supervisor is gone."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    when_orphaned(stop.set)
    return stop


def _families(house: House, attended: list[Chore]) -> list[Family]:
    return [
        *figures_of(attended),
        gauge("piaohao_closes_failing", "Meters whose month cannot be closed", len(house.db.read(closing.failing))),
        *house.db.read(_of_the_outbox),
        gauge("piaohao_backup_finished_seconds", "When a backup was finished last, since 1970", last_backup(house)),
    ]


def _of_the_outbox(uow: Uow) -> list[Family]:
    oldest = outbox.oldest_waiting(uow)
    age = max(0.0, (uow.now() - oldest).total_seconds()) if oldest else 0.0
    return [
        gauge("piaohao_outbox_waiting", "Rows of the outbox that are not carried out", outbox.waiting(uow)),
        gauge("piaohao_outbox_oldest_age_seconds", "How long the oldest of them has waited", age),
        gauge("piaohao_outbox_undelivered", "Rows that nobody tries any more", outbox.dead_count(uow)),
        gauge("piaohao_jobs_waiting", "Jobs that are queued or run", jobs.waiting(uow)),
        gauge(
            "piaohao_audit_unsigned_entries",
            "Entries of the audit log that no checkpoint covers",
            audit_log.unsigned(uow),
        ),
    ]


def figures_of(attended: list[Chore]) -> list[Family]:
    """How often chores had their turn, how often they failed, how long they took."""

    def by_chore(value: Callable[[Chore], float]) -> dict[str, float]:
        return {chore.name: value(chore) for chore in attended}

    return [
        counter("piaohao_worker_turns", "Turns of each chore", by_chore(lambda c: c.turns), "chore"),
        counter("piaohao_worker_failures", "Turns that failed", by_chore(lambda c: c.failed), "chore"),
        counter("piaohao_worker_seconds", "Time spent on each chore", by_chore(lambda c: c.seconds), "chore"),
    ]

"""What a test does in place of customers, banks, suppliers, networks and time: ``POST /control/<name>``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.stripe import accounts, balance, disputes, intents, payouts, refunds, sessions, setup_intents
from tests.stripe.api import Api
from tests.stripe.call import Call
from tests.stripe.faults import Fault, Faults
from tests.stripe.lists import whole
from tests.stripe.store import PLATFORM, Store
from tests.stripe.webhooks import PLAIN, Postman

_WHEN_DUE: dict[str, Callable[[Call, str], None]] = {
    "checkout.session": sessions.when_due,
    "dispute": disputes.when_due,
    "payout": payouts.when_due,
    "refund": refunds.when_due,
}


class Controls:
    """Its public functions are the names. Each takes and answers what JSON can say."""

    def __init__(self, store: Store, faults: Faults, postman: Postman, api: Api, base_url: str) -> None:
        self._store, self._faults, self._postman, self._api, self._base_url = store, faults, postman, api, base_url

    def _on(self, account: str = PLATFORM) -> Call:
        return Call(self._store, account, {}, self._base_url)

    def tick(self) -> None:
        """What has fallen due by the test clock comes about."""
        if not self._store.execute("SELECT 1 FROM timers WHERE due <= ? LIMIT 1", self._store.now()):
            return
        with self._store.unit():
            for kind, identity in self._store.take_due():
                _WHEN_DUE[kind](self._on(self._store.account_of(identity)), identity)
        self._postman.wake()

    # Customers

    def pay(self, intent: str) -> Any:
        """Of a PaymentIntent or SetupIntent that waits for its customer."""
        return self._settle(intent, True)

    def fail(self, intent: str) -> Any:
        return self._settle(intent, False)

    def _settle(self, intent: str, paid: bool) -> Any:
        settle = setup_intents.settle if intent.startswith("seti_") else intents.settle
        with self._store.unit():
            return whole(settle(self._on(self._store.account_of(intent)), intent, paid=paid))

    def pay_session(self, session: str, method: str = "card") -> Any:
        """``method`` is card, alipay, wechat_pay, or a test token of a card. Raises Refused when it is declined."""
        return self._attempt(session, method, True)

    def fail_session(self, session: str, method: str = "alipay") -> Any:
        return self._attempt(session, method, False)

    def _attempt(self, session: str, method: str, paid: bool) -> Any:
        with self._store.unit():
            return whole(sessions.attempt(self._on(self._store.account_of(session)), session, method, paid=paid))

    # Banks

    def dispute(self, charge: str, amount: int | None = None, reason: str = "fraudulent") -> Any:
        with self._store.unit():
            call = self._on(self._store.account_of(charge))
            return whole(disputes.opened(call, self._store.get("charge", charge, None), amount, reason))

    def decide(self, dispute: str, won: bool) -> Any:
        with self._store.unit():
            call = self._on(self._store.account_of(dispute))
            return whole(disputes.decided(call, self._store.get("dispute", dispute, None), won=won))

    def conclude_refund(self, refund: str, failed: bool = False) -> Any:
        with self._store.unit():
            return whole(refunds.concluded(self._on(self._store.account_of(refund)), refund, failed=failed))

    def fail_payout(self, payout: str, code: str = "account_closed") -> Any:
        with self._store.unit():
            return whole(payouts.failed(self._on(self._store.account_of(payout)), payout, code))

    def sweep(self, account: str, currency: str) -> Any:
        """An automatic payout of all that is available."""
        with self._store.unit():
            return whole(payouts.swept(self._on(account), currency))

    def fund(self, amount: int, currency: str, account: str = PLATFORM) -> Any:
        """Money comes onto the available balance from outside."""
        with self._store.unit():
            call = self._on(account)
            return whole(balance.post(call, "topup", self._store.new_id("tu"), amount, currency))

    # Suppliers

    def onboard(self, account: str, complete: bool = True) -> Any:
        with self._store.unit():
            return whole(accounts.onboarded(self._on(), account, complete=complete))

    def restrict(self, account: str, reason: str = "requirements.past_due") -> Any:
        with self._store.unit():
            return whole(accounts.restricted(self._on(), account, reason=reason))

    # Webhooks

    def notify(self, url: str, secret: str | None = None) -> None:
        self._store.set("notify", url)
        if secret is not None:
            self._store.set("secret", secret)

    def trouble(self, **troubles: Any) -> Any:
        """Any of hold, drop, duplicate, delay, reorder and types; what is not named is as it was."""
        unknown = troubles.keys() - PLAIN.keys()
        if unknown:
            raise ValueError(f"no such trouble: {', '.join(sorted(unknown))}")
        with self._store.unit():
            self._postman.sort()
            now = PLAIN | self._store.setting("troubles", {}) | troubles
            self._store.set("troubles", now)
        return now

    def release(self, backwards: bool = False) -> int:
        return self._postman.release(backwards=backwards)

    def flush(self) -> int:
        return self._postman.flush()

    def send(self, event: str, times: int = 1) -> list[int]:
        return [self._postman.send(event) for _ in range(times)]

    def forge(self, body: Any, secret: str | None = None, header: str | None = None, age_s: int = 0) -> Any:
        """Any body (text as it stands), signed with any secret, with any header, as of any age."""
        raw = body if isinstance(body, str) else json.dumps(body)
        return self._postman.post(raw.encode(), secret=secret, header=header, age_s=age_s)

    def events(self, kind: str = "*") -> Any:
        """Oldest first, of all accounts."""
        return [whole(event) for event in reversed(self._store.find("event", None)) if kind in ("*", event["type"])]

    def deliveries(self) -> Any:
        rows = self._store.execute("SELECT event, state, attempts, status FROM deliveries ORDER BY seq")
        return [dict(zip(("event", "state", "attempts", "status"), row, strict=True)) for row in rows]

    # The network, and time

    def fault(self, **fault: Any) -> None:
        self._faults.add(Fault(**fault))

    def running(self) -> list[str]:
        return self._api.running()

    def clear_faults(self) -> int:
        return self._faults.clear()

    def down(self, seconds: float = 3600.0) -> None:
        self._faults.go_down(seconds)

    def up(self) -> int:
        return self._faults.clear()

    def advance(self, seconds: int) -> int:
        """Answers the time it then is."""
        if seconds < 0:
            raise ValueError("time does not go back")
        stopped = self._store.setting("stopped")
        if stopped is not None:
            self._store.set("stopped", stopped + seconds)
        else:
            self._store.set("offset", self._store.setting("offset", 0) + seconds)
        self.tick()
        return self._store.now()

    def set_clock(self, at: int, stopped: bool = True) -> int:
        self._store.set("stopped", at if stopped else None)
        self._store.set("offset", 0 if stopped else at - int(time.time()))
        self.tick()
        return self._store.now()

    def now(self) -> int:
        return self._store.now()

    # What was done

    def totals(self) -> Any:
        """Account → currency → [available, pending]. Money put in less money paid out, less fees."""
        found = self._store.execute("SELECT DISTINCT account FROM objects WHERE kind = 'balance_transaction'")
        return {account: balance.sums(self._on(account)) for (account,) in found}

    def objects(self, kind: str, account: str | None = None) -> Any:
        """All of a kind, oldest first, of all accounts or of one."""
        return [whole(each) for each in reversed(self._store.find(kind, account))]

    def reset(self) -> None:
        """Everything is forgotten but where webhooks go."""
        target, secret = self._store.setting("notify", ""), self._store.setting("secret", "")
        self._faults.clear()
        self._store.clear()
        self.notify(target, secret)

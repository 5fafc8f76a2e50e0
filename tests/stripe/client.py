"""The control client: what tests call in place of customers, banks, suppliers, networks and time."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any


class ControlRefused(Exception):
    """Said by the fake: what was asked of it cannot be done."""


class Control:
    """Each function is one of ``tests.stripe.control.Controls``, and answers what that answers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _do(self, name: str, **given: Any) -> Any:
        request = urllib.request.Request(f"{self.url}/control/{name}", json.dumps(given).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ControlRefused(json.loads(error.read())["error"]["message"]) from error

    def pay(self, intent: str) -> Any:
        """The customer of a PaymentIntent or SetupIntent in ``requires_action`` says yes."""
        return self._do("pay", intent=intent)

    def fail(self, intent: str) -> Any:
        return self._do("fail", intent=intent)

    def pay_session(self, session: str, method: str = "card") -> Any:
        """``method``: card, alipay, wechat_pay or a test token of a card; a decline raises ControlRefused."""
        return self._do("pay_session", session=session, method=method)

    def fail_session(self, session: str, method: str = "alipay") -> Any:
        return self._do("fail_session", session=session, method=method)

    def dispute(self, charge: str, amount: int | None = None, reason: str = "fraudulent") -> Any:
        return self._do("dispute", charge=charge, amount=amount, reason=reason)

    def decide(self, dispute: str, *, won: bool) -> Any:
        return self._do("decide", dispute=dispute, won=won)

    def conclude_refund(self, refund: str, *, failed: bool = False) -> Any:
        """A pending refund succeeds or fails; one that had succeeded fails after all."""
        return self._do("conclude_refund", refund=refund, failed=failed)

    def fail_payout(self, payout: str, code: str = "account_closed") -> Any:
        return self._do("fail_payout", payout=payout, code=code)

    def sweep(self, account: str, currency: str) -> Any:
        """An automatic payout of all that is available (``account`` "" is the platform)."""
        return self._do("sweep", account=account, currency=currency)

    def fund(self, amount: int, currency: str, account: str = "") -> Any:
        """Available at once, as by a top-up of the Stripe balance."""
        return self._do("fund", amount=amount, currency=currency, account=account)

    def onboard(self, account: str, *, complete: bool = True) -> Any:
        return self._do("onboard", account=account, complete=complete)

    def restrict(self, account: str, reason: str = "requirements.past_due") -> Any:
        return self._do("restrict", account=account, reason=reason)

    def notify(self, url: str, secret: str | None = None) -> None:
        """Where webhooks go from now on; "" is nowhere."""
        self._do("notify", url=url, secret=secret)

    def trouble(self, **troubles: Any) -> Any:
        """hold=True; drop=n; duplicate=n; reorder=n; delay=seconds; types="charge.*": which of them it concerns."""
        return self._do("trouble", **troubles)

    def release(self, *, backwards: bool = False) -> int:
        """What is held goes out."""
        return int(self._do("release", backwards=backwards))

    def flush(self) -> int:
        """Everything that waits and is not held is tried once before this answers how many."""
        return int(self._do("flush"))

    def send(self, event: str, times: int = 1) -> list[int]:
        """One event now, whatever became of it before; answers the statuses."""
        return list(self._do("send", event=event, times=times))

    def forge(self, body: Any, *, secret: str | None = None, header: str | None = None, age_s: int = 0) -> Any:
        """[status, text] that an invented body gets: text as it stands, else JSON; signed with another secret, with
        another header ("" for none), or too old."""
        return self._do("forge", body=body, secret=secret, header=header, age_s=age_s)

    def events(self, kind: str = "*") -> list[dict[str, Any]]:
        return list(self._do("events", kind=kind))

    def deliveries(self) -> list[dict[str, Any]]:
        """event, state (new, held, ready, dropped, sent, given up), attempts, status of the last."""
        return list(self._do("deliveries"))

    def fault(self, kind: str, **more: Any) -> None:
        """kind: close, timeout (closed after ``seconds``), 500, 429, wait (takes ``seconds``, or until cleared).
        when="before"|"after" the effect, method="POST", path="/v1/refunds*", count=1, skip=0."""
        self._do("fault", kind=kind, **more)

    def running(self) -> list[str]:
        """The idempotency keys of requests under way."""
        return list(self._do("running"))

    def clear_faults(self) -> int:
        """Answers how many had not struck."""
        return int(self._do("clear_faults"))

    def down(self, seconds: float = 3600.0) -> None:
        """Every connection to /v1 is closed without an answer, in real seconds, or until ``up``."""
        self._do("down", seconds=seconds)

    def up(self) -> None:
        self._do("up")

    def advance(self, seconds: int) -> int:
        """The test clock: sessions expire, payouts arrive, balances become available, keys are forgotten."""
        return int(self._do("advance", seconds=seconds))

    def set_clock(self, at: int, *, stopped: bool = True) -> int:
        return int(self._do("set_clock", at=at, stopped=stopped))

    def now(self) -> int:
        return int(self._do("now"))

    def totals(self) -> dict[str, dict[str, list[int]]]:
        """Account ("" is the platform) → currency → [available, pending]."""
        return dict(self._do("totals"))

    def objects(self, kind: str, account: str | None = None) -> list[dict[str, Any]]:
        """All that exist of a kind, oldest first: what really happened, whatever the product believes."""
        return list(self._do("objects", kind=kind, account=account))

    def reset(self) -> None:
        """As freshly started; webhooks go where they went."""
        self._do("reset")

    def answers(self, within_s: float = 0.0) -> bool:
        """Whether it is there, now or before the time is up."""
        give_up_at = time.monotonic() + within_s
        while True:
            try:
                self.now()
            except OSError:
                if time.monotonic() >= give_up_at:
                    return False
                time.sleep(0.05)
            else:
                return True

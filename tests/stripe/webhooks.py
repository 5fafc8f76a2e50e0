"""Webhooks: signed as Stripe signs them, sent until they are taken, and troubled as a test asks for."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from tests.stripe.lists import whole
from tests.stripe.store import Store

_PATIENCE_S = 10.0
_MOST_ATTEMPTS = 1000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
PLAIN: dict[str, Any] = {"hold": False, "drop": 0, "duplicate": 0, "delay": 0.0, "reorder": 0, "types": "*"}


def signature(body: bytes, secret: str, at: int) -> str:
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class Postman:
    """One thread that sends. ``flush`` sends at once what is due, in the caller's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sending = threading.Lock()
        self._news = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop = True
        self._news.set()
        self._thread.join(_PATIENCE_S)

    def wake(self) -> None:
        self._news.set()

    def _run(self) -> None:
        while not self._stop:
            self._news.wait(0.1)
            self._news.clear()
            self.round(time.time())

    def flush(self) -> int:
        """Everything that is not held is tried once, also what waits for another try. Answers how many."""
        return self.round(float("inf"))

    def round(self, due_by: float) -> int:
        with self._sending:
            self.sort()
            if not self._store.setting("notify", ""):
                return 0
            found = self._store.execute(
                "SELECT seq, event, attempts FROM deliveries WHERE state = 'ready' AND due <= ? ORDER BY due, seq",
                due_by,
            )
            for seq, event, attempts in found:
                if self._stop:
                    break
                self._try(seq, event, attempts)
        return len(found)

    def sort(self) -> None:
        """What is new is held, dropped, delayed, doubled or sent, as the troubles say that are set."""
        with self._store.unit():
            troubles = PLAIN | self._store.setting("troubles", {})
            found = self._store.execute("SELECT seq, event FROM deliveries WHERE state = 'new' ORDER BY seq")
            for seq, event in found:
                self._place(seq, event, troubles)
            if found:
                self._store.set("troubles", troubles)

    def _place(self, seq: int, event: str, troubles: dict[str, Any]) -> None:
        due, state = time.time() + troubles["delay"], "ready"
        kind = (self._store.any(event) or {}).get("type", "")
        if troubles["types"] in ("*", kind) or (
            troubles["types"].endswith("*") and kind.startswith(troubles["types"][:-1])
        ):
            if troubles["drop"]:
                troubles["drop"] -= 1
                state = "dropped"
            elif troubles["hold"] or troubles["reorder"]:
                state = "held"
            elif troubles["duplicate"]:
                troubles["duplicate"] -= 1
                self._store.execute("INSERT INTO deliveries (event, state, due) VALUES (?, 'ready', ?)", event, due)
        self._mark(seq, state, due)
        if troubles["reorder"] and state == "held":
            self._turn_round(troubles)

    def _turn_round(self, troubles: dict[str, Any]) -> None:
        """When as many have gathered as are to be reordered, they go out last first."""
        held = self._store.execute("SELECT seq FROM deliveries WHERE state = 'held' ORDER BY seq DESC")
        if len(held) < troubles["reorder"]:
            return
        troubles["reorder"] = 0
        for place, (seq,) in enumerate(held):
            self._mark(seq, "ready", time.time() + place / 1e6)

    def release(self, *, backwards: bool = False) -> int:
        """What is held goes out."""
        with self._store.unit():
            self.sort()
            order = "DESC" if backwards else "ASC"
            held = self._store.execute(f"SELECT seq FROM deliveries WHERE state = 'held' ORDER BY seq {order}")
            for place, (seq,) in enumerate(held):
                self._mark(seq, "ready", time.time() + place / 1e6)
        self.wake()
        return len(held)

    def _mark(self, seq: int, state: str, due: float) -> None:
        self._store.execute("UPDATE deliveries SET state = ?, due = ? WHERE seq = ?", state, due, seq)

    def _try(self, seq: int, event: str, attempts: int) -> None:
        status = self.send(event)
        attempts += 1
        pause = min(_FIRST_PAUSE_S * 2**attempts, _LONGEST_PAUSE_S)
        taken = 200 <= status < 300
        state = "sent" if taken else "given up" if attempts >= _MOST_ATTEMPTS else "ready"
        with self._store.unit():
            self._store.execute(
                "UPDATE deliveries SET state = ?, attempts = ?, status = ?, due = ? WHERE seq = ?",
                state, attempts, status, time.time() + pause, seq,
            )  # fmt: skip
            body = self._store.any(event)
            if taken and body is not None:
                self._store.save(body | {"pending_webhooks": 0})

    def send(self, event: str) -> int:
        """One event, once, now, whatever has become of it before. Answers the status, 0 when there was no answer."""
        body = self._store.any(event)
        return 0 if body is None else self.post(json.dumps(whole(body), indent=2).encode())[0]

    def post(
        self, body: bytes, *, secret: str | None = None, header: str | None = None, age_s: int = 0
    ) -> tuple[int, str]:
        """Signed with the true secret and for now, unless told otherwise."""
        target, own = self._store.setting("notify", ""), self._store.setting("secret", "")
        if not target:
            return 0, ""
        at = max(int(time.time()), self._store.now()) - age_s
        signed = header if header is not None else signature(body, secret or own, at)
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0 (FAKE)"}
        request = urllib.request.Request(target, body, headers | ({"Stripe-Signature": signed} if signed else {}))
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
                return int(answer.status), answer.read(4000).decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read(4000).decode(errors="replace")
        except (OSError, ValueError):
            return 0, ""

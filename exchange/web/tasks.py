"""Tasks in words: what, why now, and the address where it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.speech import lazy_gettext as _l
from exchange.notices.types import Task


@dataclass(frozen=True)
class TaskText:
    title: str
    text: str
    button: str
    address: str
    icon: str
    urgency: str
    subject: Mapping[str, str] | None
    due_at: datetime | None


_TEXTS: dict[str, tuple[Any, Any, Any, str, str, str]] = {
    # code: title, text, button, address, icon, urgency
    "qualification:submit": (
        _l("Hand in your qualification"), _l("Until it is approved you can look around, but not trade."),
        _l("Hand in"), "/onboarding", "house", "wait",
    ),
    "qualification:mend": (
        _l("Mend your qualification"), _l("An officer returned it with a reason."), _l("Mend"), "/onboarding",
        "house", "stop",
    ),
    "qualification:wait": (
        _l("Your qualification is being checked"), _l("You will see the result here."), _l("See"), "/onboarding",
        "clock", "dim",
    ),
    "listing:finish": (
        _l("Finish the draft:"), _l("Only you can see it so far."), _l("Continue"), "/listings/{id}/edit",
        "file", "dim",
    ),
    "listing:mend": (
        _l("Mend and hand in again:"), _l("The review returned it."), _l("Mend"), "/listings/{id}/edit",
        "file", "stop",
    ),
    "order:pay": (
        _l("Pay:"), _l("Not paid in time, the order is cancelled; no money moves."), _l("Pay"), "/orders/{id}",
        "clock", "wait",
    ),
    "order:download": (
        _l("Download:"), _l("Paid and ready. Not answered in time, it counts as accepted."), _l("Download"),
        "/orders/{id}", "download", "wait",
    ),
    "order:accept": (
        _l("Accept:"), _l("Delivered in full. Not answered in time, it counts as accepted."), _l("Accept"),
        "/orders/{id}", "clock", "wait",
    ),
    "order:answer": (
        _l("Answer:"), _l("Not answered in time, the talks lapse."), _l("Answer"), "/orders/{id}", "clock", "wait",
    ),
    "order:meet": (
        _l("Do what the order needs:"), _l("A signature, an approval, or another person's word is missing."),
        _l("See"), "/orders/{id}", "clock", "wait",
    ),
    "order:approve": (
        _l("Approve an order:"), _l("Its tier asks for a compliance officer."), _l("See"), "/orders/{id}", "clock",
        "wait",
    ),
    "dispute:answer": (
        _l("Answer a dispute:"), _l("Not answered in time, an officer may rule without you."), _l("Answer"),
        "/orders/{id}/dispute", "clock", "stop",
    ),
    "dispute:rule": (
        _l("Rule a dispute:"), _l("Both sides were heard, or had their time."), _l("Rule"), "/orders/{id}/dispute",
        "file", "wait",
    ),
    "request:answer": (
        _l("A person in your data asks for:"), _l("Act, then say what you did or why not."), _l("Answer"),
        "/requests/{id}", "clock", "wait",
    ),
    "request:close": (
        _l("Answer a person:"), _l("The suppliers have answered, or let their time pass."), _l("Answer"),
        "/requests/{id}", "clock", "wait",
    ),
    "review:work": (
        _l("Review:"), _l("Judge the twelve items, then approve or return."), _l("Review"), "/review/{id}",
        "file", "wait",
    ),
    "review:confirm": (
        _l("Approve as the second person:"), _l("A reviewer has approved it; its tier asks for an officer too."),
        _l("Review"), "/review/{id}", "file", "wait",
    ),
    "claim:decide": (
        _l("Decide a claim:"), _l("A supplier says that an imported reference is its own."), _l("Decide"),
        "/claims/{id}", "reference", "wait",
    ),
    "alert:look": (
        _l("Look at an alert:"), _l("Something is unusual; read its figures, then say what came of it."), _l("Look"),
        "/oversight/alerts/{id}", "info", "stop",
    ),
    "qualification:decide": (
        _l("Check a qualification:"), _l("Compare the documents, then approve or return."), _l("Check"),
        "/qualifications", "house", "wait",
    ),
    "topup:confirm": (
        _l("Confirm a top-up"), _l("Recorded by another person; compare it with the bank."), _l("Confirm"), "/topups",
        "clock", "wait",
    ),
}  # fmt: skip


def texts(tasks: Sequence[Task]) -> list[TaskText]:
    """Each task as the desk shows it."""
    return [_text(task) for task in tasks]


def _text(task: Task) -> TaskText:
    title, text, button, address, icon, urgency = _TEXTS[task.code]
    said = f"{text} {task.note}".strip()
    return TaskText(
        str(title), said, str(button), address.format(id=task.subject_id), icon, urgency, task.subject, task.due_at
    )

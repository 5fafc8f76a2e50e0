"""What review refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class ReviewNotFound(NotFound):
    code, title = "review_not_found", "There is no such review"


class ReviewClosed(Conflict):
    code, title = "review_closed", "The review is closed"


class ItemUnknown(NotFound):
    code, title = "review_item_unknown", "The checklist has no such item"


class ItemMustApply(Invalid):
    code, title = "review_item_must_apply", "This item always applies"


class ItemsOpen(Conflict):
    code, title = "review_items_open", "Items of the checklist are open or failed"


class ApprovalsMissing(Conflict):
    code, title = "approvals_missing", "Approvals that the tier asks for are missing"


class ApprovalUnknown(NotFound):
    code, title = "approval_unknown", "The tier asks for no such approval"


class ReviewClaimed(Conflict):
    code, title = "review_claimed", "Somebody else is working on this review"

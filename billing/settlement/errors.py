"""What settlement refuses."""

from __future__ import annotations

from core.problems import Conflict, NotFound


class PayableNotFound(NotFound):
    code, title = "payable_not_found", "Nothing is owed for this order"


class PayableReleased(Conflict):
    """The supplier's share of an order paid at once is no longer on hold, so the charge cannot be taken back."""

    code, title = "payable_released", "The supplier's share was already released"


class PayableWithheld(Conflict):
    code, title = "payable_withheld", "Nothing of this is released while it is disputed or frozen"


class PayableReversed(Conflict):
    code, title = "payable_reversed", "The charge of this order was taken back"

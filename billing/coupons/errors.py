"""What coupons refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class CouponNotFound(NotFound):
    code, title = "coupon_not_found", "There is no such coupon"


class CouponInvalid(Invalid):
    code, title = "coupon_invalid", "This is not a coupon that can be given out"


class CouponCodeTaken(Conflict):
    code, title = "coupon_code_taken", "This code is taken"


class CouponUnknown(Invalid):
    code, title = "coupon_unknown", "There is no coupon of this code for what is ordered"


class CouponOutOfTime(Conflict):
    code, title = "coupon_out_of_time", "The coupon is not valid at this time"


class CouponUsedUp(Conflict):
    code, title = "coupon_used_up", "The coupon was used as often as it may be"


class CouponUsedBefore(Conflict):
    code, title = "coupon_used_before", "Your organisation has used this coupon"


class CouponNotFitting(Conflict):
    code, title = "coupon_not_fitting", "The coupon does not fit this order"

"""What a coupon takes off. Pure."""

from __future__ import annotations

from billing.coupons.types import CouponSnapshot, Discount
from core.money import WHOLE_BP, share


def discount_on(coupon: CouponSnapshot, net: int, commission_bp: int) -> Discount:
    """What it takes off a net amount: never more than there is, of the platform's own no more than its commission.

    A percentage is cut below the minor unit.
    """
    wanted = coupon.amount if coupon.percent_bp is None else net * coupon.percent_bp // WHOLE_BP
    most = net if coupon.supplier_id else share(net, commission_bp)[0]
    amount = min(wanted or 0, most)
    return Discount(coupon.code, amount, 0 if coupon.supplier_id else amount)

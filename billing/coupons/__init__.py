"""Coupons: a percentage or an amount off what an order costs, carried by the supplier or by the platform."""
